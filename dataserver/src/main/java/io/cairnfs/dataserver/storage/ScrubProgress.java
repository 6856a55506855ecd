package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.id.ChunkId;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where the scrubber is, in the file {@code SCRUB} of the server's directory.
 *
 * @param after the last replica that was read; chunk 0 = none of this round
 * @param hurried an operator waits for the end of the round
 * @param round the one under way; empty = none
 * @param last the last one that came to its end; empty = none did
 */
public record ScrubProgress(
    ChunkId after, boolean hurried, Optional<ScrubRound> round, Optional<ScrubRound> last) {
  private static final String FILE = "SCRUB";
  private static final String MAGIC = "cairn-scrub";
  private static final int VERSION = 1;
  private static final String AFTER = "after";
  private static final String HURRIED = "hurried";
  private static final String LAST = "last-";

  /** Of a server that never scrubbed. */
  public static final ScrubProgress NONE =
      new ScrubProgress(new ChunkId(0), false, Optional.empty(), Optional.empty());

  /** What was kept; {@link #NONE} where nothing was. Files that only say {@code after} are read. */
  public static ScrubProgress read(Disk disk) throws IOException {
    if (!disk.exists(FILE)) {
      return NONE;
    }
    String name = disk.describe(FILE);
    Map<String, String> values =
        TextRecord.decode(TextRecord.read(disk, FILE), MAGIC, VERSION, name);
    try {
      return new ScrubProgress(
          new ChunkId(Long.parseUnsignedLong(values.getOrDefault(AFTER, "0"), 16)),
          Boolean.parseBoolean(values.getOrDefault(HURRIED, "false")),
          round(values, ""),
          round(values, LAST));
    } catch (NumberFormatException e) {
      throw new CorruptionException(name, 0, "numbers", values.toString());
    }
  }

  private static Optional<ScrubRound> round(Map<String, String> values, String prefix) {
    return values.containsKey(prefix + "started")
        ? Optional.of(
            new ScrubRound(
                number(values, prefix + "started"),
                number(values, prefix + "ended"),
                number(values, prefix + "replicas"),
                number(values, prefix + "bytes"),
                number(values, prefix + "bad")))
        : Optional.empty();
  }

  private static long number(Map<String, String> values, String key) {
    return Long.parseLong(values.getOrDefault(key, "0"));
  }

  public void write(Disk disk) throws IOException {
    Map<String, String> values = new LinkedHashMap<>();
    values.put(AFTER, ReplicaPath.hex(after));
    values.put(HURRIED, Boolean.toString(hurried));
    round.ifPresent(each -> put(values, "", each));
    last.ifPresent(each -> put(values, LAST, each));
    TextRecord.replace(disk, FILE, TextRecord.encode(MAGIC, VERSION, values));
  }

  private static void put(Map<String, String> values, String prefix, ScrubRound round) {
    values.put(prefix + "started", Long.toString(round.startedMillis()));
    values.put(prefix + "ended", Long.toString(round.endedMillis()));
    values.put(prefix + "replicas", Long.toString(round.replicas()));
    values.put(prefix + "bytes", Long.toString(round.bytes()));
    values.put(prefix + "bad", Long.toString(round.bad()));
  }
}
