package io.cairnfs.metaserver.placement;

import java.util.Arrays;
import java.util.List;

/**
 * Consistent hashing: every server owns points of a circle of 64-bit numbers, in proportion to its
 * weight and derived from its id alone, so that a server that comes, goes or changes its weight
 * moves nobody else's points. A slot has one point; servers are ranked for it in clockwise order.
 */
final class HashRing {
  /** Points of a server of {@link RingServer#DEFAULT_WEIGHT}. */
  private static final int POINTS = 64;

  private static final int MAX_POINTS = 4096;

  /** Sorted unsigned; {@code owners[i]} is the index in the server list of the owner of point i. */
  private final long[] points;

  private final int[] owners;

  /** For each server its own points' places in {@link #points}, ascending. */
  private final int[][] places;

  HashRing(List<RingServer> servers) {
    int total = 0;
    for (RingServer server : servers) {
      total += pointsOf(server);
    }
    record Point(long at, int owner) {}
    Point[] all = new Point[total];
    int next = 0;
    for (int index = 0; index < servers.size(); index++) {
      RingServer server = servers.get(index);
      int count = pointsOf(server);
      for (int i = 0; i < count; i++) {
        all[next++] = new Point(mix(((long) server.id() << 32) | i), index);
      }
    }
    // Two servers at one point: the one of lower index (lower id) comes first.
    Arrays.sort(
        all,
        (a, b) -> {
          int order = Long.compareUnsigned(a.at(), b.at());
          return order != 0 ? order : Integer.compare(a.owner(), b.owner());
        });
    points = new long[total];
    owners = new int[total];
    int[] counts = new int[servers.size()];
    for (int i = 0; i < total; i++) {
      points[i] = all[i].at();
      owners[i] = all[i].owner();
      counts[owners[i]]++;
    }
    places = new int[servers.size()][];
    for (int index = 0; index < places.length; index++) {
      places[index] = new int[counts[index]];
    }
    for (int i = total - 1; i >= 0; i--) {
      places[owners[i]][--counts[owners[i]]] = i;
    }
  }

  private static int pointsOf(RingServer server) {
    long points = (long) server.weight() * POINTS / RingServer.DEFAULT_WEIGHT;
    return (int) Math.max(1, Math.min(MAX_POINTS, points));
  }

  int size() {
    return points.length;
  }

  /** Place of the first point at or after the slot's own, where its walk begins. */
  int start(int pool, int slot) {
    long at = mix(0x5107_0000_0000_0000L ^ ((long) pool << 32) ^ slot);
    int low = 0;
    int high = points.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (Long.compareUnsigned(points[middle], at) < 0) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low == points.length ? 0 : low;
  }

  /** Index of the server that owns the point {@code steps} after the start. */
  int owner(int start, int steps) {
    int place = start + steps;
    return owners[place < points.length ? place : place - points.length];
  }

  /** Points that a walk from the start passes before it meets the server: 0 = ranked highest. */
  int rank(int start, int serverIndex) {
    int[] own = places[serverIndex];
    int at = Arrays.binarySearch(own, start);
    int next = at >= 0 ? at : -at - 1;
    return next < own.length ? own[next] - start : own[0] + points.length - start;
  }

  /**
   * A bijection of 64-bit numbers whose every input bit moves half the output bits (SplitMix64).
   */
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
