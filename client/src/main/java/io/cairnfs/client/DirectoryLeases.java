package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryLeaseResult;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Takes directories for a {@link LeasedTree} and gives them back: before others have one, all that
 * was deferred is logged. Safe for any thread; nothing waits on an event loop.
 */
final class DirectoryLeases {
  private static final Logger LOG = LoggerFactory.getLogger(DirectoryLeases.class);
  private static final int MAX_ENTRIES = 512;
  private static final int REMEMBERED = 1_024;

  private final ClientEnvironment environment;
  private final Session session;
  private final Executor background;
  private final LeasedTree tree;
  private final SetAsideIds ids;
  private final LeaseCandidates candidates;

  /** Leases that were given back: an answer that is late may still name them. */
  @GuardedBy("this")
  private final Map<Long, Long> released = new LostChanges.Remembering<>(REMEMBERED);

  /** Completes when all is given back of a tree that is over. */
  private final CompletableFuture<Void> settled = new CompletableFuture<>();

  /**
   * @param background where it may block
   */
  DirectoryLeases(
      ClientEnvironment environment,
      Session session,
      Executor background,
      LeasedTree tree,
      SetAsideIds ids) {
    this.environment = environment;
    this.session = session;
    this.background = background;
    this.tree = tree;
    this.ids = ids;
    candidates = new LeaseCandidates(environment.clock());
  }

  /** What is made next in the directory is worth more than one command. */
  boolean isWorthLeasing(long directory) {
    return tree.hasRoomFor(directory) && candidates.isWorthLeasing(directory);
  }

  /** The directory was made by this client just now, and more will follow. */
  void madeDirectory(long directory) {
    candidates.madeDirectory(directory);
  }

  /** Takes a directory if it is to be had; tells the tree also whose rights those are. */
  void lease(Optional<OnBehalf> behalf, long directory) throws CairnException {
    tree.flush();
    if (tree.isEnding(directory)) {
      return;
    }
    int wanted = ids.wanted();
    LeaseDirectory.Builder lease =
        LeaseDirectory.newBuilder()
            .setDirectory(directory)
            .setMaxEntries(MAX_ENTRIES)
            .setInodes(wanted);
    Operation.Builder operation = Operation.newBuilder().setLeaseDirectory(lease);
    behalf.ifPresent(operation::setOnBehalf);
    // Whoever waits may be interrupted: what was granted is taken, or given back, all the same.
    CompletableFuture<Void> taken =
        session
            .mutate(operation.build())
            .handle(
                (result, failure) -> {
                  if (failure == null) {
                    taken(behalf, result.getDirectoryLease(), wanted);
                  } else {
                    notTaken(directory, Failures.of(failure), wanted);
                  }
                  return null;
                });
    Void unused = environment.await(taken.copy());
  }

  private void notTaken(long directory, CairnException reason, int wanted) {
    LOG.debug("inode={} is not leased", directory, reason);
    if (wanted > 0) {
      ids.notGiven();
    }
    candidates.refused(directory);
  }

  private void taken(Optional<OnBehalf> behalf, DirectoryLeaseResult result, int wanted) {
    if (wanted > 0) {
      ids.add(result.getInodes());
    }
    LeasedDirectory directory =
        new LeasedDirectory(
            result.getLease(),
            result.getAttributes().toBuilder(),
            () -> recalled(result.getAttributes().getInode()));
    for (DirectoryEntry entry : result.getEntriesList()) {
      Long unused = directory.names.put(entry.getName(), entry.getAttributes().getInode());
    }
    tree.learn(
        behalf,
        new ActingUser(result.getUser(), result.getGroupsList(), result.getSuperuser()),
        result.getTimeNanos());
    synchronized (this) {
      if (released.getOrDefault(directory.inode, 0L) == directory.grant) {
        return;
      }
    }
    switch (tree.take(directory)) {
      case TAKEN -> session.leaseTaken(directory.inode, directory.recalled);
      case HAD -> {
        // Asked again for somebody else's rights.
      }
      case UNWANTED -> {
        CompletableFuture<Void> unused = release(directory);
      }
    }
  }

  /** A directory that was made here is leased as soon as it is there. */
  LeasedDirectory made(OwnNode node, long grant) {
    long inode = node.inode;
    LeasedDirectory directory = new LeasedDirectory(grant, node.attributes, () -> recalled(inode));
    session.leaseTaken(inode, directory.recalled);
    return directory;
  }

  /** A directory that was made here is removed. */
  void removed(LeasedDirectory directory) {
    session.leaseGone(directory.inode, directory.recalled);
  }

  /** On an event loop. */
  private void recalled(long inode) {
    Optional<LeasedTree.Ending> begun = tree.beginEnding(inode);
    if (begun.isPresent()) {
      end(begun.get());
      var unused =
          begun
              .get()
              .directory()
              .ended
              .exceptionally(
                  failure -> {
                    LOG.warn("inode={} was not given back: {}", inode, failure.getMessage());
                    return null;
                  });
    }
  }

  private void end(LeasedTree.Ending ending) {
    if (!ending.isFirst()) {
      return;
    }
    try {
      background.execute(() -> flushAndRelease(ending));
    } catch (RejectedExecutionException e) {
      boolean unused =
          ending
              .directory()
              .ended
              .completeExceptionally(
                  new CairnException(ErrorCode.CANCELLED, "the client is closing", e));
    }
  }

  /**
   * Flushes, and lets others have the directory if it is leased.
   *
   * @throws CairnException if something that was deferred is lost
   */
  void giveBack(long inode) throws CairnException {
    Optional<LeasedTree.Ending> begun = tree.beginEnding(inode);
    if (begun.isPresent()) {
      end(begun.get());
      // Others wait for it, too: an interrupt ends this wait alone.
      Void unused = environment.await(begun.get().directory().ended.copy());
    }
  }

  /** Flushes, and gives back whatever is leased. */
  void giveBackAll() throws CairnException {
    tree.flush();
    List<LeasedTree.Ending> all =
        tree.leased().stream().map(tree::beginEnding).flatMap(Optional::stream).toList();
    all.forEach(this::end);
    for (LeasedTree.Ending ending : all) {
      Void unused = environment.await(ending.directory().ended.copy());
    }
  }

  private void flushAndRelease(LeasedTree.Ending ending) {
    LeasedDirectory directory = ending.directory();
    candidates.refused(directory.inode);
    try {
      tree.flush();
      for (HeldFile file : ending.open()) {
        file.handOver();
      }
      // What was closed meanwhile was not handed over, but sent.
      tree.flush();
      tree.forgetNodes(directory);
      Void unused = environment.await(release(directory));
      forget(directory);
      boolean unusedEnded = directory.ended.complete(null);
    } catch (CairnException e) {
      forget(directory);
      boolean unused = directory.ended.completeExceptionally(e);
    }
  }

  private void forget(LeasedDirectory directory) {
    tree.forget(directory);
    synchronized (this) {
      Long unused = released.put(directory.inode, directory.grant);
    }
    session.leaseGone(directory.inode, directory.recalled);
  }

  private CompletableFuture<Void> release(LeasedDirectory directory) {
    Release release =
        Release.newBuilder().setInode(directory.inode).setLease(directory.grant).build();
    return session
        .mutate(Operation.newBuilder().setRelease(release).build())
        .thenAccept(result -> LOG.debug("inode={} is given back", directory.inode));
  }

  /** The tree is over: nothing was left undone that could still be done. */
  void letGo(List<LeasedDirectory> all) {
    all.forEach(directory -> session.leaseGone(directory.inode, directory.recalled));
    CompletableFuture<?>[] releases =
        session.isOpen()
            ? all.stream().map(this::release).toArray(CompletableFuture<?>[]::new)
            : new CompletableFuture<?>[0];
    var unused =
        CompletableFuture.allOf(releases)
            .whenComplete(
                (done, failure) -> {
                  if (failure != null) {
                    LOG.warn("not all was given back: {}", failure.getMessage());
                  }
                  boolean unusedSettled = settled.complete(null);
                });
  }

  /** When everything of a tree that is over is given back: what comes next may lease it anew. */
  void awaitSettled() throws CairnException {
    Void unused = environment.await(settled.copy());
  }
}
