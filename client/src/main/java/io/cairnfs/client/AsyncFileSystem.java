package io.cairnfs.client;

import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * A {@link CairnFileSystem} whose calls return before the cluster has answered. Made by {@link
 * CairnFileSystem#async}, and closed with it. Safe for any number of threads. What a call does, and
 * which refusals there are, stands at the call of the same name there.
 *
 * <p><b>Threads.</b> Calls about names ({@link #stat}, {@link #find}, {@link #mkdir}, {@link
 * #mkdirs}, {@link #rename}, {@link #symlink}, {@link #link}, {@link #unlink}, {@link #rmdir},
 * {@link #delete} of a single one) and {@link #createWithContent} of little take no thread while
 * they wait, so that a thousand of them may be on their way; their futures complete on the client's
 * event loop, where nothing may block. All others, and those of {@link AsyncFile}, are made by a
 * few threads of the client, which complete their futures; what depends on them should not keep
 * such a thread for long.
 *
 * <p><b>Order.</b> Calls that are on their way at once take effect in any order. Who needs one
 * after the other begins the next when the future of the last one is complete ({@code
 * thenCompose}).
 *
 * <p><b>Errors.</b> A call never throws for the cluster's or the caller's sake: its future
 * completes exceptionally with a {@link io.cairnfs.common.error.CairnException} (which {@code get}
 * and {@code join} wrap as they do), with {@code BUSY} where too many calls wait in this client
 * already.
 *
 * <p><b>Cancelling</b> a future ends the waiting, and keeps a call from being made that still waits
 * for one of the client's threads. It does not take back what was sent: whether that takes effect
 * is not known then.
 */
public interface AsyncFileSystem {
  /** Bytes that this client has written and not flushed are not waited for. */
  CompletableFuture<FileStatus> stat(CairnPath path);

  /** {@link #stat}, with absence as a value. */
  CompletableFuture<Optional<FileStatus>> find(CairnPath path);

  CompletableFuture<List<FileStatus>> listAll(CairnPath path);

  CompletableFuture<FileStatus> mkdir(CairnPath path, int mode);

  CompletableFuture<FileStatus> mkdirs(CairnPath path, int mode);

  CompletableFuture<FileStatus> rename(CairnPath source, CairnPath target, RenameMode mode);

  CompletableFuture<FileStatus> symlink(byte[] target, CairnPath link);

  CompletableFuture<FileStatus> link(CairnPath existing, CairnPath link);

  CompletableFuture<Void> unlink(CairnPath path);

  CompletableFuture<Void> rmdir(CairnPath path);

  /** Completes with false when there was nothing of that name. */
  CompletableFuture<Boolean> delete(CairnPath path, DeleteMode mode);

  CompletableFuture<FileStatus> setAttributes(CairnPath path, AttributeChange change);

  CompletableFuture<FileStatus> truncate(CairnPath path, long length);

  /** The content must not be changed before the future completes. */
  CompletableFuture<FileStatus> createWithContent(
      CairnPath path, ByteBuffer content, CreateOptions options);

  CompletableFuture<byte[]> readFully(CairnPath path, int maxBytes);

  /** A file that is opened although its future was cancelled is closed again. */
  CompletableFuture<AsyncFile> openFile(CairnPath path, OpenOptions options);

  /** A stream that is opened although its future was cancelled is given up. */
  CompletableFuture<CairnOutputStream> create(CairnPath path, CreateOptions options);

  /** The calls of a file of the same file system that is open already. */
  AsyncFile file(CairnFile open);
}
