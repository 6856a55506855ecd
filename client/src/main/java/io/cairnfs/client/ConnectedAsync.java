package io.cairnfs.client;

import com.google.protobuf.ByteString;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Rename;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.Symlink;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.Attributes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/** The commands about names, which need no thread, and the calls that do. */
final class ConnectedAsync implements AsyncFileSystem {
  private final CairnFileSystem fileSystem;
  private final SessionSource sessions;
  private final int umask;
  private final BackgroundCalls background;

  ConnectedAsync(
      CairnFileSystem fileSystem, SessionSource sessions, int umask, BackgroundCalls background) {
    this.fileSystem = fileSystem;
    this.sessions = sessions;
    this.umask = umask;
    this.background = background;
  }

  /** A command, or why there is none. */
  private interface Command {
    Operation.Builder make() throws CairnException;
  }

  private CompletableFuture<OperationResult> mutate(Command command) {
    try {
      return sessions.mutate(command.make().build());
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  private CompletableFuture<FileStatus> mutate(
      CairnPath path, Function<OperationResult, Attributes> attributes, Command command) {
    return mutate(command).thenCompose(result -> status(path, attributes.apply(result)));
  }

  static CompletableFuture<FileStatus> status(CairnPath path, Attributes attributes) {
    try {
      return CompletableFuture.completedFuture(Conversions.status(path, attributes));
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public CompletableFuture<FileStatus> stat(CairnPath path) {
    return fileSystem.statAsync(path);
  }

  @Override
  public CompletableFuture<Optional<FileStatus>> find(CairnPath path) {
    return orElse(stat(path).thenApply(Optional::of), ErrorCode.NOT_FOUND, Optional::empty);
  }

  /** Something that is asked for only if it is needed. */
  private interface Alternative<T> {
    T get();
  }

  private static <T> CompletableFuture<T> orElse(
      CompletableFuture<T> future, ErrorCode code, Alternative<T> alternative) {
    return future.exceptionallyCompose(
        failure ->
            Failures.of(failure).code() == code
                ? CompletableFuture.completedFuture(alternative.get())
                : CompletableFuture.failedFuture(Failures.of(failure)));
  }

  @Override
  public CompletableFuture<List<FileStatus>> listAll(CairnPath path) {
    return background.begin(() -> fileSystem.listAll(path));
  }

  @Override
  public CompletableFuture<FileStatus> mkdir(CairnPath path, int mode) {
    return mkdir(path, Mkdir.newBuilder().setMode(mode));
  }

  @Override
  public CompletableFuture<FileStatus> mkdirs(CairnPath path, int mode) {
    return mkdir(path, Mkdir.newBuilder().setMode(mode).setParents(true).setExistOk(true));
  }

  private CompletableFuture<FileStatus> mkdir(CairnPath path, Mkdir.Builder mkdir) {
    return mutate(
        path,
        OperationResult::getAttributes,
        () ->
            Operation.newBuilder()
                .setMkdir(mkdir.setTarget(Conversions.nodeRef(path)).setUmask(umask)));
  }

  @Override
  public CompletableFuture<FileStatus> rename(CairnPath source, CairnPath target, RenameMode mode) {
    return mutate(
        target,
        result -> result.getRename().getAttributes(),
        () ->
            Operation.newBuilder()
                .setRename(
                    Rename.newBuilder()
                        .setSource(Conversions.nodeRef(source))
                        .setTarget(Conversions.nodeRef(target))
                        .setMode(Conversions.renameMode(mode))));
  }

  @Override
  public CompletableFuture<FileStatus> symlink(byte[] target, CairnPath link) {
    return mutate(
        link,
        OperationResult::getAttributes,
        () ->
            Operation.newBuilder()
                .setSymlink(
                    Symlink.newBuilder()
                        .setTarget(ByteString.copyFrom(target))
                        .setLink(Conversions.nodeRef(link))));
  }

  @Override
  public CompletableFuture<FileStatus> link(CairnPath existing, CairnPath link) {
    return mutate(
        link,
        OperationResult::getAttributes,
        () ->
            Operation.newBuilder()
                .setLink(
                    Link.newBuilder()
                        .setExisting(Conversions.nodeRef(existing))
                        .setLink(Conversions.nodeRef(link))));
  }

  @Override
  public CompletableFuture<Void> unlink(CairnPath path) {
    return mutate(
            () ->
                Operation.newBuilder()
                    .setUnlink(Unlink.newBuilder().setTarget(Conversions.nodeRef(path))))
        .thenApply(result -> null);
  }

  @Override
  public CompletableFuture<Void> rmdir(CairnPath path) {
    return mutate(
            () ->
                Operation.newBuilder()
                    .setRmdir(Rmdir.newBuilder().setTarget(Conversions.nodeRef(path))))
        .thenApply(result -> null);
  }

  @Override
  public CompletableFuture<Boolean> delete(CairnPath path, DeleteMode mode) {
    return switch (mode) {
      case RECURSIVE -> background.begin(() -> fileSystem.delete(path, mode));
      case SINGLE ->
          orElse(deleteOne(path).thenApply(gone -> true), ErrorCode.NOT_FOUND, () -> false);
    };
  }

  private CompletableFuture<Void> deleteOne(CairnPath path) {
    return unlink(path)
        .exceptionallyCompose(
            failure ->
                Failures.of(failure).code() == ErrorCode.IS_A_DIRECTORY
                    ? rmdir(path)
                    : CompletableFuture.failedFuture(Failures.of(failure)));
  }

  @Override
  public CompletableFuture<FileStatus> setAttributes(CairnPath path, AttributeChange change) {
    return background.begin(() -> fileSystem.setAttributes(path, change));
  }

  @Override
  public CompletableFuture<FileStatus> truncate(CairnPath path, long length) {
    return background.begin(() -> fileSystem.truncate(path, length));
  }

  @Override
  public CompletableFuture<FileStatus> createWithContent(
      CairnPath path, ByteBuffer content, CreateOptions options) {
    return fileSystem.createWithContentAsync(path, content, options);
  }

  @Override
  public CompletableFuture<byte[]> readFully(CairnPath path, int maxBytes) {
    return fileSystem.readFullyAsync(path, maxBytes);
  }

  @Override
  public CompletableFuture<AsyncFile> openFile(CairnPath path, OpenOptions options) {
    return background.begin(
        () -> file(fileSystem.openFile(path, options)),
        unwanted -> OpenFiles.closeQuietly(unwanted.file()));
  }

  @Override
  public CompletableFuture<CairnOutputStream> create(CairnPath path, CreateOptions options) {
    return background.begin(() -> fileSystem.create(path, options), CairnOutputStream::abort);
  }

  @Override
  public AsyncFile file(CairnFile open) {
    return new AsyncFile(open, background);
  }
}
