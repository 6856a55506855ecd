package io.cairnfs.bench.heal;

import io.cairnfs.bench.rig.Callers;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.SplittableRandom;

/** Many small files and a few large ones, whose bytes follow from their numbers. */
final class HealFiles {
  static final int SMALL_BYTES = 64 << 10;
  private static final int LARGE_BYTES = 64 << 20;
  private static final int BLOCK = 1 << 20;
  private static final int DIRECTORIES = 64;
  private static final int CALLERS = 4;

  private final CairnFileSystem fileSystem;
  private final Clock clock;
  private final int small;
  private final int large;

  /**
   * @param mebibytes of all files together, half of them in small ones
   */
  HealFiles(CairnFileSystem fileSystem, Clock clock, int mebibytes) {
    this.fileSystem = fileSystem;
    this.clock = clock;
    this.large = mebibytes / 2 / (LARGE_BYTES >> 20);
    this.small = (int) ((((long) mebibytes << 20) - (long) large * LARGE_BYTES) / SMALL_BYTES);
  }

  int small() {
    return small;
  }

  int large() {
    return large;
  }

  /** Of all files, once. */
  long bytes() {
    return (long) small * SMALL_BYTES + (long) large * LARGE_BYTES;
  }

  static CairnPath smallPath(int number) {
    return CairnPath.of("/heal/small/%d/%d".formatted(number % DIRECTORIES, number));
  }

  private static CairnPath largePath(int number) {
    return CairnPath.of("/heal/large/" + number);
  }

  /** The bytes of a small file, or of a block of a large one. */
  static byte[] content(long seed, int length) {
    byte[] bytes = new byte[length];
    new SplittableRandom(seed).nextBytes(bytes);
    return bytes;
  }

  private static long seed(int large, int block) {
    return -1L - ((long) large << 20) - block;
  }

  /** Writes all. */
  void write() throws IOException, InterruptedException {
    double unused = new Callers(clock).seconds(CALLERS, small + large, this::write);
  }

  private void write(int number) throws IOException {
    CreateOptions options = CreateOptions.defaults().createParents();
    if (number < small) {
      long written =
          fileSystem
              .createWithContent(
                  smallPath(number), ByteBuffer.wrap(content(number, SMALL_BYTES)), options)
              .length();
      if (written != SMALL_BYTES) {
        throw new IOException(smallPath(number) + " has " + written + " bytes");
      }
      return;
    }
    try (CairnOutputStream out = fileSystem.create(largePath(number - small), options)) {
      for (int block = 0; block < LARGE_BYTES / BLOCK; block++) {
        out.write(content(seed(number - small, block), BLOCK));
      }
    }
  }

  /**
   * Reads all and compares every byte.
   *
   * @throws IOException if a file cannot be read or differs
   */
  void check() throws IOException, InterruptedException {
    double unused = new Callers(clock).seconds(CALLERS, small + large, this::check);
  }

  private void check(int number) throws IOException {
    if (number < small) {
      checkSmall(fileSystem, number);
      return;
    }
    CairnPath path = largePath(number - small);
    byte[] found = new byte[BLOCK];
    try (CairnInputStream in = fileSystem.open(path)) {
      for (int block = 0; block < LARGE_BYTES / BLOCK; block++) {
        in.readFully((long) block * BLOCK, found, 0, BLOCK);
        require(path, found, content(seed(number - small, block), BLOCK));
      }
    }
  }

  /** Reads one small file and compares it. */
  static void checkSmall(CairnFileSystem with, int number) throws IOException {
    CairnPath path = smallPath(number);
    require(path, with.readFully(path, SMALL_BYTES), content(number, SMALL_BYTES));
  }

  private static void require(CairnPath path, byte[] found, byte[] wanted) throws IOException {
    int difference = Arrays.mismatch(found, wanted);
    if (difference >= 0) {
      throw new IOException(path + " holds other bytes than were written, from " + difference);
    }
  }
}
