package io.cairnfs.dataserver;

import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigKey;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.config.DataServerEntry;
import io.cairnfs.common.config.MetaserverEntry;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.dataserver.heartbeat.HeartbeatOptions;
import io.cairnfs.dataserver.heartbeat.UpkeepOptions;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.dataserver.transfer.TransferOptions;
import io.cairnfs.rpc.server.SecurityMode;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * What a data server is made of.
 *
 * @param name its id in the configuration (d1)
 * @param host name or address to listen on, and by which others reach it
 * @param port port to listen on; 0 = any free one
 * @param forwarded what it binds instead, when connections to its host and port are passed on
 * @param directory for its identity
 * @param volumes directories that hold replicas
 * @param configurationFile for the status; empty = none
 */
public record DataServerOptions(
    String name,
    String host,
    int port,
    Optional<HostPort> forwarded,
    SecurityMode securityMode,
    Path directory,
    List<VolumeDirectory> volumes,
    HeartbeatOptions heartbeat,
    TransferOptions transfer,
    String configurationFile) {
  private static final Duration HEARTBEAT = Duration.ofSeconds(1);
  private static final Duration CALL_TIMEOUT = Duration.ofSeconds(2);

  /** A volume to open. */
  public record VolumeDirectory(Path directory, VolumeOptions options) {}

  public DataServerOptions {
    volumes = List.copyOf(volumes);
    if (volumes.isEmpty()) {
      throw new IllegalArgumentException(name + " has no volumes");
    }
  }

  /**
   * Of a data server in the configuration.
   *
   * @throws ConfigurationException if the id is not in the {@code dataservers} section, or there
   *     are no metaservers
   */
  public static DataServerOptions of(CairnConfiguration configuration, String id)
      throws ConfigurationException {
    DataServerEntry entry = configuration.dataServer(id);
    List<HostPort> metaservers =
        configuration.metaservers().stream().map(MetaserverEntry::address).toList();
    if (metaservers.isEmpty()) {
      throw new ConfigurationException("the configuration names no metaservers");
    }
    long reserveBytes = configuration.bytes(ConfigKey.DATASERVER_RESERVE_BYTES);
    return new DataServerOptions(
        id,
        entry.address().host(),
        entry.address().port(),
        entry.forwarded(),
        securityMode(configuration),
        entry.directory(),
        entry.volumes().stream()
            .map(
                volume ->
                    new VolumeDirectory(
                        volume.directory(),
                        new VolumeOptions(
                            entry.volumeQuotaBytes(), reserveBytes, volume.storage())))
            .toList(),
        new HeartbeatOptions(
            id,
            entry.rack(),
            metaservers,
            HEARTBEAT,
            CALL_TIMEOUT,
            configuration.bytes(ConfigKey.DATASERVER_COPY_RATE),
            configuration.bytes(ConfigKey.DATASERVER_COMPACTION_RATE),
            new UpkeepOptions(
                configuration.duration(ConfigKey.DATASERVER_SCRUB_PERIOD),
                configuration.bytes(ConfigKey.DATASERVER_SCRUB_RATE),
                configuration.duration(ConfigKey.DATASERVER_QUARANTINE_PERIOD),
                configuration.bytes(ConfigKey.DATASERVER_QUARANTINE_BYTES),
                configuration.duration(ConfigKey.DATASERVER_RECONCILE_PERIOD)),
            ""),
        TransferOptions.DEFAULT,
        configuration.file().map(Path::toString).orElse(""));
  }

  private static SecurityMode securityMode(CairnConfiguration configuration)
      throws ConfigurationException {
    String mode = configuration.text(ConfigKey.SECURITY_MODE);
    return switch (mode) {
      case "loopback" -> SecurityMode.LOOPBACK_ONLY;
      case "none" -> SecurityMode.NONE;
      default ->
          throw new ConfigurationException(
              "security.mode is '" + mode + "'; it may be loopback or none");
    };
  }
}
