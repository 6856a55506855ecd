package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ServerId;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** What the file {@code VOLUME} says: whose volume this is. */
public record VolumeIdentity(String clusterId, ServerId server, String volumeId) {
  static final String FILE = "VOLUME";
  private static final String MAGIC = "cairn-volume";
  private static final int VERSION = 1;

  /** Empty if the volume was never used. */
  public static Optional<VolumeIdentity> read(Disk disk) throws IOException {
    if (!disk.exists(FILE)) {
      return Optional.empty();
    }
    return Optional.of(decode(TextRecord.read(disk, FILE), disk.describe(FILE)));
  }

  static VolumeIdentity decode(byte[] bytes, String file) throws CairnException {
    Map<String, String> values = TextRecord.decode(bytes, MAGIC, VERSION, file);
    try {
      return new VolumeIdentity(
          values.getOrDefault("cluster", ""),
          new ServerId(Integer.parseInt(values.getOrDefault("server", "0"))),
          values.getOrDefault("volume", ""));
    } catch (IllegalArgumentException e) {
      throw new CorruptionException(file, 0, "server and volume ids", e.getMessage());
    }
  }

  byte[] encode() {
    Map<String, String> values = new LinkedHashMap<>();
    values.put("cluster", clusterId);
    values.put("server", Integer.toString(server.value()));
    values.put("volume", volumeId);
    return TextRecord.encode(MAGIC, VERSION, values);
  }

  /** Marks the volume as used; durable on return. */
  public void write(Disk disk) throws IOException {
    TextRecord.replace(disk, FILE, encode());
  }
}
