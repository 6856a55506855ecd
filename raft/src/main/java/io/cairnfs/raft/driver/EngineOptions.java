package io.cairnfs.raft.driver;

import io.cairnfs.raft.core.RaftOptions;
import io.cairnfs.raft.log.LogOptions;
import java.time.Duration;

/**
 * How an engine runs.
 *
 * @param raft times and bounds of the protocol
 * @param log sizes of the log
 * @param markAfter a log that came to rest so long ago gets a mark
 * @param checkpointBytes a checkpoint is made when the log has grown by so much since the last one
 * @param checkpointEntries or by so many entries
 * @param retainedLogBytes log kept below a checkpoint, at most, for followers that are a little
 *     behind: whole segments, and no more entries than {@link RaftOptions#trailingEntries}
 * @param applyChunkBytes payload handed to the apply thread at a time; it has at most four such
 *     pieces before it
 */
public record EngineOptions(
    RaftOptions raft,
    LogOptions log,
    Duration markAfter,
    long checkpointBytes,
    long checkpointEntries,
    long retainedLogBytes,
    int applyChunkBytes) {
  /** 20 ms, 256 MiB, 1,000,000 entries, 64 MiB, 1 MiB. */
  public static final EngineOptions DEFAULT =
      new EngineOptions(
          RaftOptions.DEFAULT,
          LogOptions.DEFAULT,
          Duration.ofMillis(20),
          256L << 20,
          1_000_000,
          64L << 20,
          1 << 20);

  public EngineOptions {
    if (checkpointBytes <= 0
        || checkpointEntries <= 0
        || retainedLogBytes < 0
        || applyChunkBytes <= 0) {
      throw new IllegalArgumentException(
          "checkpoint every %d bytes, %d entries; keep %d bytes; apply in pieces of %d"
              .formatted(checkpointBytes, checkpointEntries, retainedLogBytes, applyChunkBytes));
    }
    if (log.maxEntryBytes() > log.segmentBytes() / 2) {
      throw new IllegalArgumentException(
          "entries of up to %d bytes in segments of %d: wanted at most half"
              .formatted(log.maxEntryBytes(), log.segmentBytes()));
    }
  }

  public EngineOptions withRaft(RaftOptions options) {
    return new EngineOptions(
        options,
        log,
        markAfter,
        checkpointBytes,
        checkpointEntries,
        retainedLogBytes,
        applyChunkBytes);
  }

  public EngineOptions withLog(LogOptions options) {
    return new EngineOptions(
        raft,
        options,
        markAfter,
        checkpointBytes,
        checkpointEntries,
        retainedLogBytes,
        applyChunkBytes);
  }

  public EngineOptions withCheckpoints(long bytes, long entries) {
    return new EngineOptions(
        raft, log, markAfter, bytes, entries, retainedLogBytes, applyChunkBytes);
  }

  public EngineOptions withRetainedLog(long bytes) {
    return new EngineOptions(
        raft, log, markAfter, checkpointBytes, checkpointEntries, bytes, applyChunkBytes);
  }
}
