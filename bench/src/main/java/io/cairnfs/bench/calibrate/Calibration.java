package io.cairnfs.bench.calibrate;

import io.cairnfs.bench.report.Median;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;

/**
 * The machine's own speed, measured in the same run as whatever is compared with it.
 *
 * @param forceP50Micros fdatasync of a 4 KiB write into an allocated file, median
 * @param forceP99Micros the same, 99th percentile
 * @param roundTripMicros 64 bytes to another thread over loopback TCP and back, median
 * @param streamGigabytes loopback TCP in one direction, GB/s
 * @param cacheWriteGigabytes writing 1 MiB blocks into the page cache, GB/s
 * @param cacheReadGigabytes reading them, GB/s
 * @param crcGigabytes CRC-32C of 64 KiB blocks on one core, GB/s
 */
public record Calibration(
    double forceP50Micros,
    double forceP99Micros,
    double roundTripMicros,
    double streamGigabytes,
    double cacheWriteGigabytes,
    double cacheReadGigabytes,
    double crcGigabytes) {
  private static final int FORCES = 1_000;
  private static final int ROUND_TRIPS = 20_000;
  private static final int WARM_UP = 2_000;
  private static final long STREAM_BYTES = 4L << 30;
  private static final int CACHE_FILE_BYTES = 512 << 20;
  private static final int BLOCK_BYTES = 1 << 20;

  /** Measures all; takes some seconds. */
  public static Calibration measure(Path directory, Clock clock) throws IOException {
    long[] forces = forces(directory, clock, FORCES);
    double[] cache = cache(directory, clock);
    return new Calibration(
        Median.quantile(forces, 0.5) / 1000,
        Median.quantile(forces, 0.99) / 1000,
        roundTripMicros(clock),
        streamGigabytes(clock),
        cache[0],
        cache[1],
        crcGigabytes(clock));
  }

  /** Nanoseconds of each of many fdatasync calls in that directory. */
  static long[] forces(Path directory, Clock clock, int count) throws IOException {
    Path file = Files.createTempFile(directory, "calibrate", ".force");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer block = ByteBuffer.allocateDirect(4096);
      for (int i = 0; i < count; i++) {
        channel.write(block.clear(), 4096L * i);
      }
      channel.force(true);
      long[] nanos = new long[count];
      for (int i = 0; i < count; i++) {
        block.clear().putInt(i).clear();
        channel.write(block, 4096L * i);
        long start = clock.monotonicNanos();
        channel.force(false);
        nanos[i] = clock.monotonicNanos() - start;
      }
      return nanos;
    } finally {
      Files.delete(file);
    }
  }

  /** The median time of a force in that directory. */
  public static double forceMicros(Path directory, Clock clock) throws IOException {
    return Median.quantile(forces(directory, clock, FORCES / 2), 0.5) / 1000;
  }

  /** The median loopback round trip. */
  public static double roundTripMicros(Clock clock) throws IOException {
    long[] nanos = new long[ROUND_TRIPS];
    try (ServerSocketChannel server = listen();
        SocketChannel client = connect(server);
        SocketChannel accepted = server.accept()) {
      accepted.setOption(StandardSocketOptions.TCP_NODELAY, true);
      Thread echo = new Thread(() -> echo(accepted), "calibrate-echo");
      echo.setDaemon(true);
      echo.start();
      ByteBuffer message = ByteBuffer.allocateDirect(64);
      for (int i = -WARM_UP; i < ROUND_TRIPS; i++) {
        long start = clock.monotonicNanos();
        client.write(message.clear());
        message.clear();
        while (message.hasRemaining()) {
          if (client.read(message) < 0) {
            throw new IOException("the echo ended");
          }
        }
        if (i >= 0) {
          nanos[i] = clock.monotonicNanos() - start;
        }
      }
    }
    return Median.quantile(nanos, 0.5) / 1000;
  }

  private static void echo(SocketChannel channel) {
    ByteBuffer message = ByteBuffer.allocateDirect(64);
    try {
      while (channel.read(message.clear()) > 0) {
        message.flip();
        while (message.hasRemaining()) {
          channel.write(message);
        }
      }
    } catch (IOException e) {
      // The measuring side has closed: that is how this thread ends.
      Thread.currentThread().interrupt();
    }
  }

  /** One loopback TCP stream. */
  public static double streamGigabytes(Clock clock) throws IOException {
    try (ServerSocketChannel server = listen();
        SocketChannel client = connect(server);
        SocketChannel accepted = server.accept()) {
      Thread sender = new Thread(() -> send(client, STREAM_BYTES), "calibrate-sender");
      sender.setDaemon(true);
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
      long left = STREAM_BYTES;
      long start = clock.monotonicNanos();
      sender.start();
      while (left > 0) {
        int bytes = accepted.read(block.clear());
        if (bytes < 0) {
          throw new IOException("the stream ended " + left + " bytes early");
        }
        left -= bytes;
      }
      return gigabytes(STREAM_BYTES, clock.monotonicNanos() - start);
    }
  }

  private static void send(SocketChannel channel, long bytes) {
    ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
    try {
      for (long left = bytes; left > 0; ) {
        block.clear().limit((int) Math.min(left, BLOCK_BYTES));
        left -= channel.write(block);
      }
    } catch (IOException e) {
      // The receiving side tells how much was missing.
      Thread.currentThread().interrupt();
    }
  }

  private static double[] cache(Path directory, Clock clock) throws IOException {
    Path file = Files.createTempFile(directory, "calibrate", ".cache");
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
      ByteBuffer block = ByteBuffer.allocateDirect(BLOCK_BYTES);
      long start = clock.monotonicNanos();
      for (long at = 0; at < CACHE_FILE_BYTES; at += BLOCK_BYTES) {
        channel.write(block.clear(), at);
      }
      double write = gigabytes(CACHE_FILE_BYTES, clock.monotonicNanos() - start);
      start = clock.monotonicNanos();
      for (long at = 0; at < CACHE_FILE_BYTES; at += BLOCK_BYTES) {
        channel.read(block.clear(), at);
      }
      return new double[] {write, gigabytes(CACHE_FILE_BYTES, clock.monotonicNanos() - start)};
    } finally {
      Files.delete(file);
    }
  }

  private static double crcGigabytes(Clock clock) {
    ByteBuffer block = ByteBuffer.allocateDirect(64 << 10);
    CRC32C crc = new CRC32C();
    double best = 0;
    for (int round = 0; round < 8; round++) {
      int blocks = 20_000;
      long start = clock.monotonicNanos();
      for (int i = 0; i < blocks; i++) {
        crc.update(block.clear());
      }
      best =
          Math.max(
              best, gigabytes((long) blocks * block.capacity(), clock.monotonicNanos() - start));
    }
    if (crc.getValue() < 0) {
      throw new IllegalStateException("a checksum is never negative");
    }
    return best;
  }

  private static ServerSocketChannel listen() throws IOException {
    return ServerSocketChannel.open()
        .bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
  }

  private static SocketChannel connect(ServerSocketChannel server) throws IOException {
    SocketChannel channel = SocketChannel.open(server.getLocalAddress());
    channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
    return channel;
  }

  private static double gigabytes(long bytes, long nanos) {
    return (double) bytes / nanos;
  }
}
