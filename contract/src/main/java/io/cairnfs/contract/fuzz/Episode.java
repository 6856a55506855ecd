package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One sequence of calls on two fresh directories, compared call by call, and the trees that they
 * leave every now and then. For one thread.
 */
final class Episode {
  private static final int STEPS_BETWEEN_TREES = 100;

  private final Map<String, ? extends Side> linux;
  private final Map<String, ? extends Side> cairn;
  private final String teller;
  private final Map<KnownDifference, Long> known = new EnumMap<>(KnownDifference.class);
  private final Map<Kind, Long> done = new EnumMap<>(Kind.class);
  private String last = "";

  /**
   * Two results that differ.
   *
   * @param steps how many calls had been made
   */
  record Difference(int steps, String text) {}

  /**
   * @param linux for each actor, on an empty directory
   * @param cairn as well
   * @param teller the actor who is asked about all that there is
   */
  Episode(Map<String, ? extends Side> linux, Map<String, ? extends Side> cairn, String teller) {
    this.linux = linux;
    this.cairn = cairn;
    this.teller = teller;
  }

  /** The first difference that no design explains. */
  Optional<Difference> run(List<Step> steps) throws IOException {
    int made = 0;
    for (Step step : steps) {
      made++;
      Optional<String> difference = run(step);
      if (difference.isEmpty() && (made % STEPS_BETWEEN_TREES == 0 || made == steps.size())) {
        difference = run(Step.on(teller, Kind.TREE, "."));
      }
      if (difference.isPresent()) {
        return Optional.of(new Difference(made, difference.get()));
      }
    }
    return Optional.empty();
  }

  private Optional<String> run(Step step) throws IOException {
    if (!step.actor().equals(last) && !last.isEmpty()) {
      linux.get(last).settle();
      cairn.get(last).settle();
    }
    last = step.actor();
    Outcome ours = linux.get(step.actor()).run(step);
    Outcome theirs = cairn.get(step.actor()).run(step);
    if (ours.isDone()) {
      long unused = done.merge(step.kind(), 1L, Long::sum);
    }
    if (ours.isSameAs(theirs) || isKnown(step, ours, theirs)) {
      return Optional.empty();
    }
    return Optional.of(step + "\n" + text(ours, theirs));
  }

  private boolean isKnown(Step step, Outcome ours, Outcome theirs) throws IOException {
    Outcome adjusted = theirs;
    List<KnownDifference> why = new ArrayList<>();
    for (KnownDifference each : KnownDifference.values()) {
      if (each.explains(step, ours, theirs)) {
        note(each);
        return isAdopted(each, step, theirs);
      }
      Outcome next = each.adjusted(step, ours, adjusted);
      if (!next.equals(adjusted)) {
        why.add(each);
      }
      adjusted = next;
    }
    if (!ours.isSameAs(adjusted)) {
      return false;
    }
    why.forEach(this::note);
    return true;
  }

  private void note(KnownDifference difference) {
    long unused = known.merge(difference, 1L, Long::sum);
  }

  private boolean isAdopted(KnownDifference difference, Step step, Outcome theirs)
      throws IOException {
    Optional<Step> both = difference.adoptedByBoth(step);
    if (both.isPresent()) {
      Outcome unused = linux.get(step.actor()).run(both.get());
      unused = cairn.get(step.actor()).run(both.get());
    }
    Optional<Step> ours = difference.adoptedByLinux(step);
    if (ours.isEmpty() || !theirs.isDone()) {
      return true;
    }
    Side adopter = linux.get(ours.get().actor());
    return adopter != null && adopter.run(ours.get()).isDone();
  }

  private static String text(Outcome ours, Outcome theirs) {
    TreeSet<String> names = new TreeSet<>(ours.answer().keySet());
    names.addAll(theirs.answer().keySet());
    if (ours.errno() != theirs.errno() || names.size() < 8) {
      return "    linux: " + ours + "\n    cairn: " + theirs;
    }
    StringBuilder text = new StringBuilder();
    for (String name : names) {
      String one = ours.answer().get(name);
      String other = theirs.answer().get(name);
      if (one == null || !one.equals(other)) {
        text.append("    %s%n      linux: %s%n      cairn: %s%n".formatted(name, one, other));
      }
    }
    return text.toString();
  }

  /** How often each of the listed differences was met. */
  Map<KnownDifference, Long> known() {
    return known;
  }

  /** How often a call of each kind succeeded. */
  Map<Kind, Long> done() {
    return done;
  }
}
