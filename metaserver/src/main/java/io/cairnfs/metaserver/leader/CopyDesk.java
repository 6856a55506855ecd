package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.dataserver.CopyTask;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Hands out copies to data servers, each once, until it was reported; again when the server said
 * nothing of it for long, or failed a while ago. Owned by the duties' thread.
 */
final class CopyDesk {
  /** A copy of which nothing was heard for so long is handed out again. */
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  /** A copy that failed is not tried again at once. */
  private static final Duration BACK_OFF = Duration.ofSeconds(10);

  private static final int MAX_UNDER_WAY = 64;

  private final Clock clock;
  private final ReplicaHealth health;
  private final Map<Integer, Desk> servers = new HashMap<>();

  /** What one server was given, and until when it is not given again. */
  private static final class Desk {
    final Map<ChunkId, Long> blockedUntil = new HashMap<>();
    Optional<ChunkId> resumeAfter = Optional.empty();
  }

  CopyDesk(Clock clock, ReplicaHealth health) {
    this.clock = clock;
    this.health = health;
  }

  void reset() {
    servers.clear();
  }

  /** The server knows nothing any more of what it was given. */
  void restarted(int server) {
    servers.remove(server);
  }

  /** The server said how a copy went. */
  void reported(int server, ChunkId chunk, boolean done) {
    Desk desk = servers.computeIfAbsent(server, id -> new Desk());
    if (done) {
      desk.blockedUntil.remove(chunk);
    } else {
      desk.blockedUntil.put(chunk, clock.monotonicNanos() + BACK_OFF.toNanos());
    }
  }

  /** The next copies for a server. */
  List<CopyTask> next(RecordReader state, int server, int limit) {
    Desk desk = servers.computeIfAbsent(server, id -> new Desk());
    long now = clock.monotonicNanos();
    desk.blockedUntil.values().removeIf(until -> until - now <= 0);
    int room = Math.min(limit, MAX_UNDER_WAY - desk.blockedUntil.size());
    if (room <= 0) {
      return List.of();
    }
    CopyPlanner.Plan plan =
        new CopyPlanner(state, health)
            .plan(server, desk.resumeAfter, desk.blockedUntil.keySet(), room);
    desk.resumeAfter = plan.resumeAfter();
    for (CopyTask task : plan.tasks()) {
      desk.blockedUntil.put(new ChunkId(task.getChunk()), now + PATIENCE.toNanos());
    }
    return plan.tasks();
  }
}
