package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.cluster.ClusterAddress;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import java.io.IOException;
import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;

/** How a file system comes to its client: the rules of the shell, and what {@code env} says. */
final class Connection {
  private static final int DEFAULT_UMASK = 022;

  private Connection() {}

  /**
   * @throws IllegalArgumentException for a key that is not known or a value of another type
   */
  static CairnFileSystem connect(String authority, Map<String, ?> env) throws IOException {
    ClusterChoice choice =
        new ClusterChoice(GenericOptions.parse(List.of()), Surroundings.ofProcess());
    ClusterAddress cluster = choice.named(authority);
    ClientOptions.Builder options =
        ClientOptions.builder(cluster.metaservers())
            .user(choice.user())
            .clientName("nio")
            .timeout(choice.timeout())
            .umask(DEFAULT_UMASK);
    for (Map.Entry<String, ?> entry : env.entrySet()) {
      set(options, entry.getKey(), entry.getValue());
    }
    return CairnFileSystem.connect(options.build());
  }

  private static void set(ClientOptions.Builder options, String key, Object value) {
    switch (key) {
      case "user" -> options.user(String.valueOf(value));
      case "umask" -> options.umask(umask(value));
      case "timeout" -> options.timeout(timeout(value));
      default ->
          throw new IllegalArgumentException(
              "'" + key + "' is none of user, umask, timeout and client");
    }
  }

  private static int umask(Object value) {
    return value instanceof Integer number ? number : Integer.parseInt(String.valueOf(value), 8);
  }

  private static Duration timeout(Object value) {
    try {
      return value instanceof Duration duration ? duration : Duration.parse(String.valueOf(value));
    } catch (DateTimeParseException e) {
      throw new IllegalArgumentException("timeout '" + value + "'", e);
    }
  }
}
