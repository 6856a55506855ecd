package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ServerId;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Who this data server is, in the file {@code IDENTITY} of its directory. The nonce and the
 * volumes' ids are durable before the first registration, so that a registration whose answer was
 * lost can be repeated and gives the same id.
 *
 * @param server empty until the first registration was answered
 * @param clusterId empty until then
 * @param term the highest term of a leader whose instructions were followed
 */
public record ServerIdentity(
    String nonce,
    Optional<ServerId> server,
    String clusterId,
    List<RegisteredVolume> volumes,
    long term) {
  private static final String FILE = "IDENTITY";
  private static final String MAGIC = "cairn-dataserver";
  private static final int VERSION = 1;
  private static final String VOLUME = "volume.";

  /** A volume that belongs to the server; the directory is where it was last. */
  public record RegisteredVolume(String volumeId, String directory) {}

  public ServerIdentity {
    volumes = List.copyOf(volumes);
  }

  /** A server that never registered. */
  public static ServerIdentity fresh(RandomGenerator random) {
    byte[] nonce = new byte[16];
    random.nextBytes(nonce);
    return new ServerIdentity(HexFormat.of().formatHex(nonce), Optional.empty(), "", List.of(), 0);
  }

  /**
   * A new server with the same volumes, after the cluster struck this one out: what it holds counts
   * only after an inventory.
   */
  public ServerIdentity reborn(RandomGenerator random) {
    return new ServerIdentity(fresh(random).nonce(), Optional.empty(), clusterId, volumes, term);
  }

  public ServerIdentity withVolumes(List<RegisteredVolume> registered) {
    return new ServerIdentity(nonce, server, clusterId, registered, term);
  }

  /** After an operator declared a volume lost; the same if it is not one of these. */
  public ServerIdentity withoutVolume(String volumeId) {
    return withVolumes(
        volumes.stream().filter(volume -> !volume.volumeId().equals(volumeId)).toList());
  }

  public ServerIdentity withServer(ServerId id, String cluster) {
    return new ServerIdentity(nonce, Optional.of(id), cluster, volumes, term);
  }

  public ServerIdentity withTerm(long highest) {
    return new ServerIdentity(nonce, server, clusterId, volumes, highest);
  }

  /** Empty if the directory never held a server. */
  public static Optional<ServerIdentity> read(Disk disk) throws IOException {
    if (!disk.exists(FILE)) {
      return Optional.empty();
    }
    return Optional.of(decode(TextRecord.read(disk, FILE), disk.describe(FILE)));
  }

  static ServerIdentity decode(byte[] bytes, String file) throws CairnException {
    Map<String, String> values = TextRecord.decode(bytes, MAGIC, VERSION, file);
    try {
      int server = Integer.parseInt(values.getOrDefault("server", "0"));
      List<RegisteredVolume> volumes = new ArrayList<>();
      values.forEach(
          (key, value) -> {
            if (key.startsWith(VOLUME)) {
              volumes.add(new RegisteredVolume(key.substring(VOLUME.length()), value));
            }
          });
      return new ServerIdentity(
          values.getOrDefault("nonce", ""),
          server == 0 ? Optional.empty() : Optional.of(new ServerId(server)),
          values.getOrDefault("cluster", ""),
          volumes,
          Long.parseLong(values.getOrDefault("term", "0")));
    } catch (IllegalArgumentException e) {
      throw new CorruptionException(file, 0, "server id and term", e.getMessage());
    }
  }

  byte[] encode() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("nonce", nonce);
    values.put("server", server.map(id -> Integer.toString(id.value())).orElse("0"));
    values.put("cluster", clusterId);
    values.put("term", Long.toString(term));
    for (RegisteredVolume volume : volumes) {
      values.put(VOLUME + volume.volumeId(), volume.directory());
    }
    return TextRecord.encode(MAGIC, VERSION, values);
  }

  /** Durable on return. */
  public void write(Disk disk) throws IOException {
    TextRecord.replace(disk, FILE, encode());
  }
}
