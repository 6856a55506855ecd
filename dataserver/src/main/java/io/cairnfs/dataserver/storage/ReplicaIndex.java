package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;

/**
 * Every SEALED replica with its volume, length and replication, and the sums per slot: about 27
 * bytes a replica. Rebuilt at start from file names alone. Safe for any thread.
 */
final class ReplicaIndex {
  private static final int MIN_CAPACITY = 1 << 10;
  private static final int LENGTH_BITS = 40;
  private static final int REPLICATION_BITS = 8;

  private static final Comparator<SealedName> BY_CHUNK =
      Comparator.comparing(SealedName::chunk, ChunkId::compareTo);

  /** A replica and the ordinal of its volume. */
  record Entry(SealedName name, int volume) {}

  private record SumKey(int pool, int slot, int group) {}

  private record Sum(long sum, long count) {}

  /** Chunk ids by linear probing; 0 = free (no chunk has id 0, since counters start at 1). */
  @GuardedBy("this")
  private long[] keys = new long[MIN_CAPACITY];

  @GuardedBy("this")
  private long[] values = new long[MIN_CAPACITY];

  @GuardedBy("this")
  private int size;

  @GuardedBy("this")
  private final Map<SumKey, Sum> sums = new HashMap<>();

  synchronized int size() {
    return size;
  }

  synchronized Optional<Entry> find(ChunkId chunk) {
    int at = position(chunk.value());
    return keys[at] == 0 ? Optional.empty() : Optional.of(entry(at));
  }

  @GuardedBy("this")
  private Entry entry(int at) {
    long value = values[at];
    return new Entry(
        new SealedName(
            new ChunkId(keys[at]),
            value & ((1L << LENGTH_BITS) - 1),
            (int) (value >>> LENGTH_BITS) & ((1 << REPLICATION_BITS) - 1)),
        (int) (value >>> (LENGTH_BITS + REPLICATION_BITS)));
  }

  /** Adds or replaces. */
  synchronized void put(SealedName name, int volume) {
    if (name.length() >>> LENGTH_BITS != 0 || name.replication() >>> REPLICATION_BITS != 0) {
      throw new IllegalArgumentException(name + " out of range");
    }
    remove(name.chunk());
    if (2 * (size + 1) > keys.length) {
      grow();
    }
    int at = position(name.chunk().value());
    keys[at] = name.chunk().value();
    values[at] =
        ((long) volume << (LENGTH_BITS + REPLICATION_BITS))
            | ((long) name.replication() << LENGTH_BITS)
            | name.length();
    size++;
    count(name, 1);
  }

  /** The removed entry, empty if there was none. */
  @com.google.errorprone.annotations.CanIgnoreReturnValue
  synchronized Optional<Entry> remove(ChunkId chunk) {
    int at = position(chunk.value());
    if (keys[at] == 0) {
      return Optional.empty();
    }
    Entry removed = entry(at);
    count(removed.name(), -1);
    size--;
    keys[at] = 0;
    int mask = keys.length - 1;
    for (int next = (at + 1) & mask; keys[next] != 0; next = (next + 1) & mask) {
      long key = keys[next];
      long value = values[next];
      keys[next] = 0;
      int place = position(key);
      keys[place] = key;
      values[place] = value;
    }
    return Optional.of(removed);
  }

  /** Forgets everything on a volume, and says what that was. */
  synchronized List<ChunkId> removeVolume(int volume) {
    List<ChunkId> removed = new ArrayList<>();
    for (int at = 0; at < keys.length; at++) {
      if (keys[at] != 0 && entry(at).volume() == volume) {
        removed.add(new ChunkId(keys[at]));
      }
    }
    removed.forEach(this::remove);
    return removed;
  }

  /** The smallest chunk id above the given one (unsigned); for walks in order. */
  synchronized Optional<ChunkId> next(ChunkId after) {
    long best = 0;
    for (long key : keys) {
      if (key != 0
          && Long.compareUnsigned(key, after.value()) > 0
          && (best == 0 || Long.compareUnsigned(key, best) < 0)) {
        best = key;
      }
    }
    return best == 0 ? Optional.empty() : Optional.of(new ChunkId(best));
  }

  /** As {@link ReplicaStore#sealedAfter}. */
  synchronized SealedStretch stretch(ChunkId after, int limit) {
    PriorityQueue<SealedName> lowest = new PriorityQueue<>(BY_CHUNK.reversed());
    long replicas = 0;
    long bytes = 0;
    for (int at = 0; at < keys.length; at++) {
      if (keys[at] != 0 && Long.compareUnsigned(keys[at], after.value()) > 0) {
        SealedName name = entry(at).name();
        replicas++;
        bytes += Volume.sealedBytes(name.length());
        lowest.add(name);
        if (lowest.size() > limit) {
          lowest.poll();
        }
      }
    }
    List<ReplicaStatus> next = new ArrayList<>();
    lowest.stream().sorted(BY_CHUNK).forEach(name -> next.add(ReplicaStore.sealedStatus(name)));
    return new SealedStretch(next, replicas, bytes);
  }

  /** Replicas of a slot above {@code after}, in order of their ids, at most {@code limit}. */
  synchronized List<SealedName> slot(int pool, int slot, ChunkId after, int limit) {
    List<SealedName> found = new ArrayList<>();
    for (int at = 0; at < keys.length; at++) {
      if (keys[at] != 0) {
        ChunkId chunk = new ChunkId(keys[at]);
        if (chunk.pool() == pool && chunk.slot() == slot && chunk.compareTo(after) > 0) {
          found.add(entry(at).name());
        }
      }
    }
    found.sort((a, b) -> a.chunk().compareTo(b.chunk()));
    return found.size() <= limit ? found : new ArrayList<>(found.subList(0, limit));
  }

  synchronized List<SlotSum> sums() {
    List<SlotSum> result = new ArrayList<>(sums.size());
    sums.forEach(
        (key, sum) ->
            result.add(new SlotSum(key.pool(), key.slot(), key.group(), sum.sum(), sum.count())));
    return result;
  }

  @GuardedBy("this")
  private void count(SealedName name, int sign) {
    ChunkId chunk = name.chunk();
    SumKey key =
        new SumKey(chunk.pool(), chunk.slot(), ReplicaHash.group(chunk, name.replication()));
    Sum old = sums.getOrDefault(key, new Sum(0, 0));
    long hash = ReplicaHash.of(chunk.value(), name.length());
    Sum now = new Sum(old.sum() + sign * hash, old.count() + sign);
    if (now.count() == 0) {
      sums.remove(key);
    } else {
      sums.put(key, now);
    }
  }

  /** Where the key is, or the free place where it would be. */
  @GuardedBy("this")
  private int position(long key) {
    int mask = keys.length - 1;
    int at = (int) ReplicaHash.of(key, 0) & mask;
    while (keys[at] != 0 && keys[at] != key) {
      at = (at + 1) & mask;
    }
    return at;
  }

  @GuardedBy("this")
  private void grow() {
    long[] oldKeys = keys;
    long[] oldValues = values;
    keys = new long[oldKeys.length * 2];
    values = new long[oldKeys.length * 2];
    for (int i = 0; i < oldKeys.length; i++) {
      if (oldKeys[i] != 0) {
        int at = position(oldKeys[i]);
        keys[at] = oldKeys[i];
        values[at] = oldValues[i];
      }
    }
  }
}
