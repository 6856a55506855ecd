package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.metaserver.repair.CopyPlanner;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.dataserver.CopyTask;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Hands out copies to data servers, each once, as long as the server says that it is at work on it;
 * again at once when the server knows nothing of it, and a while after it failed. Owned by the
 * duties' thread.
 */
final class CopyDesk {
  /** A copy that failed is not tried again at once. */
  private static final Duration BACK_OFF = Duration.ofSeconds(10);

  private static final int MAX_UNDER_WAY = 64;

  private final Clock clock;
  private final ReplicaHealth health;
  private final Map<Integer, Desk> servers = new HashMap<>();

  private static final class Desk {
    final Set<ChunkId> underWay = new HashSet<>();
    final Map<ChunkId, Long> backOffUntil = new HashMap<>();
    Optional<ChunkId> resumeAfter = Optional.empty();

    /** There is more to copy than one look shows: last replicas are looked for in all of it. */
    boolean isLarge;

    Optional<ChunkId> lastReplicasAfter = Optional.empty();
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

  private Desk desk(int server) {
    return servers.computeIfAbsent(server, id -> new Desk());
  }

  /**
   * The server said which copies it has not finished, a former leader's among them. What else it
   * was given it does not know of: the answer was lost, or it could not take it on.
   */
  void atWork(int server, Collection<ChunkId> copying) {
    Set<ChunkId> underWay = desk(server).underWay;
    underWay.clear();
    underWay.addAll(copying);
  }

  /** The server said how a copy went. */
  void reported(int server, ChunkId chunk, boolean done) {
    Desk desk = desk(server);
    desk.underWay.remove(chunk);
    if (!done) {
      desk.backOffUntil.put(chunk, clock.monotonicNanos() + BACK_OFF.toNanos());
    }
  }

  /** The next copies for a server. */
  List<CopyTask> next(RecordReader state, int server, int limit) {
    Desk desk = desk(server);
    long now = clock.monotonicNanos();
    desk.backOffUntil.values().removeIf(until -> until - now <= 0);
    Set<ChunkId> notNow = new HashSet<>(desk.underWay);
    notNow.addAll(desk.backOffUntil.keySet());
    int room = Math.min(limit, MAX_UNDER_WAY - notNow.size());
    if (room <= 0) {
      return List.of();
    }
    CopyPlanner planner = new CopyPlanner(state, health);
    List<CopyTask> tasks = new ArrayList<>();
    if (desk.isLarge) {
      CopyPlanner.Plan urgent = planner.lastReplicas(server, desk.lastReplicasAfter, notNow, room);
      desk.lastReplicasAfter = urgent.resumeAfter();
      tasks.addAll(urgent.tasks());
      tasks.forEach(task -> notNow.add(new ChunkId(task.getChunk())));
    }
    if (tasks.size() < room) {
      boolean wasBehind = desk.resumeAfter.isPresent();
      CopyPlanner.Plan plan = planner.plan(server, desk.resumeAfter, notNow, room - tasks.size());
      desk.resumeAfter = plan.resumeAfter();
      desk.isLarge = plan.hasMore() || (desk.isLarge && wasBehind);
      tasks.addAll(plan.tasks());
    }
    tasks.forEach(task -> desk.underWay.add(new ChunkId(task.getChunk())));
    return tasks;
  }
}
