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
  private static final int EACCES = 13;

  private final Map<String, ? extends Side> linux;
  private final Map<String, ? extends Side> cairn;
  private final String teller;
  private final Map<KnownDifference, Long> known = new EnumMap<>(KnownDifference.class);
  private final Map<Kind, Long> done = new EnumMap<>(Kind.class);
  private final Map<Occasion, Long> met = new EnumMap<>(Occasion.class);
  private String last = "";
  private boolean over;

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
      boolean isTold = made % STEPS_BETWEEN_TREES == 0 || made == steps.size();
      if (difference.isEmpty() && !over && isTold) {
        difference = run(Step.on(teller, Kind.TREE, "."));
      }
      if (difference.isPresent()) {
        return Optional.of(new Difference(made, difference.get()));
      }
      if (over) {
        break;
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
    for (Occasion each : Occasion.values()) {
      if (each.isMetBy(step, ours)) {
        long unused = met.merge(each, 1L, Long::sum);
      }
    }
    if (ours.isSameAs(theirs) || isKnown(step, ours, theirs)) {
      return Optional.empty();
    }
    return Optional.of(step + "\n" + text(ours, theirs).replace("\0", "\\0"));
  }

  private boolean isKnown(Step step, Outcome ours, Outcome theirs) throws IOException {
    Outcome adjusted = theirs;
    List<KnownDifference> why = new ArrayList<>();
    Outcome observed = withWay(step, ours, theirs);
    for (KnownDifference each : KnownDifference.values()) {
      if (each.explains(step, observed, theirs)) {
        note(each);
        over = each.endsSequence(step, observed);
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

  /** What rights on the way have to do with it, if they may have. */
  private Outcome withWay(Step step, Outcome ours, Outcome theirs) throws IOException {
    if (theirs.errno() != EACCES || ours.errno() == EACCES) {
      return ours;
    }
    Step question = Step.on(teller, Kind.WAY, step.path()).other(step.other());
    Outcome way = linux.get(teller).run(question);
    return way.isDone() ? ours.withHint(KnownDifference.WAY, way.answer().get("lists")) : ours;
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

  Map<Occasion, Long> met() {
    return met;
  }
}
