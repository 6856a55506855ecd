package io.cairnfs.metaserver.placement;

/**
 * A data server as the ring sees it: logged state only, never who is up.
 *
 * @param id stable server id, positive
 * @param weight its share relative to the others', 1 to {@link #MAX_WEIGHT}; {@link
 *     #DEFAULT_WEIGHT} for the first one
 * @param rack failure domain; all servers without one share the domain of the empty name
 */
public record RingServer(int id, int weight, String rack) implements Comparable<RingServer> {
  public static final int DEFAULT_WEIGHT = 100;
  public static final int MAX_WEIGHT = 100_000;

  public RingServer {
    if (id <= 0) {
      throw new IllegalArgumentException("server id " + id + " is not positive");
    }
    if (weight < 1 || weight > MAX_WEIGHT) {
      throw new IllegalArgumentException(
          "server=" + id + ": weight " + weight + " outside 1.." + MAX_WEIGHT);
    }
    if (rack == null) {
      throw new IllegalArgumentException("server=" + id + ": no rack (empty is a rack)");
    }
  }

  @Override
  public int compareTo(RingServer other) {
    return Integer.compare(id, other.id);
  }
}
