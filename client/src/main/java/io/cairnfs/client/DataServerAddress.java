package io.cairnfs.client;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;

/**
 * A data server as a client reaches it.
 *
 * @param name its name in the configuration ({@code d1})
 */
public record DataServerAddress(ServerId id, String name, HostPort address, Health health) {
  /** What the leading metaserver last knew. */
  public enum Health {
    UP,
    SUSPECT,
    DOWN
  }
}
