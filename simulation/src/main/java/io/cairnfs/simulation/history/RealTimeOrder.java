package io.cairnfs.simulation.history;

import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.Findings.Rule;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whether indexes follow real time: a call that was sent after another one was answered took effect
 * behind it. A mutation has a higher index then, because what was answered was committed before the
 * mutation could be proposed; a read has no lower one.
 */
final class RealTimeOrder {
  private final Findings findings;
  private final Map<String, List<ObservedCall>> callsByClock = new HashMap<>();
  private final Map<ObservedCall, Long> effects = new HashMap<>();

  RealTimeOrder(Findings findings) {
    this.findings = findings;
  }

  void call(ObservedCall call, String clock) {
    callsByClock.computeIfAbsent(clock, name -> new ArrayList<>()).add(call);
  }

  /** What the log says of a mutation, answered or not. */
  void tookEffect(ObservedCall call, long index) {
    effects.put(call, index);
  }

  void check() {
    callsByClock.values().forEach(this::check);
  }

  private void check(List<ObservedCall> calls) {
    List<ObservedCall> bySending = new ArrayList<>(calls);
    bySending.sort(Comparator.comparingLong(call -> call.recorded().sentNanos()));
    List<ObservedCall> byAnswer =
        new ArrayList<>(
            calls.stream()
                .filter(call -> call.recorded().end().isPresent() && call.end().logIndex() > 0)
                .toList());
    byAnswer.sort(Comparator.comparingLong(call -> call.end().nanos()));
    int answered = 0;
    ObservedCall newest = null;
    for (ObservedCall call : bySending) {
      while (answered < byAnswer.size()
          && byAnswer.get(answered).end().nanos() < call.recorded().sentNanos()) {
        ObservedCall one = byAnswer.get(answered++);
        if (newest == null || one.end().logIndex() > newest.end().logIndex()) {
          newest = one;
        }
      }
      if (newest != null) {
        compare(newest, call);
      }
    }
  }

  private void compare(ObservedCall before, ObservedCall call) {
    long index =
        call.recorded().end().isPresent() && call.end().logIndex() > 0
            ? call.end().logIndex()
            : effects.getOrDefault(call, 0L);
    if (index == 0) {
      return;
    }
    findings.count(Looked.ORDERED_IN_TIME);
    long least = before.end().logIndex() + (call.isMutation() ? 1 : 0);
    if (index < least) {
      findings.add(
          Rule.WRONG_ORDER,
          "%s is of index %d, though %s had been answered before it was sent%s",
          call,
          index,
          before,
          call.isMutation() ? "" : ": a stale read");
    }
  }
}
