package io.cairnfs.fuse;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * What stands behind {@code -o}.
 *
 * @param entryTimeout how long the kernel may go by a name
 * @param attributeTimeout how long it may go by attributes
 * @param negativeTimeout how long it may go by there being no such name
 * @param mountFlags of mount(2)
 * @param uid whom all files are shown to belong to, with {@code gid}
 * @param patience how long a program waits for a cluster that does not answer
 */
record MountOptions(
    Duration entryTimeout,
    Duration attributeTimeout,
    Duration negativeTimeout,
    boolean directIo,
    boolean allowOther,
    boolean oneUser,
    boolean nonEmpty,
    long mountFlags,
    int threads,
    OptionalInt uid,
    OptionalInt gid,
    Optional<Duration> patience,
    Optional<Path> configuration,
    Optional<Path> log) {

  private static final long READ_ONLY = 1;
  private static final long NO_SET_ID = 2;
  private static final long NO_DEVICES = 4;
  private static final long NO_EXECUTION = 8;
  private static final int DEFAULT_THREADS = 8;
  private static final int MAX_THREADS = 256;

  /** Words of fstab that are not for a file system. */
  private static final Set<String> IGNORED =
      Set.of(
          "defaults",
          "rw",
          "exec",
          "auto",
          "noauto",
          "nouser",
          "user",
          "users",
          "owner",
          "group",
          "_netdev",
          "nofail",
          "async",
          "relatime",
          "noatime",
          "nodiratime",
          "default_permissions");

  /**
   * Reads the words.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  static MountOptions parse(List<String> words) {
    MountOptions options =
        new MountOptions(
            Duration.ofSeconds(1),
            Duration.ofSeconds(1),
            Duration.ZERO,
            false,
            true,
            false,
            false,
            NO_SET_ID | NO_DEVICES,
            DEFAULT_THREADS,
            OptionalInt.empty(),
            OptionalInt.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty());
    Changes changes = new Changes(options);
    words.stream().filter(word -> !word.isEmpty()).forEach(changes::apply);
    return changes.done();
  }

  /** Gathers the words. */
  private static final class Changes {
    private Duration entryTimeout;
    private Duration attributeTimeout;
    private Duration negativeTimeout;
    private boolean directIo;
    private boolean allowOther;
    private boolean oneUser;
    private boolean nonEmpty;
    private long flags;
    private int threads;
    private OptionalInt uid = OptionalInt.empty();
    private OptionalInt gid = OptionalInt.empty();
    private Optional<Duration> patience = Optional.empty();
    private Optional<Path> configuration = Optional.empty();
    private Optional<Path> log = Optional.empty();

    Changes(MountOptions from) {
      entryTimeout = from.entryTimeout();
      attributeTimeout = from.attributeTimeout();
      negativeTimeout = from.negativeTimeout();
      allowOther = from.allowOther();
      flags = from.mountFlags();
      threads = from.threads();
    }

    MountOptions done() {
      return new MountOptions(
          entryTimeout,
          attributeTimeout,
          negativeTimeout,
          directIo,
          allowOther,
          oneUser,
          nonEmpty,
          flags,
          threads,
          uid,
          gid,
          patience,
          configuration,
          log);
    }

    void apply(String word) {
      int equals = word.indexOf('=');
      if (equals > 0) {
        apply(word.substring(0, equals), word.substring(equals + 1));
        return;
      }
      switch (word) {
        case "ro" -> flags |= READ_ONLY;
        case "suid" -> flags &= ~NO_SET_ID;
        case "nosuid" -> flags |= NO_SET_ID;
        case "dev" -> flags &= ~NO_DEVICES;
        case "nodev" -> flags |= NO_DEVICES;
        case "noexec" -> flags |= NO_EXECUTION;
        case "direct_io" -> directIo = true;
        case "allow_other" -> allowOther = true;
        case "noallow_other" -> allowOther = false;
        case "one_user" -> oneUser = true;
        case "nonempty" -> nonEmpty = true;
        default -> {
          if (!IGNORED.contains(word) && !word.startsWith("x-")) {
            throw new IllegalArgumentException("unknown mount option '" + word + "'");
          }
        }
      }
    }

    private void apply(String name, String value) {
      switch (name) {
        case "entry_timeout" -> entryTimeout = seconds(name, value);
        case "attr_timeout" -> attributeTimeout = seconds(name, value);
        case "negative_timeout" -> negativeTimeout = seconds(name, value);
        case "timeout" -> patience = Optional.of(seconds(name, value));
        case "threads" -> threads = number(name, value, 1, MAX_THREADS);
        case "uid" -> uid = OptionalInt.of(number(name, value, 0, Integer.MAX_VALUE));
        case "gid" -> gid = OptionalInt.of(number(name, value, 0, Integer.MAX_VALUE));
        case "conf" -> configuration = Optional.of(Path.of(value));
        case "log" -> log = Optional.of(Path.of(value));
        default -> {
          if (!name.startsWith("x-") && !name.equals("comment")) {
            throw new IllegalArgumentException("unknown mount option '" + name + "'");
          }
        }
      }
    }

    private static Duration seconds(String name, String value) {
      try {
        BigDecimal seconds = new BigDecimal(value);
        if (seconds.signum() >= 0 && seconds.compareTo(BigDecimal.valueOf(86_400)) <= 0) {
          return Duration.ofNanos(seconds.movePointRight(9).longValue());
        }
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(name + "=" + value + " is not a number of seconds", e);
      }
      throw new IllegalArgumentException(name + "=" + value + " is not within 0 to 86400 seconds");
    }

    private static int number(String name, String value, int least, int most) {
      try {
        int number = Integer.parseInt(value);
        if (number >= least && number <= most) {
          return number;
        }
      } catch (NumberFormatException e) {
        throw new IllegalArgumentException(name + "=" + value + " is not a number", e);
      }
      throw new IllegalArgumentException(
          name + "=" + value + " is not within " + least + " to " + most);
    }
  }
}
