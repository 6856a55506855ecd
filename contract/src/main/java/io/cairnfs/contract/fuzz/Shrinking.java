package io.cairnfs.contract.fuzz;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * Makes a failing sequence short: leaves out parts, ever smaller ones, as long as it still fails.
 */
final class Shrinking {
  private static final int MAX_TRIES = 600;

  /** Whether a sequence fails. */
  interface Trial {
    boolean fails(List<Step> steps) throws IOException;
  }

  private final Trial trial;
  private int tries;

  Shrinking(Trial trial) {
    this.trial = trial;
  }

  List<Step> shortest(List<Step> failing) throws IOException {
    List<Step> kept = new ArrayList<>(failing);
    int part = Math.max(1, kept.size() / 2);
    while (tries < MAX_TRIES) {
      boolean shorter = false;
      for (int at = 0; at < kept.size() && tries < MAX_TRIES; ) {
        List<Step> without = new ArrayList<>(kept.subList(0, at));
        without.addAll(kept.subList(Math.min(at + part, kept.size()), kept.size()));
        tries++;
        if (!without.isEmpty() && trial.fails(without)) {
          kept = without;
          shorter = true;
        } else {
          at += part;
        }
      }
      if (part == 1 && !shorter) {
        break;
      }
      part = Math.max(1, part / 2);
    }
    return kept;
  }
}
