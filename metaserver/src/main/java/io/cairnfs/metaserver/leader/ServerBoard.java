package io.cairnfs.metaserver.leader;

import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.Clock;
import io.cairnfs.metaserver.chunk.ReplicaHealth;
import io.cairnfs.proto.dataserver.ServerHeartbeatRequest;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.proto.types.ServerHealth;
import java.time.Duration;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * When each data server was last heard, and what it said. UP, then SUSPECT, then DOWN by silence;
 * one that was never heard is DOWN. Any thread.
 */
final class ServerBoard implements ReplicaHealth {
  private final Clock clock;
  private final Duration suspectAfter;
  private final Duration downAfter;
  private final Map<Integer, Heard> servers = new ConcurrentHashMap<>();
  private volatile Set<Integer> slow = Set.of();

  /**
   * What a heartbeat said.
   *
   * @param ackMicros by server, how long it took to acknowledge
   * @param spoke false for a server that this leader only gives time to speak
   */
  record Heard(
      long nanos,
      List<VolumeStatus> volumes,
      Map<Integer, Long> ackMicros,
      int streams,
      boolean spoke,
      ScrubStatus scrub) {
    Heard {
      volumes = List.copyOf(volumes);
      ackMicros = Map.copyOf(ackMicros);
    }

    /** On all its volumes. */
    long allAvailableBytes() {
      return volumes.stream()
          .filter(volume -> !volume.getFailed())
          .mapToLong(VolumeStatus::getAvailableBytes)
          .sum();
    }

    /** Of all its volumes that work. */
    long capacityBytes() {
      return volumes.stream()
          .filter(volume -> !volume.getFailed())
          .mapToLong(VolumeStatus::getCapacityBytes)
          .sum();
    }

    /** For one chunk of a pool of a class. */
    long availableBytes(StorageClass wanted) {
      return volumes.stream()
          .filter(volume -> !volume.getFailed())
          .filter(volume -> wanted == StorageClass.ANY || storageOf(volume) == wanted)
          .mapToLong(VolumeStatus::getAvailableBytes)
          .max()
          .orElse(0);
    }
  }

  /** What its operator calls a volume; servers of earlier versions say nothing. */
  static StorageClass storageOf(VolumeStatus volume) {
    boolean isOne =
        volume.getStorageClass() > 0 && volume.getStorageClass() < StorageClass.values().length;
    return isOne ? StorageClass.ofNumber(volume.getStorageClass()) : StorageClass.DISK;
  }

  ServerBoard(Clock clock, Duration suspectAfter, Duration downAfter) {
    this.clock = clock;
    this.suspectAfter = suspectAfter;
    this.downAfter = downAfter;
  }

  /** A new leader: every registered server has its full time to speak. */
  void reset(Collection<Integer> registered) {
    servers.clear();
    slow = Set.of();
    long now = clock.monotonicNanos();
    for (int server : registered) {
      servers.put(
          server, new Heard(now, List.of(), Map.of(), 0, false, ScrubStatus.getDefaultInstance()));
    }
  }

  /** It has registered: of what it did before nothing is known. */
  void registered(int server, List<VolumeStatus> volumes) {
    servers.put(
        server,
        new Heard(
            clock.monotonicNanos(), volumes, Map.of(), 0, true, ScrubStatus.getDefaultInstance()));
  }

  void heard(ServerHeartbeatRequest heartbeat) {
    servers.put(
        heartbeat.getServer(),
        new Heard(
            clock.monotonicNanos(),
            heartbeat.getVolumesList(),
            heartbeat.getAckP99MicrosMap(),
            heartbeat.getStreams(),
            true,
            heartbeat.getScrub()));
  }

  /** These are slow, and no others. */
  void setSlow(Set<Integer> servers) {
    slow = Set.copyOf(servers);
  }

  @Override
  public boolean isSlow(int server) {
    return slow.contains(server);
  }

  Optional<Heard> last(int server) {
    return Optional.ofNullable(servers.get(server));
  }

  /** A server that may be up, but has not told this leader yet what it has room for. */
  boolean isStillToSpeak(int server) {
    Optional<Heard> heard = last(server);
    return heard.isEmpty() || (!heard.get().spoke() && of(server) == ServerHealth.UP);
  }

  /** Silence of a server; empty if it was never heard. */
  Optional<Duration> silence(int server) {
    return last(server).map(heard -> Duration.ofNanos(clock.monotonicNanos() - heard.nanos()));
  }

  @Override
  public ServerHealth of(int server) {
    Optional<Duration> silence = silence(server);
    if (silence.isEmpty() || silence.get().compareTo(downAfter) >= 0) {
      return ServerHealth.DOWN;
    }
    return silence.get().compareTo(suspectAfter) >= 0 ? ServerHealth.SUSPECT : ServerHealth.UP;
  }
}
