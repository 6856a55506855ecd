package io.cairnfs.metaserver.placement;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * How many slot memberships each server should have: in proportion to its weight, as far as racks
 * and the rule "once in a slot" leave it room.
 *
 * <p>Where there are at least as many racks as members of a slot, no rack can have more than one
 * membership a slot; where there are fewer, none has less. A server that reaches such a limit gets
 * the limit, and the others share the rest. Additions, multiplications and divisions of doubles in
 * a fixed order: the same on every machine.
 */
final class FairShares {
  /** Absorbs rounding of the divisions before a number is rounded up or down to a whole slot. */
  private static final double EPSILON = 1e-6;

  private static final double ABOVE = 1.05;
  private static final double BELOW = 0.95;

  private final double[] shares;

  FairShares(List<RingServer> servers, int slots, int width) {
    shares = new double[servers.size()];
    Map<String, List<Integer>> racks = new TreeMap<>();
    for (int index = 0; index < servers.size(); index++) {
      racks.computeIfAbsent(servers.get(index).rack(), name -> new ArrayList<>()).add(index);
    }
    boolean oneEach = racks.size() >= width;
    double[] weights = new double[racks.size()];
    double[] lower = new double[racks.size()];
    double[] upper = new double[racks.size()];
    int rack = 0;
    for (List<Integer> members : racks.values()) {
      for (int index : members) {
        weights[rack] += servers.get(index).weight();
      }
      lower[rack] = oneEach ? 0 : slots;
      upper[rack] = oneEach ? slots : (double) slots * members.size();
      rack++;
    }
    double[] ofRacks = fill(weights, lower, upper, (double) slots * width);
    rack = 0;
    for (List<Integer> members : racks.values()) {
      double[] own = new double[members.size()];
      double[] most = new double[members.size()];
      Arrays.fill(most, slots);
      for (int i = 0; i < own.length; i++) {
        own[i] = servers.get(members.get(i)).weight();
      }
      double[] filled = fill(own, new double[own.length], most, ofRacks[rack++]);
      for (int i = 0; i < own.length; i++) {
        shares[members.get(i)] = filled[i];
      }
    }
  }

  /** Divides the total in proportion to the weights within each one's limits. */
  private static double[] fill(double[] weights, double[] lower, double[] upper, double total) {
    int count = weights.length;
    double[] result = new double[count];
    boolean[] fixed = new boolean[count];
    while (true) {
      double rest = total;
      double weight = 0;
      for (int i = 0; i < count; i++) {
        if (fixed[i]) {
          rest -= result[i];
        } else {
          weight += weights[i];
        }
      }
      double over = 0;
      double under = 0;
      for (int i = 0; i < count; i++) {
        if (!fixed[i]) {
          result[i] = rest * weights[i] / weight;
          over += Math.max(0, result[i] - upper[i]);
          under += Math.max(0, lower[i] - result[i]);
        }
      }
      if (over <= EPSILON && under <= EPSILON) {
        return result;
      }
      // The side that errs more is final: fixing it moves the others towards their own limits.
      for (int i = 0; i < count; i++) {
        if (!fixed[i] && over >= under && result[i] >= upper[i]) {
          result[i] = upper[i];
          fixed[i] = true;
        } else if (!fixed[i] && over < under && result[i] <= lower[i]) {
          result[i] = lower[i];
          fixed[i] = true;
        }
      }
    }
  }

  double share(int index) {
    return shares[index];
  }

  /** Most memberships the server may have: 1.05 times its share, rounded up to a whole slot. */
  int bound(int index) {
    return (int) Math.ceil(ABOVE * shares[index] - EPSILON);
  }

  int roundedUp(int index) {
    return (int) Math.ceil(shares[index] - EPSILON);
  }

  int roundedDown(int index) {
    return (int) Math.floor(shares[index] + EPSILON);
  }

  /** Fewer memberships than these, and the server is filled up to its share: a joiner is. */
  int leastBeforeFilling(int index) {
    return (int) Math.floor(BELOW * shares[index] + EPSILON);
  }
}
