package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.DateTimeParseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/**
 * The directory of a volume where bad replicas are kept for inspection, under names of the form
 * {@code CHUNK.SINCE}, with {@code .N} behind it where that is taken. What lies there is never
 * served and never counted as a replica, but takes space. Safe for any thread.
 */
final class Quarantine {
  private static final String DATA = ".data";
  private static final String SUMS = ".sums";
  private static final DateTimeFormatter SINCE = DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss");

  private final Disk disk;
  private final Clock clock;

  /** By the files' common name, which is unique in the directory. */
  @GuardedBy("this")
  private final Map<String, QuarantinedReplica> kept = new TreeMap<>();

  Quarantine(Disk disk, Clock clock) {
    this.disk = disk;
    this.clock = clock;
  }

  /**
   * Looks at what earlier processes left; its bytes. Names without a time, which older software
   * gave, count from now on.
   */
  synchronized long scan() throws IOException {
    kept.clear();
    long bytes = 0;
    for (String name : disk.list(ReplicaPath.QUARANTINE)) {
      String base = withoutSuffix(name);
      Optional<ChunkId> chunk =
          base.length() >= 16 ? ReplicaPath.parseChunk(base.substring(0, 16)) : Optional.empty();
      if (chunk.isPresent() && !base.equals(name) && !kept.containsKey(base)) {
        bytes += keep(base, chunk.get(), sinceMillis(base)).bytes();
      }
    }
    return bytes;
  }

  private static String withoutSuffix(String name) {
    return name.endsWith(DATA) || name.endsWith(SUMS)
        ? name.substring(0, name.length() - DATA.length())
        : name;
  }

  private long sinceMillis(String base) {
    String[] parts = base.split("\\.", -1);
    try {
      if (parts.length > 1) {
        return LocalDateTime.parse(parts[1], SINCE).toInstant(ZoneOffset.UTC).toEpochMilli();
      }
    } catch (DateTimeParseException e) {
      // A name of older software, or an operator's own.
      return nowMillis();
    }
    return nowMillis();
  }

  private long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(clock.wallNanos());
  }

  @GuardedBy("this")
  private QuarantinedReplica keep(String base, ChunkId chunk, long sinceMillis) throws IOException {
    String path = ReplicaPath.QUARANTINE + "/" + base;
    QuarantinedReplica replica =
        new QuarantinedReplica(
            chunk, disk.describe(path + DATA), size(path + DATA) + size(path + SUMS), sinceMillis);
    kept.put(base, replica);
    return replica;
  }

  private long size(String name) throws IOException {
    if (!disk.exists(name)) {
      return 0;
    }
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      return file.size();
    }
  }

  /** Moves the files of a bad replica here, durably; their bytes. */
  synchronized long take(ChunkId chunk, String dataName, String sumsName) throws IOException {
    disk.createDirectories(ReplicaPath.QUARANTINE);
    long now = nowMillis();
    String first =
        ReplicaPath.hex(chunk)
            + "."
            + SINCE.format(LocalDateTime.ofInstant(Instant.ofEpochMilli(now), ZoneOffset.UTC));
    String base = first;
    for (int attempt = 1; isTaken(base); attempt++) {
      base = first + "." + attempt;
    }
    String path = ReplicaPath.QUARANTINE + "/" + base;
    if (disk.exists(dataName)) {
      disk.rename(dataName, path + DATA);
    }
    if (disk.exists(sumsName)) {
      disk.rename(sumsName, path + SUMS);
    }
    disk.forceDirectory(ReplicaPath.QUARANTINE);
    return keep(base, chunk, now).bytes();
  }

  private boolean isTaken(String base) throws IOException {
    String path = ReplicaPath.QUARANTINE + "/" + base;
    return disk.exists(path + DATA) || disk.exists(path + SUMS);
  }

  /**
   * Deletes what has been here for the whole period, and the oldest of what is more than {@code
   * maxBytes} together, but nothing of a chunk that is still needed; the bytes that became free.
   */
  synchronized long sweep(Duration period, long maxBytes, Predicate<ChunkId> needed)
      throws IOException {
    long total = kept.values().stream().mapToLong(QuarantinedReplica::bytes).sum();
    long before = total;
    List<Map.Entry<String, QuarantinedReplica>> oldestFirst = new ArrayList<>(kept.entrySet());
    oldestFirst.sort(Comparator.comparingLong(entry -> entry.getValue().sinceMillis()));
    for (Map.Entry<String, QuarantinedReplica> entry : oldestFirst) {
      QuarantinedReplica replica = entry.getValue();
      boolean isDue = total > maxBytes || nowMillis() - replica.sinceMillis() >= period.toMillis();
      if (isDue && !needed.test(replica.chunk())) {
        delete(ReplicaPath.QUARANTINE + "/" + entry.getKey());
        kept.remove(entry.getKey());
        total -= replica.bytes();
      }
    }
    return before - total;
  }

  private void delete(String path) throws IOException {
    for (String name : new String[] {path + DATA, path + SUMS}) {
      if (disk.exists(name)) {
        disk.delete(name);
      }
    }
  }

  synchronized List<QuarantinedReplica> replicas() {
    return List.copyOf(kept.values());
  }
}
