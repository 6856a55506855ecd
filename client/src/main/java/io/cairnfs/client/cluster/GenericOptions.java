package io.cairnfs.client.cluster;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What stands before the command: {@code -fs CLUSTER}, {@code -D key=value} (or {@code
 * -Dkey=value}), {@code --conf FILE} (or {@code -conf FILE}).
 *
 * @param rest the command and what follows
 */
public record GenericOptions(
    Optional<String> fileSystem,
    Map<String, String> overrides,
    Optional<Path> configuration,
    List<String> rest) {

  /**
   * Takes the options off the front.
   *
   * @throws IllegalArgumentException when one lacks its value
   */
  public static GenericOptions parse(List<String> words) {
    Optional<String> fileSystem = Optional.empty();
    Optional<Path> configuration = Optional.empty();
    Map<String, String> overrides = new LinkedHashMap<>();
    List<String> rest = new ArrayList<>(words);
    while (!rest.isEmpty()) {
      String word = rest.get(0);
      if (word.equals("-fs") || word.equals("--fs")) {
        fileSystem = Optional.of(value(rest, "a cluster"));
      } else if (word.equals("--conf") || word.equals("-conf")) {
        configuration = Optional.of(Path.of(value(rest, "a file")));
      } else if (word.equals("-D")) {
        override(overrides, value(rest, "key=value"));
      } else if (word.startsWith("-D") && word.contains("=")) {
        override(overrides, rest.remove(0).substring(2));
      } else {
        break;
      }
    }
    return new GenericOptions(fileSystem, overrides, configuration, rest);
  }

  private static String value(List<String> rest, String what) {
    String option = rest.remove(0);
    if (rest.isEmpty()) {
      throw new IllegalArgumentException(option + " needs " + what);
    }
    return rest.remove(0);
  }

  private static void override(Map<String, String> overrides, String text) {
    int equals = text.indexOf('=');
    if (equals <= 0) {
      throw new IllegalArgumentException("-D needs key=value, not " + text);
    }
    overrides.put(text.substring(0, equals), text.substring(equals + 1));
  }
}
