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

  @GuardedBy("this")
  private Optional<LeasedTree> tree = Optional.empty();

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
    synchronized (this) {
      if (tree.isPresent() && !tree.get().isOver()) {
        return tree.get();
      }
    }
    Session session = environment.await(sessions.session());
    synchronized (this) {
      if (tree.isEmpty() || tree.get().isOver()) {
        tree = Optional.of(new LeasedTree(environment, session, background, tree));
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
      last.get().giveBackAll();
    }
  }
}
