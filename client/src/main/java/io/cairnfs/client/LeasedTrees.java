package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.session.SessionSource;
import io.cairnfs.common.error.CairnException;
import java.util.Optional;
import java.util.concurrent.Executor;

/** The {@link LeasedTree} of the session that is open; a new one when that one is over. */
final class LeasedTrees implements LeasedNodes.Trees {
  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final SessionSource sessions;
  private final Executor background;
  private final LostChanges lost = new LostChanges();

  @GuardedBy("this")
  private Optional<LeasedTree> tree = Optional.empty();

  /**
   * @param background where it may block
   */
  LeasedTrees(
      ClientEnvironment environment,
      MetadataClient metadata,
      SessionSource sessions,
      Executor background) {
    this.environment = environment;
    this.metadata = metadata;
    this.sessions = sessions;
    this.background = background;
  }

  @Override
  public LeasedTree current() throws CairnException {
    Optional<LeasedTree> last;
    synchronized (this) {
      last = tree;
    }
    if (last.isPresent() && !last.get().isOver()) {
      return last.get();
    }
    if (last.isPresent()) {
      // What it still has leased would be given back under the new one's hands.
      last.get().leases().awaitSettled();
    }
    Session session = environment.await(sessions.session());
    synchronized (this) {
      if (tree.equals(last)) {
        SetAsideIds ids =
            last.filter(before -> before.session() == session)
                .map(LeasedTree::ids)
                .orElseGet(SetAsideIds::new);
        tree = Optional.of(new LeasedTree(environment, session, background, ids, lost));
        metadata.readAs(session.id());
      }
      return tree.get();
    }
  }

  /** Flushes, and gives back what is leased: nothing more comes. */
  void close() throws CairnException {
    Optional<LeasedTree> last;
    synchronized (this) {
      last = tree.filter(open -> !open.isOver());
    }
    if (last.isPresent()) {
      last.get().leases().giveBackAll();
    }
  }
}
