package io.cairnfs.simulation.history;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.Findings.Rule;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Looks for an order of the calls that explains all answers, knowing nothing of logs and indexes:
 * the search of Wing and Gong, with Lowe's memory of what was tried (Testing for linearizability,
 * 2017), just in time: the ends of calls are gone through as they happened, with all pairs of a
 * state and the waiting calls that have had their effect in it; a call whose end comes must have
 * had its effect in each pair that stays, and others have theirs before it only where that leads
 * somewhere. If no pair stays, there is no order. A call without an outcome has its effect, if any,
 * before a later one of its session is answered that was sent with a higher low-water mark (what is
 * below that is never executed again); where no such call was answered, it waits for ever.
 *
 * <p>One search for what lies below one name of the root directory, and for several of them if
 * calls moved something between. Everybody who changes names there must have been recorded, from an
 * empty name space on.
 *
 * <p>The names of a state are a tree: where somebody made links, or let two things change places,
 * the search is given up.
 */
public final class OrderSearch {
  /** Pairs of state and effects that are followed at once; beyond, the search is given up. */
  static final int MAX_FRONTIER = 50_000;

  private static final Set<String> FROM_THE_START = Set.of("tmp", "user");

  private final Findings findings;
  private final LowWaterMarks marks;

  /** A state, and the places of the waiting calls that have had their effect in it. */
  private record Possible(NameTree tree, BitSet done) {}

  private record Event(long nanos, boolean isEnd, NameCall call) {}

  private OrderSearch(Findings findings, LowWaterMarks marks) {
    this.findings = findings;
    this.marks = marks;
  }

  /** Searches in histories of clients that share one clock. */
  public static Findings check(List<HistoryFile> histories) {
    OrderSearch search = new OrderSearch(new Findings(), LowWaterMarks.of(histories));
    if (histories.stream().anyMatch(OrderSearch::makesLinks)) {
      search.findings.count(Findings.Looked.SEARCH_LEFT_UNDECIDED);
      return search.findings;
    }
    search.partitions(calls(histories)).forEach(search::searchPartition);
    return search.findings;
  }

  private static boolean makesLinks(HistoryFile history) {
    return history.calls().stream()
        .map(recorded -> new ObservedCall(history.header().client(), recorded, 0))
        .anyMatch(NameCall::makesLinks);
  }

  private static List<NameCall> calls(List<HistoryFile> histories) {
    long zero =
        histories.stream()
            .flatMap(history -> history.calls().stream().limit(1))
            .mapToLong(RecordedCall::sentNanos)
            .min()
            .orElse(0);
    List<NameCall> calls = new ArrayList<>();
    for (HistoryFile history : histories) {
      for (RecordedCall recorded : history.calls()) {
        NameCall.of(new ObservedCall(history.header().client(), recorded, zero))
            .ifPresent(calls::add);
      }
    }
    return calls;
  }

  /** By the first names of paths, those together between which something was moved. */
  private Map<String, List<NameCall>> partitions(List<NameCall> calls) {
    Map<String, String> together = new HashMap<>();
    for (NameCall call : calls) {
      String first = root(together, call.tops().get(0));
      for (String top : call.tops()) {
        together.put(root(together, top), first);
      }
    }
    Map<String, List<NameCall>> partitions = new TreeMap<>();
    for (NameCall call : calls) {
      partitions
          .computeIfAbsent(root(together, call.tops().get(0)), top -> new ArrayList<>())
          .add(call);
    }
    return partitions;
  }

  private static String root(Map<String, String> together, String top) {
    String at = together.computeIfAbsent(top, name -> name);
    while (!at.equals(together.get(at))) {
      at = together.get(at);
    }
    return at;
  }

  private List<Event> events(List<NameCall> calls) {
    List<Event> events = new ArrayList<>();
    for (NameCall call : calls) {
      RecordedCall recorded = call.call().recorded();
      events.add(new Event(recorded.sentNanos(), false, call));
      if (!call.isPending()) {
        events.add(new Event(call.call().end().nanos(), true, call));
      } else {
        marks.passed(recorded).ifPresent(nanos -> events.add(new Event(nanos, true, call)));
      }
    }
    // What began when something else ended may have been beside it; and the call whose end tells
    // that a mark was passed comes before those that the mark ends.
    events.sort(
        Comparator.comparingLong(Event::nanos)
            .thenComparing(Event::isEnd)
            .thenComparing(event -> event.call.isPending()));
    return events;
  }

  private void searchPartition(String top, List<NameCall> calls) {
    findings.count(Looked.SEARCHED_PARTITIONS);
    Waiting waiting = new Waiting();
    NameTree start =
        FROM_THE_START.stream()
            .filter(name -> calls.stream().anyMatch(call -> call.tops().contains(name)))
            .reduce(
                NameTree.EMPTY,
                (tree, name) -> tree.with(name, new NameTree.Node(true, 0)),
                (one, other) -> other);
    Set<Possible> frontier = Set.of(new Possible(start, new BitSet()));
    for (Event event : events(calls)) {
      if (!event.isEnd) {
        waiting.add(event.call);
        continue;
      }
      boolean decided = !event.call.isPending();
      findings.count(decided ? Looked.SEARCHED_CALLS : Looked.CALLS_BELOW_THE_MARK);
      Optional<Set<Possible>> next = end(event.call, waiting, frontier);
      if (next.isEmpty()) {
        findings.count(Looked.SEARCH_LEFT_UNDECIDED);
        return;
      }
      Set<Possible> stays = next.get();
      if (!decided) {
        // Or it never had its effect.
        int place = waiting.placeOf(event.call);
        frontier.stream().filter(possible -> !possible.done.get(place)).forEach(stays::add);
      }
      if (stays.isEmpty()) {
        explain(top, event.call, waiting, frontier);
        return;
      }
      waiting.remove(event.call);
      frontier = stays;
      findings.atLeast(Looked.LONGEST_SEARCH_FRONTIER, frontier.size());
    }
  }

  /** What is possible once a call has ended; nothing if that is too much to follow. */
  private static Optional<Set<Possible>> end(
      NameCall ended, Waiting waiting, Set<Possible> frontier) {
    int place = waiting.placeOf(ended);
    Set<Possible> next = new LinkedHashSet<>();
    Set<Possible> tried = new HashSet<>(frontier);
    Deque<Possible> open = new ArrayDeque<>(frontier);
    while (!open.isEmpty()) {
      Possible possible = open.pop();
      if (possible.done.get(place)) {
        BitSet left = (BitSet) possible.done.clone();
        left.clear(place);
        next.add(new Possible(possible.tree, left));
        continue;
      }
      for (Map.Entry<Integer, NameCall> other : waiting.calls()) {
        if (!possible.done.get(other.getKey())) {
          step(possible, other.getKey(), other.getValue()).filter(tried::add).ifPresent(open::push);
        }
      }
      if (tried.size() > MAX_FRONTIER) {
        return Optional.empty();
      }
    }
    return Optional.of(next);
  }

  private static Optional<Possible> step(Possible possible, int place, NameCall call) {
    Optional<NameTree> tree = call.apply(possible.tree);
    // Of what may still happen at any time, only what changes something needs to happen.
    if (tree.isEmpty() || (call.isPending() && tree.get().equals(possible.tree))) {
      return Optional.empty();
    }
    BitSet done = (BitSet) possible.done.clone();
    done.set(place);
    return Optional.of(new Possible(tree.get(), done));
  }

  private void explain(String top, NameCall call, Waiting waiting, Set<Possible> frontier) {
    StringBuilder text = new StringBuilder();
    for (Possible possible : frontier.stream().limit(3).toList()) {
      text.append("\n  possible before: ").append(call.lookAt(possible.tree));
    }
    for (Map.Entry<Integer, NameCall> other : waiting.calls()) {
      if (other.getValue() != call) {
        text.append("\n  at the same time: ").append(other.getValue());
      }
    }
    findings.add(Rule.NO_ORDER, "below /%s: no order of the calls explains %s%s", top, call, text);
  }

  /** Calls that were sent and have not ended, each with a place of its own. */
  private static final class Waiting {
    private final Map<Integer, NameCall> byPlace = new TreeMap<>();
    private final Map<NameCall, Integer> places = new HashMap<>();
    private final BitSet taken = new BitSet();

    void add(NameCall call) {
      int place = taken.nextClearBit(0);
      taken.set(place);
      byPlace.put(place, call);
      places.put(call, place);
    }

    int placeOf(NameCall call) {
      return places.get(call);
    }

    void remove(NameCall call) {
      int place = places.remove(call);
      byPlace.remove(place);
      taken.clear(place);
    }

    Set<Map.Entry<Integer, NameCall>> calls() {
      return byPlace.entrySet();
    }
  }
}
