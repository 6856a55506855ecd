package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A small file that operators may read: a first line with magic and version, lines {@code
 * key=value}, and a last line {@code crc=} with the CRC-32C of everything before it. Replaced as a
 * whole: a crash leaves the old one or the new one.
 */
final class TextRecord {
  private static final String CRC = "crc=";
  private static final int MAX_BYTES = 1 << 20;

  private TextRecord() {}

  static byte[] encode(String magic, int version, Map<String, String> values) {
    StringBuilder text = new StringBuilder();
    text.append(magic).append(' ').append(version).append('\n');
    values.forEach((key, value) -> text.append(key).append('=').append(value).append('\n'));
    byte[] body = text.toString().getBytes(StandardCharsets.UTF_8);
    text.append(CRC).append(String.format("%08x", Crc32c.of(body, 0, body.length))).append('\n');
    return text.toString().getBytes(StandardCharsets.UTF_8);
  }

  static Map<String, String> decode(byte[] bytes, String magic, int version, String file)
      throws CairnException {
    String text = new String(bytes, StandardCharsets.UTF_8);
    int end = text.lastIndexOf(CRC);
    if (!text.startsWith(magic + " ") || end < 0) {
      throw new CorruptionException(file, 0, "a record of " + magic, abbreviate(text));
    }
    byte[] body = text.substring(0, end).getBytes(StandardCharsets.UTF_8);
    String crc = String.format("%08x", Crc32c.of(body, 0, body.length));
    String found = text.substring(end + CRC.length()).strip();
    if (!found.equals(crc)) {
      throw new CorruptionException(file, end, CRC + crc, CRC + found);
    }
    String[] lines = text.substring(0, end).split("\n", -1);
    if (!lines[0].equals(magic + " " + version)) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          file + ": is '" + lines[0] + "'; this software reads " + magic + " " + version);
    }
    Map<String, String> values = new LinkedHashMap<>();
    for (int i = 1; i < lines.length; i++) {
      int equals = lines[i].indexOf('=');
      if (equals > 0) {
        values.put(lines[i].substring(0, equals), lines[i].substring(equals + 1));
      }
    }
    return values;
  }

  private static String abbreviate(String text) {
    return "'" + text.substring(0, Math.min(text.length(), 40)) + "'";
  }

  static byte[] read(Disk disk, String name) throws IOException {
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      long size = file.size();
      if (size > MAX_BYTES) {
        throw new CorruptionException(
            disk.describe(name), 0, "at most " + MAX_BYTES + " bytes", size + " bytes");
      }
      ByteBuffer bytes = ByteBuffer.allocate((int) size);
      ReplicaRead.readFully(file, bytes, 0);
      return bytes.array();
    }
  }

  /** Writes beside, forces, renames, forces the directory. */
  static void replace(Disk disk, String name, byte[] bytes) throws IOException {
    String temporary = name + ".new";
    if (disk.exists(temporary)) {
      disk.delete(temporary);
    }
    try (DiskFile file = disk.open(temporary, Disk.OpenMode.CREATE)) {
      file.write(ByteBuffer.wrap(bytes), 0);
      file.force();
    }
    disk.rename(temporary, name);
    disk.forceDirectory("");
  }
}
