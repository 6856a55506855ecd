package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where one role of a cluster lives, for tools that give each process a network or a disk of its
 * own.
 *
 * @param address by which others reach it
 * @param listen where it listens, if that is another address: somebody passes connections on
 * @param directory for all its data
 * @param prefix words in front of its command, such as those that enter a network namespace
 */
public record RolePlace(
    HostPort address, Optional<HostPort> listen, Path directory, List<String> prefix) {
  public RolePlace {
    prefix = List.copyOf(prefix);
  }

  /** The words that the configuration has for it. */
  String configuration() {
    return "host = \"%s\", port = %d, directory = \"%s\"%s"
        .formatted(
            address.host(),
            address.port(),
            directory,
            listen.map(other -> ", listen = \"" + other + "\"").orElse(""));
  }
}
