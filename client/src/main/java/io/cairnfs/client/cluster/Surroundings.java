package io.cairnfs.client.cluster;

import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;

/**
 * Where a command was started.
 *
 * @param variables of the environment
 * @param userHome the user's home directory
 * @param operatingSystemUser the name that the operating system knows the user by
 */
public record Surroundings(
    Map<String, String> variables, Path userHome, String operatingSystemUser) {
  public Surroundings {
    variables = Map.copyOf(variables);
  }

  /** This process' own. */
  public static Surroundings ofProcess() {
    return new Surroundings(
        System.getenv(), Path.of(System.getProperty("user.home")), System.getProperty("user.name"));
  }

  /** A variable that is set to something. */
  public Optional<String> variable(String name) {
    return Optional.ofNullable(variables.get(name)).filter(value -> !value.isEmpty());
  }

  /** Whose rights commands have. */
  public String user() {
    return variable("CAIRN_USER").orElse(operatingSystemUser);
  }

  /** The directory above {@code bin}, if a launch script started this. */
  public Optional<Path> installation() {
    return variable("CAIRN_HOME").map(Path::of);
  }
}
