package io.cairnfs.common.config;

import io.cairnfs.common.id.HostPort;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A data server as the configuration names it.
 *
 * @param address by which others reach it
 * @param forwarded what it binds, if that is another address
 * @param volumeQuotaBytes what Cairn may use on each volume; 0 = no limit but the disk's
 */
public record DataServerEntry(
    String id,
    HostPort address,
    Optional<HostPort> forwarded,
    String rack,
    Path directory,
    List<VolumeEntry> volumes,
    long volumeQuotaBytes) {
  public DataServerEntry {
    volumes = List.copyOf(volumes);
  }
}
