package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/** A small log and its entries. */
final class LogFixture {
  static final RaftIdentity IDENTITY = new RaftIdentity("group-1", "m1");
  static final String DIRECTORY = "raft";
  static final LogOptions SMALL = new LogOptions(16 << 10, 1 << 10, 64 << 10);

  private LogFixture() {}

  static RaftStorage open(Disk disk) throws IOException {
    return RaftStorage.open(disk, DIRECTORY, IDENTITY, SMALL, new SplittableRandom(7));
  }

  static RaftStorage format(Disk disk) throws IOException {
    RaftStorage.format(disk, DIRECTORY, IDENTITY);
    return open(disk);
  }

  static LogEntry entry(long index, long term, int bytes) {
    byte[] payload = new byte[bytes];
    new SplittableRandom(index * 31 + term).nextBytes(payload);
    return new LogEntry(index, term, EntryKind.COMMANDS, payload);
  }

  /** Entries [from, to) of one term. */
  static List<LogEntry> entries(long from, long to, long term, int bytes) {
    List<LogEntry> entries = new ArrayList<>();
    for (long index = from; index < to; index++) {
      entries.add(entry(index, term, bytes));
    }
    return entries;
  }

  /** Appends in batches small enough for the log to go on from segment to segment. */
  static void appendInPieces(SegmentedLog log, List<LogEntry> entries) throws IOException {
    for (int at = 0; at < entries.size(); at += 5) {
      log.append(entries.subList(at, Math.min(entries.size(), at + 5)));
    }
  }

  static List<LogEntry> all(SegmentedLog log) throws IOException {
    return log.firstIndex() > log.lastIndex()
        ? List.of()
        : log.read(log.firstIndex(), log.lastIndex() + 1, Long.MAX_VALUE);
  }
}
