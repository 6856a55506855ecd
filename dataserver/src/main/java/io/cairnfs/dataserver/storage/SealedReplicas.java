package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * SEALED replicas that were read lately, kept open: at most so many, the longest unused one goes.
 * Safe for any thread; files are opened outside of the lock.
 */
final class SealedReplicas {
  private final int limit;
  private final ScratchBuffers scratch;

  @GuardedBy("this")
  private final Map<ChunkId, SealedReplica> open = new LinkedHashMap<>(16, 0.75f, true);

  SealedReplicas(int limit, ScratchBuffers scratch) {
    this.limit = limit;
    this.scratch = scratch;
  }

  /** The replica with one use for the caller, who must release it. */
  SealedReplica acquire(SealedName name, Volume volume) throws CairnException {
    Optional<SealedReplica> known = lookUp(name);
    if (known.isPresent()) {
      volume.requireHealthy();
      return known.get();
    }
    SealedReplica opened = SealedReplica.open(name, volume, scratch);
    return keep(name, opened);
  }

  private synchronized Optional<SealedReplica> lookUp(SealedName name) {
    SealedReplica replica = open.get(name.chunk());
    return replica != null && replica.name().equals(name) && replica.retain()
        ? Optional.of(replica)
        : Optional.empty();
  }

  private SealedReplica keep(SealedName name, SealedReplica opened) throws CairnException {
    List<SealedReplica> dropped = new ArrayList<>();
    synchronized (this) {
      boolean retained = opened.retain();
      if (!retained) {
        throw new IllegalStateException(name + " closed before it was used");
      }
      SealedReplica old = open.put(name.chunk(), opened);
      if (old != null) {
        dropped.add(old);
      }
      Iterator<SealedReplica> eldest = open.values().iterator();
      while (open.size() > limit && eldest.hasNext()) {
        dropped.add(eldest.next());
        eldest.remove();
      }
    }
    for (SealedReplica replica : dropped) {
      replica.release();
    }
    return opened;
  }

  /** Closes the replica once its readers have finished. */
  void drop(ChunkId chunk) throws CairnException {
    SealedReplica replica;
    synchronized (this) {
      replica = open.remove(chunk);
    }
    if (replica != null) {
      replica.release();
    }
  }

  void dropAll() throws CairnException {
    List<SealedReplica> all;
    synchronized (this) {
      all = new ArrayList<>(open.values());
      open.clear();
    }
    for (SealedReplica replica : all) {
      replica.release();
    }
  }
}
