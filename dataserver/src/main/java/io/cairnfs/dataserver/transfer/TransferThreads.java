package io.cairnfs.dataserver.transfer;

import java.util.concurrent.Executor;

/**
 * Where the disk is waited for.
 *
 * @param appends appends and forces of streams, fences
 * @param reads reads, which must not wait behind forces
 * @param background whole replicas are verified, which takes long
 */
public record TransferThreads(Executor appends, Executor reads, Executor background) {}
