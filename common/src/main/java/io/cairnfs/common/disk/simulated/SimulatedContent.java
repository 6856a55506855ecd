package io.cairnfs.common.disk.simulated;

import io.cairnfs.common.disk.simulated.SimulatedDisk.PowerLoss;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.BitSet;
import java.util.random.RandomGenerator;

/**
 * A file's bytes in pages, as seen and as forced. A page that is clean is one array in both; a null
 * page is all zeros.
 */
final class SimulatedContent {
  static final int PAGE_BYTES = 4096;
  private static final int SECTOR_BYTES = 512;

  private byte[][] current = {};
  private byte[][] durable = {};
  private final BitSet dirty = new BitSet();
  private long size;
  private long durableSize;

  long size() {
    return size;
  }

  int read(ByteBuffer target, long position) {
    int total = 0;
    long at = position;
    while (target.hasRemaining() && at < size) {
      int offset = (int) (at % PAGE_BYTES);
      int bytes = (int) Math.min(Math.min(PAGE_BYTES - offset, target.remaining()), size - at);
      byte[] page = page(current, (int) (at / PAGE_BYTES));
      if (page == null) {
        target.put(new byte[bytes]);
      } else {
        target.put(page, offset, bytes);
      }
      at += bytes;
      total += bytes;
    }
    return total;
  }

  void write(ByteBuffer source, long position) {
    long at = position;
    while (source.hasRemaining()) {
      int offset = (int) (at % PAGE_BYTES);
      int bytes = Math.min(PAGE_BYTES - offset, source.remaining());
      source.get(writable((int) (at / PAGE_BYTES)), offset, bytes);
      at += bytes;
    }
    size = Math.max(size, at);
  }

  void truncate(long newSize) {
    if (newSize < size) {
      int firstGone = (int) ((newSize + PAGE_BYTES - 1) / PAGE_BYTES);
      for (int number = firstGone; number < current.length; number++) {
        if (current[number] != null) {
          writable(number);
          current[number] = null;
        }
      }
      int offset = (int) (newSize % PAGE_BYTES);
      int lastPage = (int) (newSize / PAGE_BYTES);
      if (offset != 0 && page(current, lastPage) != null) {
        Arrays.fill(writable(lastPage), offset, PAGE_BYTES, (byte) 0);
      }
    }
    size = newSize;
  }

  void force() {
    durable = sized(durable, current.length);
    for (int page = dirty.nextSetBit(0); page >= 0; page = dirty.nextSetBit(page + 1)) {
      durable[page] = current[page];
    }
    dirty.clear();
    durableSize = size;
  }

  /**
   * After a failed force: what is dirty counts as clean, and is lost by the next power cut unless
   * it is written again and forced.
   */
  void forgetDirty() {
    dirty.clear();
  }

  PowerLoss losePower(RandomGenerator random) {
    long lost = 0;
    long kept = 0;
    durable = sized(durable, current.length);
    int unit = random.nextBoolean() ? SECTOR_BYTES : PAGE_BYTES;
    int keepPercent = random.nextInt(101);
    for (int number = 0; number < current.length; number++) {
      byte[] seen = current[number];
      byte[] forced = durable[number];
      if (seen == forced) {
        continue;
      }
      byte[] mixed = forced == null ? new byte[PAGE_BYTES] : forced.clone();
      for (int offset = 0; offset < PAGE_BYTES; offset += unit) {
        if (sameRange(seen, mixed, offset, unit)) {
          continue;
        }
        if (random.nextInt(100) < keepPercent) {
          kept++;
          copyRange(seen, mixed, offset, unit);
        } else {
          lost++;
        }
      }
      durable[number] = mixed;
    }
    current = durable.clone();
    dirty.clear();
    size = survivingSize(random);
    durableSize = size;
    clearBeyondSize();
    return new PowerLoss(lost, kept, 0);
  }

  void flipBit(long bit) {
    long position = bit / 8;
    if (position >= size) {
      return;
    }
    int number = (int) (position / PAGE_BYTES);
    flip(current, number, bit);
    if (number < durable.length && durable[number] != current[number]) {
      flip(durable, number, bit);
    }
  }

  private static void flip(byte[][] pages, int number, long bit) {
    if (number >= pages.length) {
      return;
    }
    if (pages[number] == null) {
      pages[number] = new byte[PAGE_BYTES];
    }
    pages[number][(int) (bit / 8 % PAGE_BYTES)] ^= (byte) (1 << (bit % 8));
  }

  private long survivingSize(RandomGenerator random) {
    if (size == durableSize) {
      return size;
    }
    return switch (random.nextInt(3)) {
      case 0 -> durableSize;
      case 1 -> size;
      default ->
          Math.min(size, durableSize)
              + random.nextLong(Math.abs(size - durableSize) + 1) / SECTOR_BYTES * SECTOR_BYTES;
    };
  }

  /** A length that grows again later must not bring old bytes back. */
  private void clearBeyondSize() {
    int lastPage = (int) (size / PAGE_BYTES);
    for (int number = lastPage; number < current.length; number++) {
      if (current[number] == null) {
        continue;
      }
      int from = number == lastPage ? (int) (size % PAGE_BYTES) : 0;
      byte[] cleared = current[number].clone();
      Arrays.fill(cleared, from, PAGE_BYTES, (byte) 0);
      current[number] = cleared;
      durable[number] = cleared;
    }
  }

  private static boolean sameRange(byte[] seen, byte[] other, int offset, int bytes) {
    return seen == null
        ? Arrays.equals(new byte[bytes], 0, bytes, other, offset, offset + bytes)
        : Arrays.equals(seen, offset, offset + bytes, other, offset, offset + bytes);
  }

  private static void copyRange(byte[] seen, byte[] target, int offset, int bytes) {
    if (seen == null) {
      Arrays.fill(target, offset, offset + bytes, (byte) 0);
    } else {
      System.arraycopy(seen, offset, target, offset, bytes);
    }
  }

  private byte[] writable(int number) {
    if (number >= current.length) {
      current = Arrays.copyOf(current, Math.max(number + 1, current.length * 2));
    }
    byte[] page = current[number];
    if (page == page(durable, number)) {
      page = page == null ? new byte[PAGE_BYTES] : page.clone();
      current[number] = page;
    } else if (page == null) {
      page = new byte[PAGE_BYTES];
      current[number] = page;
    }
    dirty.set(number);
    return page;
  }

  private static byte[] page(byte[][] pages, int number) {
    return number < pages.length ? pages[number] : null;
  }

  private static byte[][] sized(byte[][] pages, int length) {
    return pages.length < length ? Arrays.copyOf(pages, length) : pages;
  }
}
