package io.cairnfs.fuse;

import io.cairnfs.fuse.binding.MountFlags;
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
 * @param binding empty = the usual one
 * @param entryTimeout how long the kernel may go by a name
 * @param attributeTimeout how long it may go by attributes; empty = as the binding needs it
 * @param negativeTimeout how long it may go by there being no such name
 * @param allowOther whether other users may come in; empty = if root mounts
 * @param directoryLeases names are changed at once where a directory is leased to the mount
 * @param mountFlags of mount(2)
 * @param uid whom all files are shown to belong to, with {@code gid}
 * @param patience how long a program waits for a cluster that does not answer
 */
record MountOptions(
    Optional<Binding> binding,
    Duration entryTimeout,
    Optional<Duration> attributeTimeout,
    Duration negativeTimeout,
    boolean directIo,
    boolean directoryLeases,
    Optional<Boolean> allowOther,
    boolean oneUser,
    boolean nonEmpty,
    long mountFlags,
    int threads,
    OptionalInt uid,
    OptionalInt gid,
    Optional<Duration> patience,
    Optional<Path> configuration,
    Optional<Path> log) {

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
    Changes changes = new Changes();
    words.stream().filter(word -> !word.isEmpty()).forEach(changes::apply);
    return changes.done();
  }

  /** Gathers the words. */
  private static final class Changes {
    private Optional<Binding> binding = Optional.empty();
    private Duration entryTimeout = Duration.ofSeconds(1);
    private Optional<Duration> attributeTimeout = Optional.empty();
    private Duration negativeTimeout = Duration.ZERO;
    private boolean directIo;
    private boolean directoryLeases;
    private Optional<Boolean> allowOther = Optional.empty();
    private boolean oneUser;
    private boolean nonEmpty;
    private long flags = MountFlags.NO_SET_ID | MountFlags.NO_DEVICES;
    private int threads = DEFAULT_THREADS;
    private OptionalInt uid = OptionalInt.empty();
    private OptionalInt gid = OptionalInt.empty();
    private Optional<Duration> patience = Optional.empty();
    private Optional<Path> configuration = Optional.empty();
    private Optional<Path> log = Optional.empty();

    MountOptions done() {
      return new MountOptions(
          binding,
          entryTimeout,
          attributeTimeout,
          negativeTimeout,
          directIo,
          directoryLeases,
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
        case "ro" -> flags |= MountFlags.READ_ONLY;
        case "suid" -> flags &= ~MountFlags.NO_SET_ID;
        case "nosuid" -> flags |= MountFlags.NO_SET_ID;
        case "dev" -> flags &= ~MountFlags.NO_DEVICES;
        case "nodev" -> flags |= MountFlags.NO_DEVICES;
        case "noexec" -> flags |= MountFlags.NO_EXECUTION;
        case "direct_io" -> directIo = true;
        case "dir_lease" -> directoryLeases = true;
        case "no_dir_lease" -> directoryLeases = false;
        case "allow_other" -> allowOther = Optional.of(true);
        case "noallow_other" -> allowOther = Optional.of(false);
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
        case "binding" -> binding = Optional.of(Binding.named(value));
        case "entry_timeout" -> entryTimeout = seconds(name, value);
        case "attr_timeout" -> attributeTimeout = Optional.of(seconds(name, value));
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
