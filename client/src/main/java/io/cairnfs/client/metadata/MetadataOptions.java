package io.cairnfs.client.metadata;

import io.cairnfs.common.id.HostPort;
import java.time.Duration;
import java.util.List;

/**
 * How metaservers are called.
 *
 * @param addresses where to begin, in this order
 * @param timeout one call with all its retries
 * @param tryTimeout one try at one metaserver
 * @param unreachableReportInterval how often a listener hears that nobody answers
 */
public record MetadataOptions(
    List<HostPort> addresses,
    Duration timeout,
    Duration tryTimeout,
    Duration unreachableReportInterval) {
  public MetadataOptions {
    addresses = List.copyOf(addresses);
  }
}
