package io.cairnfs.metaserver.machine;

import com.google.protobuf.CodedInputStream;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.metaserver.namespace.FileExtents;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.operation.CommandExecutor;
import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.CachingStore;
import io.cairnfs.metaserver.store.MetadataStore;
import io.cairnfs.metaserver.store.StoreHome;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.WriteBatch;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.raft.StateMachine;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * Applies batches of commands to a store: one log entry, or several that follow one another, are
 * one transaction and one write batch that carries (index, term) of the last. The reply of each
 * command comes back in the order of the batch.
 *
 * <p>A command that is refused is a reply like any other. An exception that passes through {@link
 * #apply} means that this replica cannot go on: nothing of the entries was written.
 *
 * <p>Threads: as {@link StateMachine} says; {@link #view}, {@link #flush} and {@link #applied} are
 * for any thread.
 */
public final class MetadataStateMachine
    implements StateMachine<List<CommandReply>>, PeriodicFlush.Flushed, AutoCloseable {
  /** The store makes its copy in a directory of its own; a checkpoint has no directories. */
  private static final String MAKING = "making";

  private final StoreHome home;
  private final CommandExecutor executor;
  private final int cachePlaces;
  private volatile MetadataStore store;

  /**
   * @param cachePlaces records that the hot cache has room for; about 300 bytes each
   */
  public MetadataStateMachine(StoreHome home, FileExtents extents, int cachePlaces)
      throws IOException {
    this.home = home;
    this.executor = new CommandExecutor(extents);
    this.cachePlaces = cachePlaces;
    this.store = new CachingStore(home.open(), cachePlaces);
  }

  @Override
  public List<CommandReply> apply(long index, long term, byte[] payload) throws IOException {
    return applyAll(List.of(new Batch(index, term, payload))).get(0);
  }

  @Override
  public List<List<CommandReply>> applyAll(List<Batch> batches) throws IOException {
    MetadataStore target = store;
    Transaction transaction =
        new Transaction(target, batches.get(0).index(), batches.get(0).term());
    List<List<CommandReply>> replies = new ArrayList<>(batches.size());
    for (Batch batch : batches) {
      transaction.enter(batch.index(), batch.term());
      replies.add(execute(transaction, parse(batch.index(), batch.payload())));
    }
    target.write(transaction.finish());
    return replies;
  }

  private List<CommandReply> execute(Transaction transaction, CommandBatch batch) {
    List<CommandReply> replies = new ArrayList<>(batch.getCommandsCount());
    for (Command command : batch.getCommandsList()) {
      replies.add(executor.execute(transaction, command));
    }
    return replies;
  }

  private static CommandBatch parse(long index, byte[] payload) {
    try {
      CodedInputStream in = CodedInputStream.newInstance(payload);
      in.enableAliasing(true);
      return CommandBatch.parseFrom(in);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("log entry " + index + " is no batch of commands", e);
    } catch (IOException e) {
      throw new IllegalStateException("log entry " + index + " cannot be read", e);
    }
  }

  @Override
  public void skip(long index, long term) throws IOException {
    MetadataStore target = store;
    target.write(new WriteBatch(List.of(), new Applied(index, term, target.applied().digest())));
  }

  @Override
  public long appliedIndex() {
    return applied().index();
  }

  @Override
  public long appliedTerm() {
    return applied().term();
  }

  /** Position and digest of what is applied. */
  public Applied applied() {
    return store.applied();
  }

  /** The state of this moment, to be closed. */
  public StoreView view() {
    while (true) {
      MetadataStore from = store;
      try {
        return from.view();
      } catch (IllegalStateException e) {
        if (from == store) {
          throw e;
        }
        // Another store was installed just now.
      }
    }
  }

  /** Forces what is applied to disk, so that a restart has less to apply again. */
  @Override
  public void flush() throws IOException {
    store.flush();
  }

  @Override
  public CheckpointPosition checkpoint(Path directory) throws IOException {
    Path made = directory.resolve(MAKING);
    Applied applied = store.checkpoint(made);
    List<Path> files;
    try (Stream<Path> list = Files.list(made)) {
      files = list.toList();
    }
    for (Path file : files) {
      Files.move(file, directory.resolve(file.getFileName()), StandardCopyOption.ATOMIC_MOVE);
    }
    Files.delete(made);
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
    return new CheckpointPosition(applied.index(), applied.term());
  }

  @Override
  public void install(Path directory) throws IOException {
    MetadataStore before = store;
    store = new CachingStore(home.install(directory), cachePlaces);
    before.close();
  }

  /** The two halves of the store's digest in one number. */
  @Override
  public long digest() {
    return store.applied().digest().high() ^ Long.rotateLeft(store.applied().digest().low(), 1);
  }

  /** No more calls; views that are open stay readable. */
  @Override
  public void close() {
    store.close();
  }
}
