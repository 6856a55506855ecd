package io.cairnfs.common.config;

import io.cairnfs.common.id.HostPort;
import java.nio.file.Path;
import java.util.Optional;

/**
 * A metaserver as the configuration names it.
 *
 * @param address by which others reach it
 * @param forwarded what it binds, if that is another address
 */
public record MetaserverEntry(
    String id, HostPort address, Optional<HostPort> forwarded, Path directory) {
  /** What it binds. */
  public HostPort listen() {
    return forwarded.orElse(address);
  }
}
