package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.checkpoint.Checkpoint;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.LogView;
import io.cairnfs.raft.log.SegmentedLog;
import java.io.IOException;
import java.util.List;

/** The log and the newest checkpoint of a member, as its core reads them. */
final class StoredLogView implements LogView {
  private final SegmentedLog log;

  private final CheckpointStore checkpoints;

  StoredLogView(SegmentedLog log, CheckpointStore checkpoints) {
    this.log = log;
    this.checkpoints = checkpoints;
  }

  @Override
  public long firstIndex() {
    return log.firstIndex();
  }

  @Override
  public long lastIndex() {
    return log.lastIndex();
  }

  @Override
  public long term(long index) {
    return index == 0 ? 0 : log.term(index);
  }

  @Override
  public List<LogEntry> entries(long from, long upTo, int maxBytes) {
    try {
      return log.read(from, upTo + 1, maxBytes);
    } catch (IOException e) {
      throw new LoopFailure("reading entries from " + from, e);
    }
  }

  @Override
  public List<LogEntry> memberships() {
    try {
      return log.memberships(checkpointIndex());
    } catch (IOException e) {
      throw new LoopFailure("reading memberships", e);
    }
  }

  @Override
  public long checkpointIndex() {
    return current().index();
  }

  @Override
  public long checkpointTerm() {
    return current().term();
  }

  @Override
  public Membership checkpointMembership() {
    return current().membership();
  }

  private Checkpoint current() {
    try {
      return checkpoints.current();
    } catch (CairnException e) {
      throw new LoopFailure("the newest checkpoint's membership", e);
    }
  }
}
