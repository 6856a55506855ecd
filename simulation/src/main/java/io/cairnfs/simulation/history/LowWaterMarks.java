package io.cairnfs.simulation.history;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.simulation.history.ObservedCall.Outcome;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * Until when calls of sessions can have had their effects: a call that was executed was executed
 * with its low-water mark, and what is below a session's mark is never executed again.
 */
final class LowWaterMarks {
  /** By session and mark: when a call with at least this mark was first known to be executed. */
  private final Map<Long, TreeMap<Long, Long>> passed = new HashMap<>();

  private LowWaterMarks() {}

  static LowWaterMarks of(List<HistoryFile> histories) {
    LowWaterMarks marks = new LowWaterMarks();
    for (HistoryFile history : histories) {
      for (RecordedCall call : history.calls()) {
        ObservedCall observed = new ObservedCall(history.header().client(), call, 0);
        if (observed.isMutation() && observed.outcome() != Outcome.UNKNOWN) {
          marks.add(call.session(), call.lowWater(), observed.end().nanos());
        }
      }
    }
    return marks;
  }

  /** Keeps times growing with the marks: a lower one that was passed later says nothing more. */
  private void add(long session, long mark, long nanos) {
    TreeMap<Long, Long> times = passed.computeIfAbsent(session, number -> new TreeMap<>());
    Map.Entry<Long, Long> higher = times.ceilingEntry(mark);
    if (higher != null && higher.getValue() <= nanos) {
      return;
    }
    times.put(mark, nanos);
    for (Map.Entry<Long, Long> lower = times.lowerEntry(mark);
        lower != null && lower.getValue() >= nanos;
        lower = times.lowerEntry(mark)) {
      times.remove(lower.getKey());
    }
  }

  /** From when on the call has had its effect or never will; empty if that is not known. */
  OptionalLong passed(RecordedCall call) {
    TreeMap<Long, Long> times = passed.getOrDefault(call.session(), new TreeMap<>());
    Map.Entry<Long, Long> first = times.higherEntry(call.call());
    return first == null ? OptionalLong.empty() : OptionalLong.of(first.getValue());
  }
}
