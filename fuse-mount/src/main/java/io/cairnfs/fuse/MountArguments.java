package io.cairnfs.fuse;

import io.cairnfs.client.cluster.GenericOptions;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The words behind {@code cairn mount}.
 *
 * @param generic which cluster, and settings
 * @param source what is mounted: {@code cairn://CLUSTER/PATH}; empty = the root of the cluster that
 *     is meant anyway
 * @param point where
 * @param manner whether the program stays
 * @param log empty = the usual place
 */
record MountArguments(
    GenericOptions generic,
    Optional<String> source,
    Optional<Path> point,
    Manner manner,
    Optional<Path> log,
    MountOptions options) {

  /** What is to be done. */
  enum Manner {
    /** Serve until unmounted, and log to standard error. */
    FOREGROUND,
    /** The same, started by the script, which waits for one line. */
    BACKGROUND,
    /** Tell what is mounted. */
    STATUS,
    HELP
  }

  /**
   * Reads the words.
   *
   * @throws IllegalArgumentException with what is wrong
   */
  static MountArguments parse(List<String> words) {
    Optional<String> fileSystem = Optional.empty();
    Optional<Path> configuration = Optional.empty();
    Map<String, String> overrides = new LinkedHashMap<>();
    Manner manner = Manner.FOREGROUND;
    Optional<Path> log = Optional.empty();
    List<String> chosen = new ArrayList<>();
    List<String> places = new ArrayList<>();
    List<String> rest = new ArrayList<>(words);
    while (!rest.isEmpty()) {
      GenericOptions generic = GenericOptions.parse(rest);
      fileSystem = generic.fileSystem().or(optional(fileSystem));
      configuration = generic.configuration().or(optional(configuration));
      overrides.putAll(generic.overrides());
      rest = new ArrayList<>(generic.rest());
      if (rest.isEmpty()) {
        break;
      }
      String word = rest.remove(0);
      switch (word) {
        case "-f", "--foreground" -> manner = Manner.FOREGROUND;
        case "--background" -> manner = Manner.BACKGROUND;
        case "--status" -> manner = Manner.STATUS;
        case "-h", "-help", "--help" -> manner = Manner.HELP;
        case "-o" -> chosen.addAll(List.of(value(word, rest).split(",", -1)));
        case "--binding" -> chosen.add("binding=" + value(word, rest));
        case "--log" -> log = Optional.of(Path.of(value(word, rest)));
        default -> {
          if (word.startsWith("-")) {
            throw new IllegalArgumentException("unknown option " + word);
          }
          places.add(word);
        }
      }
    }
    if (places.size() > 2) {
      throw new IllegalArgumentException("too many words: " + String.join(" ", places));
    }
    MountOptions options = MountOptions.parse(chosen);
    return new MountArguments(
        new GenericOptions(
            fileSystem, overrides, configuration.or(options::configuration), List.of()),
        places.size() == 2 ? Optional.of(places.get(0)) : Optional.empty(),
        places.isEmpty()
            ? Optional.empty()
            : Optional.of(Path.of(places.get(places.size() - 1)).toAbsolutePath().normalize()),
        manner,
        log.or(options::log),
        options);
  }

  private static <T> java.util.function.Supplier<Optional<T>> optional(Optional<T> value) {
    return () -> value;
  }

  private static String value(String option, List<String> rest) {
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(option + " needs a value");
    }
    return rest.remove(0);
  }
}
