package io.cairnfs.shell.text;

import java.util.Collection;
import java.util.Optional;

/** Finds the word that somebody who mistyped may have meant. */
public final class NearestWord {
  private NearestWord() {}

  /**
   * The nearest candidate by edit distance (a swap counts once), if it is near enough to say so.
   */
  public static Optional<String> of(String typed, Collection<String> candidates) {
    String best = null;
    int bestDistance = Math.max(1, typed.length() / 3) + 1;
    for (String candidate : candidates) {
      int distance = distance(typed, candidate);
      if (distance < bestDistance) {
        bestDistance = distance;
        best = candidate;
      }
    }
    return Optional.ofNullable(best);
  }

  static int distance(String from, String to) {
    int[][] cost = new int[from.length() + 1][to.length() + 1];
    for (int i = 0; i <= from.length(); i++) {
      for (int j = 0; j <= to.length(); j++) {
        cost[i][j] = i == 0 ? j : j == 0 ? i : cell(cost, from, to, i, j);
      }
    }
    return cost[from.length()][to.length()];
  }

  private static int cell(int[][] cost, String from, String to, int i, int j) {
    int change = from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1;
    int least =
        Math.min(cost[i - 1][j - 1] + change, Math.min(cost[i - 1][j] + 1, cost[i][j - 1] + 1));
    boolean swapped =
        i > 1
            && j > 1
            && from.charAt(i - 1) == to.charAt(j - 2)
            && from.charAt(i - 2) == to.charAt(j - 1);
    return swapped ? Math.min(least, cost[i - 2][j - 2] + 1) : least;
  }
}
