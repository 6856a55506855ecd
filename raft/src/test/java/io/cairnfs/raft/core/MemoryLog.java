package io.cairnfs.raft.core;

import io.cairnfs.raft.Membership;
import java.util.ArrayList;
import java.util.List;

/** The forced part of a log, in memory. */
final class MemoryLog implements LogView {
  private final List<LogEntry> entries = new ArrayList<>();
  private long base;
  private long baseTerm;
  private Membership baseMembership;

  MemoryLog(Membership formatted) {
    baseMembership = formatted;
  }

  /** As the log does on disk: cuts what the first entry replaces. */
  void write(List<LogEntry> added) {
    if (!added.isEmpty()) {
      int from = (int) (added.get(0).index() - firstIndex());
      entries.subList(from, entries.size()).clear();
      entries.addAll(added);
    }
  }

  void reset(long index, long term, Membership membership) {
    entries.clear();
    base = index;
    baseTerm = term;
    baseMembership = membership;
  }

  @Override
  public long firstIndex() {
    return base + 1;
  }

  @Override
  public long lastIndex() {
    return base + entries.size();
  }

  @Override
  public long term(long index) {
    return index == base ? baseTerm : entries.get((int) (index - base - 1)).term();
  }

  @Override
  public List<LogEntry> entries(long from, long upTo, int maxBytes) {
    List<LogEntry> found = new ArrayList<>();
    int bytes = 0;
    for (LogEntry entry : entries.subList((int) (from - base - 1), (int) (upTo - base))) {
      bytes += entry.payload().length;
      if (!found.isEmpty() && bytes > maxBytes) {
        break;
      }
      found.add(entry);
    }
    return found;
  }

  @Override
  public List<LogEntry> memberships() {
    return entries.stream().filter(entry -> entry.kind() == EntryKind.MEMBERSHIP).toList();
  }

  @Override
  public long checkpointIndex() {
    return base;
  }

  @Override
  public long checkpointTerm() {
    return baseTerm;
  }

  @Override
  public Membership checkpointMembership() {
    return baseMembership;
  }
}
