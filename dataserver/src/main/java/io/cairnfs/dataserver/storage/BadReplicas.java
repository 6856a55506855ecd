package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.id.ChunkId;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Replicas found bad or missing, until they were replaced or deleted. A bad one stays readable
 * where it is, since its other cells may be the last good ones; it does not count in the slot's
 * sum. Safe for any thread.
 */
final class BadReplicas {
  private static final Logger LOG = LoggerFactory.getLogger(BadReplicas.class);

  @GuardedBy("this")
  private final Map<ChunkId, ReplicaIndex.Entry> kept = new LinkedHashMap<>();

  @GuardedBy("this")
  private final Set<ChunkId> missing = new LinkedHashSet<>();

  /** Why, for those of both kinds. */
  @GuardedBy("this")
  private final Map<ChunkId, String> problems = new HashMap<>();

  /** A SEALED replica that is there, but bad. */
  synchronized void add(ReplicaIndex.Entry entry, String problem) {
    if (kept.put(entry.name().chunk(), entry) == null) {
      problems.put(entry.name().chunk(), problem);
      LOG.warn("{} replica is bad: {}", entry.name().chunk(), problem);
    }
  }

  /** A replica that should be there and is not, or is too short to be sealed. */
  synchronized void addMissing(ChunkId chunk, String problem) {
    if (missing.add(chunk)) {
      problems.put(chunk, problem);
      LOG.warn("{} replica is missing or short: {}", chunk, problem);
    }
  }

  synchronized Optional<ReplicaIndex.Entry> entry(ChunkId chunk) {
    return Optional.ofNullable(kept.get(chunk));
  }

  synchronized boolean isKnown(ChunkId chunk) {
    return kept.containsKey(chunk) || missing.contains(chunk);
  }

  /** Forgets the chunk and answers the bad replica that is still there. */
  synchronized Optional<ReplicaIndex.Entry> remove(ChunkId chunk) {
    missing.remove(chunk);
    problems.remove(chunk);
    return Optional.ofNullable(kept.remove(chunk));
  }

  synchronized List<ChunkId> chunks(int limit) {
    List<ChunkId> result = new ArrayList<>();
    kept.keySet().stream().limit(limit).forEach(result::add);
    missing.stream().limit(limit - result.size()).forEach(result::add);
    return result;
  }

  synchronized List<BadReplica> described(int limit) {
    List<BadReplica> result = new ArrayList<>();
    for (ChunkId chunk : chunks(limit)) {
      result.add(new BadReplica(chunk, problems.getOrDefault(chunk, "")));
    }
    return result;
  }

  synchronized int size() {
    return kept.size() + missing.size();
  }
}
