package io.cairnfs.metaserver.repair;

import io.cairnfs.metaserver.chunk.ServerRecord;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;

/**
 * Which data server is to get a smaller share of the slots because it is nearly full while the
 * others are not: shares follow weights, and disks fill by what lies in the slots.
 */
public final class FullServers {
  /** Less than so much of its capacity free: nearly full. */
  private static final double LITTLE = 0.10;

  /** The others must have so much more of theirs free, all together. */
  private static final double MARGIN = 0.10;

  /** One in ten slots of an ordinary server: what is below that helps nobody. */
  private static final int LEAST_WEIGHT = 10;

  /** A step takes a tenth of its slots away; the next one comes when it is done. */
  private static final int STEP = 10;

  private FullServers() {}

  /**
   * What a server has room for.
   *
   * @param capacity bytes of all its volumes that work
   * @param available bytes
   */
  public record Space(long capacity, long available) {
    double free() {
      return (double) available / capacity;
    }
  }

  /** A weight that a server is to have. */
  public record Relief(int server, int weight, double free, double othersFree) {}

  private record Candidate(ServerRecord server, Space space) {}

  /**
   * The next step.
   *
   * @param width members of a slot: with no more servers than that nothing can move
   * @param space of a server; empty while it does not answer
   */
  public static Optional<Relief> next(
      Collection<ServerRecord> servers, int width, IntFunction<Optional<Space>> space) {
    List<Candidate> in = new ArrayList<>();
    for (ServerRecord server : servers) {
      Optional<Space> has = space.apply(server.id());
      if (server.membership() == ServerMembership.IN
          && has.isPresent()
          && has.get().capacity() > 0) {
        in.add(new Candidate(server, has.get()));
      }
    }
    if (in.size() <= width) {
      return Optional.empty();
    }
    return in.stream()
        .filter(each -> each.space().free() < LITTLE && each.server().weight() > LEAST_WEIGHT)
        .min(Comparator.comparingDouble(each -> each.space().free()))
        .flatMap(fullest -> relief(fullest, in));
  }

  private static Optional<Relief> relief(Candidate fullest, List<Candidate> in) {
    long capacity = 0;
    long available = 0;
    for (Candidate other : in) {
      if (other.server().id() != fullest.server().id()) {
        capacity += other.space().capacity();
        available += other.space().available();
      }
    }
    double othersFree = capacity == 0 ? 0 : (double) available / capacity;
    int weight = fullest.server().weight();
    return othersFree < fullest.space().free() + MARGIN
        ? Optional.empty()
        : Optional.of(
            new Relief(
                fullest.server().id(),
                Math.max(LEAST_WEIGHT, weight - Math.max(1, weight / STEP)),
                fullest.space().free(),
                othersFree));
  }
}
