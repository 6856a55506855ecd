package io.cairnfs.simulation.system;

import io.cairnfs.common.disk.Disk.OpenMode;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.random.RandomGenerator;

/** Where a sealed replica's bytes are on a simulated disk. */
final class SealedFiles {
  /** A bit of a replica's data. */
  record Place(ChunkId chunk, String file, long bit) {}

  private SealedFiles() {}

  /**
   * Any bit of any sealed replica with bytes in it.
   *
   * @param inUse such chunks are taken if there are any
   */
  static Optional<Place> pick(DataNode server, Predicate<ChunkId> inUse, RandomGenerator random) {
    List<ReplicaStatus> sealed = new ArrayList<>();
    ChunkId after = new ChunkId(0);
    for (Optional<ReplicaStatus> next = server.store().nextSealed(after);
        next.isPresent();
        next = server.store().nextSealed(after)) {
      after = next.get().chunk();
      if (next.get().length() > 0 && !server.store().isBad(after)) {
        sealed.add(next.get());
      }
    }
    if (sealed.isEmpty()) {
      return Optional.empty();
    }
    List<ReplicaStatus> used =
        sealed.stream().filter(status -> inUse.test(status.chunk())).toList();
    List<ReplicaStatus> candidates = used.isEmpty() ? sealed : used;
    ReplicaStatus chosen = candidates.get(random.nextInt(candidates.size()));
    String id = "%016x".formatted(chosen.chunk().value());
    for (String file : server.volumeDisk().files()) {
      long header = size(server, file) - chosen.length();
      if (file.contains(id) && file.endsWith(".data") && header > 0) {
        long at = header + random.nextLong(chosen.length());
        return Optional.of(new Place(chosen.chunk(), file, at * 8 + random.nextInt(8)));
      }
    }
    return Optional.empty();
  }

  private static long size(DataNode server, String name) {
    try (DiskFile file = server.volumeDisk().open(name, OpenMode.READ)) {
      return file.size();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
