package io.cairnfs.client.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.base.ClientCounters;
import io.cairnfs.client.chunk.BlockCache.Awaited;
import io.cairnfs.client.chunk.BlockCache.Load;
import io.cairnfs.client.chunk.BlockCache.Missing;
import io.cairnfs.client.chunk.BlockCache.Part;
import io.cairnfs.client.chunk.BlockCache.Present;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

class BlockCacheTest {
  private static final int CELL = CellChecksums.CELL_BYTES;
  private static final long LENGTH = 100L * CELL + 1000;

  private final ClientCounters counters = new ClientCounters();
  private final BlockCache cache = new BlockCache(1 << 20, counters);

  /** What a chunk has in a range. */
  private static byte[] content(long chunk, long from, int length) {
    byte[] bytes = new byte[length];
    for (int i = 0; i < length; i++) {
      bytes[i] = (byte) (chunk * 31 + (from + i) * 7 + (from + i) / CELL);
    }
    return bytes;
  }

  private List<Part> look(long chunk, long from, long until) {
    return cache.look(chunk, from, until, 0, LENGTH);
  }

  private void load(Load load, long chunk) {
    cache.complete(load, content(chunk, load.start(), load.length()));
  }

  /** Reads as a client would; the range as it came. */
  private byte[] read(long chunk, long from, int length) {
    ByteBuffer target = ByteBuffer.allocate(length);
    for (Part part : look(chunk, from, from + length)) {
      if (part instanceof Missing missing) {
        load(missing.load(), chunk);
        target.put(
            (int) (part.from() - from),
            content(chunk, part.from(), (int) (part.until() - part.from())));
      } else if (part instanceof Present present) {
        present.copyTo(target, (int) (part.from() - from));
      }
    }
    return target.array();
  }

  @Test
  void whatWasLoadedIsFoundByCells() {
    List<Part> first = look(1, 5000, 9000);
    assertThat(first).hasSize(1);
    Load load = ((Missing) first.get(0)).load();
    assertThat(load.start()).isEqualTo(CELL);
    assertThat(load.length()).isEqualTo(2 * CELL);
    load(load, 1);
    assertThat(look(1, CELL, 3 * CELL)).hasSize(2).allMatch(part -> part instanceof Present);
    assertThat(read(1, CELL + 1, 5000)).isEqualTo(content(1, CELL + 1, 5000));
    assertThat(look(2, CELL, CELL + 1)).singleElement().isInstanceOf(Missing.class);
  }

  @Test
  void onlyWhatIsNotThereIsLoaded() {
    assertThat(read(1, 2 * CELL, CELL)).isEqualTo(content(1, 2 * CELL, CELL));
    List<Part> parts = look(1, 100, 5 * CELL);
    assertThat(parts).hasSize(3);
    assertThat(((Missing) parts.get(0)).load().length()).isEqualTo(2 * CELL);
    assertThat(parts.get(1)).isInstanceOf(Present.class);
    assertThat(((Missing) parts.get(2)).load().start()).isEqualTo(3 * CELL);
    assertThat(counters.blockCacheHits.sum()).isEqualTo(1);
    assertThat(counters.blockCacheMisses.sum()).isEqualTo(5);
  }

  @Test
  void loadsStayWithinWhatTheCallerMayRead() {
    Part part = cache.look(1, 5000, 5100, 4500, 5200).get(0);
    Load load = ((Missing) part).load();
    assertThat(load.start()).isEqualTo(4500);
    assertThat(load.length()).isEqualTo(700);
    load(load, 1);
    assertThat(cache.look(1, 4500, 5200, 4500, 5200).get(0)).isInstanceOf(Present.class);
    // Another extent of the same cell.
    Part other = cache.look(1, 5200, 5300, 5200, 8000).get(0);
    assertThat(((Missing) other).load().start()).isEqualTo(5200);
    load(((Missing) other).load(), 1);
    Present now = (Present) cache.look(1, 5250, 5300, 5200, 8000).get(0);
    ByteBuffer target = ByteBuffer.allocate(50);
    now.copyTo(target, 0);
    assertThat(target.array()).isEqualTo(content(1, 5250, 50));
  }

  @Test
  void memoryIsBoundedAndTheLeastRecentlyUsedGoesFirst() {
    BlockCache small = new BlockCache(10L * CELL, counters);
    for (int cell = 0; cell < 50; cell++) {
      for (Part part : small.look(1, (long) cell * CELL, (cell + 1L) * CELL, 0, LENGTH)) {
        Load load = ((Missing) part).load();
        small.complete(load, content(1, load.start(), load.length()));
      }
      assertThat(small.look(1, 0, CELL, 0, LENGTH).get(0)).isInstanceOf(Present.class);
      assertThat(small.heldBytes()).isLessThanOrEqualTo(10L * CELL);
    }
    assertThat(small.heldBytes()).isGreaterThan(8L * CELL);
    assertThat(small.look(1, 49L * CELL, 50L * CELL, 0, LENGTH).get(0)).isInstanceOf(Present.class);
    assertThat(small.look(1, 20L * CELL, 21L * CELL, 0, LENGTH).get(0)).isInstanceOf(Missing.class);
  }

  @Test
  void aLoadIsSharedByWhoComesMeanwhile() throws Exception {
    Load load = ((Missing) look(1, 0, 2 * CELL).get(0)).load();
    Awaited second = (Awaited) look(1, CELL, CELL + 10).get(0);
    assertThat(second.load()).isSameAs(load);
    assertThat(second.load().bytes()).isNotDone();
    load(load, 1);
    assertThat(second.load().bytes().get()).contains(content(1, 0, 2 * CELL));
  }

  @Test
  void aLoadThatFailedIsForgotten() throws Exception {
    Load load = ((Missing) look(1, 0, CELL).get(0)).load();
    Awaited second = (Awaited) look(1, 0, CELL).get(0);
    cache.fail(load);
    assertThat(second.load().bytes().get()).isEmpty();
    assertThat(cache.heldBytes()).isZero();
    Load again = ((Missing) look(1, 0, CELL).get(0)).load();
    assertThat(again).isNotSameAs(load);
    // What failed for one does not disturb the next one's.
    cache.fail(load);
    assertThat(look(1, 0, CELL).get(0)).isInstanceOf(Awaited.class);
    load(again, 1);
    cache.fail(again);
    assertThat(look(1, 0, CELL).get(0)).isInstanceOf(Present.class);
  }

  @Test
  void manyThreadsReadTheRightBytes() throws Exception {
    BlockCache small = new BlockCache(20L * CELL, counters);
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      List<Future<Boolean>> readers = new ArrayList<>();
      for (int reader = 0; reader < 4; reader++) {
        Random random = new Random(reader);
        readers.add(pool.submit(() -> readsRight(small, random)));
      }
      for (Future<Boolean> reader : readers) {
        assertThat(reader.get()).isTrue();
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(small.heldBytes()).isLessThanOrEqualTo(20L * CELL);
  }

  private static boolean readsRight(BlockCache cache, Random random) throws Exception {
    for (int i = 0; i < 3000; i++) {
      long chunk = 1L + random.nextInt(2);
      int length = 1 + random.nextInt(3 * CELL);
      long from = random.nextInt((int) LENGTH - length);
      byte[] got = new byte[length];
      List<Awaited> others = new ArrayList<>();
      for (Part part : cache.look(chunk, from, from + length, 0, LENGTH)) {
        if (part instanceof Present present) {
          present.copyTo(ByteBuffer.wrap(got), (int) (part.from() - from));
        } else if (part instanceof Missing missing) {
          byte[] all = content(chunk, missing.load().start(), missing.load().length());
          cache.complete(missing.load(), all);
          put(got, from, part, all, missing.load());
        } else if (part instanceof Awaited awaited) {
          others.add(awaited);
        }
      }
      for (Awaited awaited : others) {
        put(got, from, awaited, awaited.load().bytes().get().orElseThrow(), awaited.load());
      }
      if (!Arrays.equals(got, content(chunk, from, length))) {
        return false;
      }
    }
    return true;
  }

  private static void put(byte[] got, long from, Part part, byte[] all, Load load) {
    System.arraycopy(
        all,
        (int) (part.from() - load.start()),
        got,
        (int) (part.from() - from),
        (int) (part.until() - part.from()));
  }
}
