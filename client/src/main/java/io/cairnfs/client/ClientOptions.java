package io.cairnfs.client;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import io.cairnfs.common.id.HostPort;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How a client behaves. Made with {@link #builder(List)}; every field but the addresses has a
 * default.
 *
 * @param metaservers where to look for the metaservers, in the order to try them; at least one
 * @param user who the client claims to be; default: the property {@code user.name}
 * @param clusterId refuse any other cluster; default empty: any
 * @param host the client's host name, for placement near the writer; default {@code localhost}
 * @param clientName for logs; default {@code client}
 * @param timeout one call, with all its retries; default 60 s
 * @param tryTimeout one try of a metadata call at one metaserver; default 5 s
 * @param connectTimeout default 2 s
 * @param unreachableReportInterval how often the listener hears that nobody answers; default 5 s
 * @param listener default {@link ClientListener#NONE}
 * @param syncOnClose whether close forces the bytes to disk when the creation did not say; default
 *     false
 * @param eventLoopThreads threads that move bytes; default 1
 * @param packetBytes largest packet of a write stream; default 1 MiB
 * @param writeWindowBytes unacknowledged bytes of one write stream; default 8 MiB
 * @param writeStallTimeout silence of a pipeline with packets outstanding after which it is given
 *     up; default 600 ms
 * @param sharedFileBytes content up to this size goes into the session's shared chunks; default 1
 *     MiB
 * @param sharedStreams shared chunks of one replication open at once; default 2
 * @param readRequestBytes largest request to a data server; default 1 MiB
 * @param readAheadBytes bytes fetched ahead of a sequential reader; default 2 MiB: more of several
 *     streams would leave the processor's caches before it is read
 * @param readTimeout one request to one data server, then the next member is asked; default 3 s
 * @param hedgeDelay the least time before a slow read is sent to a second member as well (the
 *     observed 99th percentile, if that is longer); default 50 ms
 * @param maxBufferBytes bytes of file content that all streams and the block cache together may
 *     hold; default 128 MiB
 * @param blockCacheBytes the part of {@code maxBufferBytes} that keeps what small positional reads
 *     (up to 64 KiB) have fetched, for the next one; 0: nothing is kept; at most half of {@code
 *     maxBufferBytes}; default 16 MiB, or an eighth of {@code maxBufferBytes} where that is less
 * @param outstandingMutations mutations on their way at once, at most 1,024; default 1,024
 * @param umask permission bits (0777) that no new file or directory gets, whatever mode was asked
 *     for; default 0
 * @param accessTimes whether the cluster is told that files were read; default RELATIVE
 * @param history a new file that every call about names and its answer is written to; for tests,
 *     since callers and event loops write it; default: none
 */
public record ClientOptions(
    List<HostPort> metaservers,
    String user,
    String clusterId,
    String host,
    String clientName,
    Duration timeout,
    Duration tryTimeout,
    Duration connectTimeout,
    Duration unreachableReportInterval,
    ClientListener listener,
    boolean syncOnClose,
    int eventLoopThreads,
    int packetBytes,
    long writeWindowBytes,
    Duration writeStallTimeout,
    int sharedFileBytes,
    int sharedStreams,
    int readRequestBytes,
    long readAheadBytes,
    Duration readTimeout,
    Duration hedgeDelay,
    long maxBufferBytes,
    long blockCacheBytes,
    int outstandingMutations,
    int umask,
    AccessTimes accessTimes,
    Optional<Path> history) {

  /** How access times follow what is read. */
  public enum AccessTimes {
    /**
     * As Linux' relatime: set where a file is opened for reading whose access time is not after its
     * last change, or is a day old. The cluster hears of many files at once, about a second later;
     * what was opened less than that before close it may not hear of.
     */
    RELATIVE,
    /** As Linux' noatime: what is read leaves no trace. */
    NONE
  }

  public ClientOptions {
    metaservers = List.copyOf(metaservers);
    Objects.requireNonNull(user, "user");
    Objects.requireNonNull(clusterId, "clusterId");
    Objects.requireNonNull(listener, "listener");
    check(!metaservers.isEmpty(), "no address of a metaserver");
    check(timeout.toMillis() > 0, "timeout is not positive");
    check(tryTimeout.toMillis() > 0, "tryTimeout is not positive");
    check(connectTimeout.toMillis() > 0, "connectTimeout is not positive");
    check(eventLoopThreads > 0, "eventLoopThreads is not positive");
    check(
        packetBytes >= 4096 && packetBytes <= 1 << 20 && packetBytes % 4096 == 0,
        "packetBytes is not a multiple of 4096 up to 1 MiB");
    check(writeWindowBytes >= packetBytes, "writeWindowBytes is less than a packet");
    check(sharedFileBytes >= 0 && sharedFileBytes <= 16 << 20, "sharedFileBytes outside 0..16 MiB");
    check(sharedStreams > 0, "sharedStreams is not positive");
    check(
        readRequestBytes >= 4096 && readRequestBytes <= 4 << 20,
        "readRequestBytes outside 4096..4 MiB");
    check(readAheadBytes >= 0, "readAheadBytes is negative");
    check(maxBufferBytes >= 4L << 20, "maxBufferBytes is less than 4 MiB");
    check(
        blockCacheBytes >= 0 && blockCacheBytes <= maxBufferBytes / 2,
        "blockCacheBytes outside 0..half of maxBufferBytes");
    check(
        outstandingMutations > 0 && outstandingMutations <= 1024,
        "outstandingMutations outside 1..1024");
    check(umask >= 0 && umask <= 0777, "umask outside 0..0777");
    Objects.requireNonNull(accessTimes, "accessTimes");
  }

  private static void check(boolean condition, String message) {
    if (!condition) {
      throw new IllegalArgumentException(message);
    }
  }

  public static Builder builder(List<HostPort> metaservers) {
    return new Builder(metaservers);
  }

  /** Collects what differs from the defaults. Not for several threads. */
  public static final class Builder {
    private final List<HostPort> metaservers;
    private String user = System.getProperty("user.name", "nobody");
    private String clusterId = "";
    private String host = "localhost";
    private String clientName = "client";
    private Duration timeout = Duration.ofSeconds(60);
    private Duration tryTimeout = Duration.ofSeconds(5);
    private Duration connectTimeout = Duration.ofSeconds(2);
    private Duration unreachableReportInterval = Duration.ofSeconds(5);
    private ClientListener listener = ClientListener.NONE;
    private boolean syncOnClose;
    private int eventLoopThreads = 1;
    private int packetBytes = 1 << 20;
    private long writeWindowBytes = 8L << 20;
    private Duration writeStallTimeout = Duration.ofMillis(600);
    private int sharedFileBytes = 1 << 20;
    private int sharedStreams = 2;
    private int readRequestBytes = 1 << 20;
    private long readAheadBytes = 2L << 20;
    private Duration readTimeout = Duration.ofSeconds(3);
    private Duration hedgeDelay = Duration.ofMillis(50);
    private long maxBufferBytes = 128L << 20;
    private OptionalLong blockCacheBytes = OptionalLong.empty();
    private int outstandingMutations = 1024;
    private int umask;
    private AccessTimes accessTimes = AccessTimes.RELATIVE;
    private Optional<Path> history = Optional.empty();

    private Builder(List<HostPort> metaservers) {
      this.metaservers = List.copyOf(metaservers);
    }

    @CanIgnoreReturnValue
    public Builder user(String value) {
      user = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder clusterId(String value) {
      clusterId = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder host(String value) {
      host = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder clientName(String value) {
      clientName = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder timeout(Duration value) {
      timeout = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder tryTimeout(Duration value) {
      tryTimeout = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder connectTimeout(Duration value) {
      connectTimeout = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder unreachableReportInterval(Duration value) {
      unreachableReportInterval = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder listener(ClientListener value) {
      listener = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder syncOnClose(boolean value) {
      syncOnClose = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder eventLoopThreads(int value) {
      eventLoopThreads = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder packetBytes(int value) {
      packetBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder writeWindowBytes(long value) {
      writeWindowBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder writeStallTimeout(Duration value) {
      writeStallTimeout = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder sharedFileBytes(int value) {
      sharedFileBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder sharedStreams(int value) {
      sharedStreams = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder readRequestBytes(int value) {
      readRequestBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder readAheadBytes(long value) {
      readAheadBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder readTimeout(Duration value) {
      readTimeout = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder hedgeDelay(Duration value) {
      hedgeDelay = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder maxBufferBytes(long value) {
      maxBufferBytes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder blockCacheBytes(long value) {
      blockCacheBytes = OptionalLong.of(value);
      return this;
    }

    @CanIgnoreReturnValue
    public Builder outstandingMutations(int value) {
      outstandingMutations = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder umask(int value) {
      umask = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder accessTimes(AccessTimes value) {
      accessTimes = value;
      return this;
    }

    @CanIgnoreReturnValue
    public Builder history(Path value) {
      history = Optional.of(value);
      return this;
    }

    /**
     * @throws IllegalArgumentException naming the field that is out of range
     */
    public ClientOptions build() {
      return new ClientOptions(
          metaservers,
          user,
          clusterId,
          host,
          clientName,
          timeout,
          tryTimeout,
          connectTimeout,
          unreachableReportInterval,
          listener,
          syncOnClose,
          eventLoopThreads,
          packetBytes,
          writeWindowBytes,
          writeStallTimeout,
          sharedFileBytes,
          sharedStreams,
          readRequestBytes,
          readAheadBytes,
          readTimeout,
          hedgeDelay,
          maxBufferBytes,
          blockCacheBytes.orElse(Math.min(16L << 20, maxBufferBytes / 8)),
          outstandingMutations,
          umask,
          accessTimes,
          history);
    }
  }
}
