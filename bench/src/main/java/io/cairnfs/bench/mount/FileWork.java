package io.cairnfs.bench.mount;

import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Arrays;
import java.util.Random;

/** What is measured through system calls: one after the other, by one process. For one thread. */
final class FileWork {
  static final int RECORD = 4096;
  private static final int BLOCK = 1 << 20;

  /** What can be done; each takes a path and a number. */
  enum Operation {
    /** Makes so many files of 4 KiB in the directory. */
    CREATE,
    /** Asks for the attributes of each. */
    STAT,
    /** Opens, reads and closes each. */
    READ,
    UNLINK,
    /** Writes so many MiB in blocks of 1 MiB, forces them and closes. */
    STREAM_WRITE,
    STREAM_READ,
    /** Reads 4 KiB at random for at most so many ms. */
    RANDOM_READ,
    /** Writes 4 KiB at random for at most so many ms, and forces them. */
    RANDOM_WRITE,
    /** Appends so many records of 4 KiB, each forced; the time is the median of them. */
    APPEND
  }

  /**
   * What was done.
   *
   * @param count operations, or MiB
   */
  record Done(long count, long beginNanos, long endNanos) {}

  private final Clock clock;
  private final ByteBuffer record = ByteBuffer.allocateDirect(RECORD);
  private final ByteBuffer block = ByteBuffer.allocateDirect(BLOCK);

  FileWork(Clock clock) {
    this.clock = clock;
    Random random = new Random(4096);
    byte[] content = new byte[BLOCK];
    random.nextBytes(content);
    block.put(content);
    record.put(content, 0, RECORD);
  }

  Done run(Operation operation, Path path, int number) throws IOException {
    long begin = clock.monotonicNanos();
    long count =
        switch (operation) {
          case CREATE -> create(path, number);
          case STAT -> stat(path, number);
          case READ -> read(path, number);
          case UNLINK -> unlink(path, number);
          case STREAM_WRITE -> writeStream(path, number);
          case STREAM_READ -> readStream(path, number);
          case RANDOM_READ -> randomReads(path, begin + number * 1_000_000L);
          case RANDOM_WRITE -> randomWrites(path, begin + number * 1_000_000L);
          case APPEND -> number;
        };
    if (operation == Operation.APPEND) {
      return new Done(1, begin, begin + medianAppend(path, number));
    }
    return new Done(count, begin, clock.monotonicNanos());
  }

  private static Path file(Path directory, int number) {
    return directory.resolve("file-" + number);
  }

  private void require(boolean complete, Path path) throws IOException {
    if (!complete) {
      throw new IOException(path + ": fewer bytes than there should be");
    }
  }

  private long create(Path directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Path path = file(directory, i);
      try (FileChannel channel =
          FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
        require(channel.write(record.clear()) == RECORD, path);
      }
    }
    return count;
  }

  private long stat(Path directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Path path = file(directory, i);
      require(Files.readAttributes(path, BasicFileAttributes.class).size() == RECORD, path);
    }
    return count;
  }

  private long read(Path directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Path path = file(directory, i);
      try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
        require(channel.read(record.clear()) == RECORD, path);
      }
    }
    return count;
  }

  private static long unlink(Path directory, int count) throws IOException {
    for (int i = 0; i < count; i++) {
      Files.delete(file(directory, i));
    }
    return count;
  }

  private long writeStream(Path path, int mebibytes) throws IOException {
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      for (int i = 0; i < mebibytes; i++) {
        require(channel.write(block.clear()) == BLOCK, path);
      }
      channel.force(true);
    }
    return mebibytes;
  }

  private long readStream(Path path, int mebibytes) throws IOException {
    long total = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      int count = channel.read(block.clear());
      while (count >= 0) {
        total += count;
        count = channel.read(block.clear());
      }
    }
    require(total == (long) mebibytes * BLOCK, path);
    return mebibytes;
  }

  /** Places of the file in a random order, each once. */
  private static int[] shuffled(int count, int step) {
    int[] places = new int[count];
    Arrays.setAll(places, i -> i * step);
    Random random = new Random(count);
    for (int i = count - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      int kept = places[i];
      places[i] = places[j];
      places[j] = kept;
    }
    return places;
  }

  /**
   * Only every second place: where a page's neighbours are there already, the kernel would take the
   * next reads for a stream and answer them by reading ahead.
   */
  private long randomReads(Path path, long untilNanos) throws IOException {
    long done = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      for (long place : shuffled((int) (channel.size() / RECORD / 2), 2)) {
        require(channel.read(record.clear(), place * RECORD) == RECORD, path);
        done++;
        if (clock.monotonicNanos() > untilNanos) {
          break;
        }
      }
    }
    return done;
  }

  private long randomWrites(Path path, long untilNanos) throws IOException {
    long done = 0;
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      for (long place : shuffled((int) (channel.size() / RECORD), 1)) {
        require(channel.write(record.clear(), place * RECORD) == RECORD, path);
        done++;
        if (clock.monotonicNanos() > untilNanos) {
          break;
        }
      }
      channel.force(true);
    }
    return done;
  }

  private long medianAppend(Path path, int count) throws IOException {
    long[] nanos = new long[count];
    try (FileChannel channel =
        FileChannel.open(
            path, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
      for (int i = 0; i < count; i++) {
        long begin = clock.monotonicNanos();
        require(channel.write(record.clear()) == RECORD, path);
        channel.force(true);
        nanos[i] = clock.monotonicNanos() - begin;
      }
    }
    Arrays.sort(nanos);
    return nanos[count / 2];
  }
}
