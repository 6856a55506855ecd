package io.cairnfs.client.chunk;

import io.cairnfs.client.base.ClientCounters;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * Verified bytes of chunks that were read before, by chunk and 4 KiB cell, the least recently used
 * given up first. A chunk is only ever appended to: what is committed of it never changes, so what
 * is held here is never out of date. Which chunk a file's bytes are in is not known here.
 *
 * <p>Readers of the same cells at the same time share one load: the first one makes it, the others
 * wait for it. What fails to load is not kept, and is nobody else's failure. Safe for any thread;
 * never waits.
 */
public final class BlockCache {
  private static final int CELL_BYTES = CellChecksums.CELL_BYTES;

  /** What a cell costs beside its bytes. */
  private static final int OVERHEAD_BYTES = 128;

  private record Key(long chunk, long cell) {}

  /** Bytes of a cell: all that the range they were loaded for has of it. */
  private static final class Held {
    private final long start;
    private final byte[] bytes;

    Held(long start, byte[] bytes) {
      this.start = start;
      this.bytes = bytes;
    }

    boolean covers(long from, long until) {
      return start <= from && until <= start + bytes.length;
    }

    Present part(long from, long until) {
      return new Present(from, until, bytes, (int) (from - start));
    }

    int weight() {
      return bytes.length + OVERHEAD_BYTES;
    }
  }

  /**
   * A range of a chunk on its way. Whoever was given it by {@link #look} as {@link Missing} must
   * complete or fail it.
   */
  public static final class Load {
    private final long chunk;
    private final long start;
    private final int length;
    private final CompletableFuture<Optional<byte[]>> bytes = new CompletableFuture<>();

    private Load(long chunk, long start, int length) {
      this.chunk = chunk;
      this.start = start;
      this.length = length;
    }

    /** Offset in the chunk. */
    public long start() {
      return start;
    }

    public int length() {
      return length;
    }

    private long end() {
      return start + length;
    }

    /** Completes with all bytes of the load; empty if it failed. */
    public CompletableFuture<Optional<byte[]>> bytes() {
      return bytes;
    }
  }

  /** A part of what was looked for: {@code [from, until)} of the chunk. */
  public sealed interface Part {
    long from();

    long until();
  }

  /** Here. */
  public static final class Present implements Part {
    private final long from;
    private final long until;
    private final byte[] bytes;
    private final int index;

    private Present(long from, long until, byte[] bytes, int index) {
      this.from = from;
      this.until = until;
      this.bytes = bytes;
      this.index = index;
    }

    @Override
    public long from() {
      return from;
    }

    @Override
    public long until() {
      return until;
    }

    /** Puts all of it into the target, from an index on; the target's position stays. */
    public void copyTo(ByteBuffer target, int at) {
      target.put(at, bytes, index, (int) (until - from));
    }
  }

  /** On its way for somebody else, who completes or fails it. */
  public record Awaited(long from, long until, Load load) implements Part {}

  /** To be loaded by the caller: the whole load, of which the part is one. */
  public record Missing(long from, long until, Load load) implements Part {}

  private final long capacityBytes;
  private final ClientCounters counters;

  // In the order in which they were used. All guarded by the monitor.
  private final Map<Key, Held> held = new LinkedHashMap<>(16, 0.75f, true);
  private final Map<Key, Load> loading = new HashMap<>();
  private long heldBytes;

  /**
   * @param capacityBytes most bytes of memory; 0: nothing is held
   */
  public BlockCache(long capacityBytes, ClientCounters counters) {
    this.capacityBytes = capacityBytes;
    this.counters = counters;
  }

  public boolean isEnabled() {
    return capacityBytes > 0;
  }

  /** Memory in use. */
  public synchronized long heldBytes() {
    return heldBytes;
  }

  /**
   * Looks for {@code [from, until)} of a chunk. Loads reach to the borders of cells, but not beyond
   * {@code [least, most)}.
   *
   * @param least where committed bytes begin that the caller may read
   * @param most where they end
   * @return the parts, in order
   */
  public synchronized List<Part> look(long chunk, long from, long until, long least, long most) {
    List<Part> parts = new ArrayList<>();
    long missing = -1;
    long at = from;
    while (at < until) {
      Key key = new Key(chunk, at / CELL_BYTES);
      long end = Math.min(until, (key.cell() + 1) * CELL_BYTES);
      Optional<Part> known = known(key, at, end);
      if (known.isEmpty() && missing < 0) {
        missing = at;
      }
      if (known.isPresent()) {
        addMissing(parts, chunk, missing, at, least, most);
        missing = -1;
        parts.add(known.get());
      }
      at = end;
    }
    addMissing(parts, chunk, missing, until, least, most);
    return parts;
  }

  private Optional<Part> known(Key key, long from, long until) {
    Held bytes = held.get(key);
    if (bytes != null && bytes.covers(from, until)) {
      counters.blockCacheHits.increment();
      return Optional.of(bytes.part(from, until));
    }
    Load load = loading.get(key);
    if (load != null && load.start() <= from && until <= load.end()) {
      counters.blockCacheHits.increment();
      return Optional.of(new Awaited(from, until, load));
    }
    counters.blockCacheMisses.increment();
    return Optional.empty();
  }

  private void addMissing(
      List<Part> parts, long chunk, long from, long until, long least, long most) {
    if (from < 0) {
      return;
    }
    long start = Math.max(least, from / CELL_BYTES * CELL_BYTES);
    long end = Math.min(most, (until + CELL_BYTES - 1) / CELL_BYTES * CELL_BYTES);
    Load load = new Load(chunk, start, (int) (end - start));
    for (long cell = start / CELL_BYTES; cell * CELL_BYTES < end; cell++) {
      Load unused = loading.putIfAbsent(new Key(chunk, cell), load);
    }
    parts.add(new Missing(from, until, load));
  }

  /**
   * The load has arrived.
   *
   * @param bytes all of it, verified; not to be changed any more
   */
  public void complete(Load load, byte[] bytes) {
    synchronized (this) {
      forget(load);
      for (long at = load.start(); at < load.end(); ) {
        long cell = at / CELL_BYTES;
        long end = Math.min(load.end(), (cell + 1) * CELL_BYTES);
        byte[] own = new byte[(int) (end - at)];
        System.arraycopy(bytes, (int) (at - load.start()), own, 0, own.length);
        put(new Key(load.chunk, cell), new Held(at, own));
        at = end;
      }
      makeRoom();
    }
    boolean unused = load.bytes.complete(Optional.of(bytes));
  }

  /** The load will not arrive, at least not as what it was meant to be. Harmless once completed. */
  public void fail(Load load) {
    synchronized (this) {
      forget(load);
    }
    boolean unused = load.bytes.complete(Optional.empty());
  }

  private void forget(Load load) {
    for (long cell = load.start() / CELL_BYTES; cell * CELL_BYTES < load.end(); cell++) {
      boolean unused = loading.remove(new Key(load.chunk, cell), load);
    }
  }

  private void put(Key key, Held bytes) {
    Held before = held.put(key, bytes);
    heldBytes += bytes.weight() - (before == null ? 0 : before.weight());
  }

  private void makeRoom() {
    Iterator<Held> oldest = held.values().iterator();
    while (heldBytes > capacityBytes) {
      heldBytes -= oldest.next().weight();
      oldest.remove();
    }
  }
}
