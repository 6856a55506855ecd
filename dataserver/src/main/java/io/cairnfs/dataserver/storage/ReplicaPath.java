package io.cairnfs.dataserver.storage;

import io.cairnfs.common.id.ChunkId;
import java.util.Optional;

/** Names of a replica's files within a volume; the layout is in the package's description. */
final class ReplicaPath {
  static final String CHUNKS = "chunks";
  static final String QUARANTINE = "quarantine";
  static final String BAD = "bad";
  private static final String DATA = ".data";
  private static final String SUMS = ".sums";
  private static final String LOG = ".log";
  private static final String COPY = ".copy";
  private static final String NEW = ".new";

  private ReplicaPath() {}

  /** What the name of a SEALED data file says. */
  record SealedName(ChunkId chunk, long length, int replication) {}

  static String openData(ChunkId chunk) {
    return slotDirectory(chunk) + "/" + hex(chunk) + DATA;
  }

  /** The checksum file of a replica that is not SEALED. */
  static String openLog(ChunkId chunk) {
    return slotDirectory(chunk) + "/" + hex(chunk) + LOG;
  }

  static String copyData(ChunkId chunk) {
    return slotDirectory(chunk) + "/" + hex(chunk) + COPY;
  }

  static String slotDirectory(ChunkId chunk) {
    return slotDirectory(chunk.pool(), chunk.slot());
  }

  static String slotDirectory(int pool, int slot) {
    return String.format("%s/%03x/%04x", CHUNKS, pool, slot);
  }

  static String sealedData(SealedName name) {
    return slotDirectory(name.chunk()) + "/" + sealedDataName(name);
  }

  private static String sealedDataName(SealedName name) {
    return hex(name.chunk())
        + "."
        + Long.toHexString(name.length())
        + "."
        + name.replication()
        + DATA;
  }

  static String sealedSums(ChunkId chunk) {
    return slotDirectory(chunk) + "/" + hex(chunk) + SUMS;
  }

  /** The marker of a SEALED replica that was found bad. */
  static String badMarker(ChunkId chunk) {
    return BAD + "/" + hex(chunk);
  }

  /** The chunk of a marker, empty for every other name. */
  static Optional<ChunkId> parseChunk(String name) {
    return parse(name, "");
  }

  /** Where a new checksum file is written before it is renamed. */
  static String sealingSums(ChunkId chunk) {
    return slotDirectory(chunk) + "/" + hex(chunk) + SUMS + NEW;
  }

  /** The chunk of a file {@code CHUNK.data}, empty for every other name. */
  static Optional<ChunkId> parseData(String name) {
    return parse(name, DATA);
  }

  /** The chunk of a file {@code CHUNK.log}, empty for every other name. */
  static Optional<ChunkId> parseLog(String name) {
    return parse(name, LOG);
  }

  /** Whether an interrupted seal or copy left a file of this name. */
  static boolean isTemporary(String name) {
    return name.endsWith(COPY) || name.endsWith(NEW);
  }

  /** The chunk of a file {@code CHUNK.sums}, empty for every other name. */
  static Optional<ChunkId> parseSums(String name) {
    return parse(name, SUMS);
  }

  static Optional<SealedName> parseSealedData(String name) {
    if (!name.endsWith(DATA)) {
      return Optional.empty();
    }
    int first = name.indexOf('.');
    int second = name.indexOf('.', first + 1);
    int third = name.length() - DATA.length();
    if (first != 16 || second < 0 || second >= third) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new SealedName(
              new ChunkId(Long.parseUnsignedLong(name.substring(0, first), 16)),
              Long.parseLong(name.substring(first + 1, second), 16),
              Integer.parseInt(name.substring(second + 1, third))));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  private static Optional<ChunkId> parse(String name, String suffix) {
    if (name.length() != 16 + suffix.length() || !name.endsWith(suffix)) {
      return Optional.empty();
    }
    try {
      return Optional.of(new ChunkId(Long.parseUnsignedLong(name.substring(0, 16), 16)));
    } catch (NumberFormatException e) {
      return Optional.empty();
    }
  }

  static String hex(ChunkId chunk) {
    return String.format("%016x", chunk.value());
  }
}
