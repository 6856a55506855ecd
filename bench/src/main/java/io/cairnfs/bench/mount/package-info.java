/**
 * {@code bench mount}: the same workloads on any directories, through system calls and ordinary
 * programs; entry class {@link io.cairnfs.bench.mount.MountBench}. The system calls are made by
 * processes of their own ({@link io.cairnfs.bench.mount.FileWorker}). Knows nothing of Cairn but
 * how a cluster and a mount are started.
 */
package io.cairnfs.bench.mount;
