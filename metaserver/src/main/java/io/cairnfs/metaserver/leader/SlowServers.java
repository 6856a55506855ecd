package io.cairnfs.metaserver.leader;

import io.cairnfs.common.metrics.Slowness;
import io.cairnfs.proto.dataserver.VolumeStatus;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.SlowPart.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.ToLongFunction;

/**
 * Which data servers are slow, by what they say of their disks and of each other. Each volume's
 * forces, writes and reads, and each server's acknowledgements, are compared with those of the
 * other servers ({@link Slowness}). A server is slow when it acknowledges slowly, or at least half
 * of its volumes are slow; of many the worst ones are, at most a fifth.
 *
 * <p>{@link #judge} and {@link #reset} are for one thread, the rest for any.
 */
final class SlowServers {
  /** What fewer others say is no measure. */
  private static final int LEAST_OTHERS = 2;

  /** Only one in so many servers counts as slow, but one always may. */
  private static final int SERVERS_PER_SLOW = 5;

  private static final Map<Kind, ToLongFunction<VolumeStatus>> DISK_KINDS =
      new EnumMap<>(
          Map.of(
              Kind.FORCES, VolumeStatus::getForceP99Micros,
              Kind.WRITES, VolumeStatus::getWriteP99Micros,
              Kind.READS, VolumeStatus::getReadP99Micros));

  private final Map<Part, State> states = new HashMap<>();
  private volatile Map<Integer, Verdict> verdicts = Map.of();

  /**
   * What a server said last.
   *
   * @param ackMicros by server, how long it took to acknowledge
   */
  record Said(int server, List<VolumeStatus> volumes, Map<Integer, Long> ackMicros) {
    Said {
      volumes = volumes.stream().filter(volume -> !volume.getFailed()).toList();
      ackMicros = Map.copyOf(ackMicros);
    }
  }

  /**
   * How a server is.
   *
   * @param isSlow the server as a whole
   * @param parts what of it is slow
   */
  record Verdict(boolean isSlow, List<SlowPart> parts) {
    static final Verdict GOOD = new Verdict(false, List.of());

    Verdict {
      parts = List.copyOf(parts);
    }
  }

  /** What is compared with its equals; the volume is empty for acknowledgements. */
  private record Part(int server, Kind kind, String volume) {}

  /** What a part was when there was something to say. */
  private static final class State {
    final Slowness slowness = new Slowness();
    long micros;
    long othersMicros;

    boolean judge(OptionalLong now, OptionalLong others) {
      if (now.isPresent() && others.isPresent()) {
        micros = now.getAsLong();
        othersMicros = others.getAsLong();
      }
      return slowness.judge(now, others);
    }

    double factor() {
      return (double) micros / Math.max(1, othersMicros);
    }
  }

  /** Nothing is known any more. */
  void reset() {
    states.clear();
    verdicts = Map.of();
  }

  /** Of a server; {@link Verdict#GOOD} where nothing is known. */
  Verdict of(int server) {
    return verdicts.getOrDefault(server, Verdict.GOOD);
  }

  /** The servers that are slow as a whole. */
  Set<Integer> slow() {
    Set<Integer> slow = new TreeSet<>();
    verdicts.forEach(
        (server, verdict) -> {
          if (verdict.isSlow()) {
            slow.add(server);
          }
        });
    return slow;
  }

  /** A window is over. Servers that are not among these are forgotten. */
  void judge(Collection<Said> all) {
    Map<Part, Long> figures = figures(all);
    Map<Kind, OthersMedian> others = new EnumMap<>(Kind.class);
    figures.forEach(
        (part, micros) ->
            others
                .computeIfAbsent(part.kind(), kind -> new OthersMedian(LEAST_OTHERS))
                .add(part.server(), micros));
    Set<Part> parts = parts(all);
    states.keySet().retainAll(parts);
    Map<Integer, List<Part>> slowParts = new TreeMap<>();
    for (Part part : parts) {
      Long own = figures.get(part);
      OthersMedian median = others.get(part.kind());
      boolean slow =
          states
              .computeIfAbsent(part, key -> new State())
              .judge(
                  own == null ? OptionalLong.empty() : OptionalLong.of(own),
                  median == null ? OptionalLong.empty() : median.without(part.server()));
      if (slow) {
        slowParts.computeIfAbsent(part.server(), key -> new ArrayList<>()).add(part);
      }
    }
    Set<Integer> slow = worst(all, slowParts);
    Map<Integer, Verdict> now = new HashMap<>();
    slowParts.forEach(
        (server, list) ->
            now.put(
                server,
                new Verdict(slow.contains(server), list.stream().map(this::describe).toList())));
    verdicts = Map.copyOf(now);
  }

  private static Set<Part> parts(Collection<Said> all) {
    Set<Part> parts = new LinkedHashSet<>();
    for (Said said : all) {
      for (VolumeStatus volume : said.volumes()) {
        DISK_KINDS
            .keySet()
            .forEach(kind -> parts.add(new Part(said.server(), kind, volume.getVolume())));
      }
      parts.add(new Part(said.server(), Kind.ACKNOWLEDGEMENTS, ""));
    }
    return parts;
  }

  private static Map<Part, Long> figures(Collection<Said> all) {
    Map<Part, Long> figures = new HashMap<>();
    Map<Integer, List<Long>> acknowledgements = new HashMap<>();
    for (Said said : all) {
      for (VolumeStatus volume : said.volumes()) {
        DISK_KINDS.forEach(
            (kind, micros) -> {
              if (micros.applyAsLong(volume) > 0) {
                figures.put(
                    new Part(said.server(), kind, volume.getVolume()), micros.applyAsLong(volume));
              }
            });
      }
      said.ackMicros()
          .forEach(
              (peer, micros) ->
                  acknowledgements.computeIfAbsent(peer, key -> new ArrayList<>()).add(micros));
    }
    acknowledgements.forEach(
        (server, said) -> {
          if (said.size() >= LEAST_OTHERS) {
            figures.put(new Part(server, Kind.ACKNOWLEDGEMENTS, ""), agreed(said));
          }
        });
    return figures;
  }

  /** At least half of them say so or more: one that is slow itself finds all others slow. */
  private static long agreed(List<Long> said) {
    return said.stream().sorted().skip((said.size() - 1) / 2).findFirst().orElseThrow();
  }

  /** Those that are slow already come first, so that they do not take turns. */
  private Set<Integer> worst(Collection<Said> all, Map<Integer, List<Part>> slowParts) {
    List<Integer> candidates = new ArrayList<>();
    for (Said said : all) {
      if (isSlowAsAWhole(said, slowParts.getOrDefault(said.server(), List.of()))) {
        candidates.add(said.server());
      }
    }
    candidates.sort(
        Comparator.comparing((Integer server) -> !of(server).isSlow())
            .thenComparing(server -> -worstFactor(slowParts.get(server)))
            .thenComparing(server -> server));
    int most = Math.max(1, all.size() / SERVERS_PER_SLOW);
    return new TreeSet<>(candidates.subList(0, Math.min(most, candidates.size())));
  }

  private static boolean isSlowAsAWhole(Said said, List<Part> slow) {
    long volumes =
        slow.stream().map(Part::volume).filter(volume -> !volume.isEmpty()).distinct().count();
    return slow.stream().anyMatch(part -> part.kind() == Kind.ACKNOWLEDGEMENTS)
        || (volumes > 0 && 2 * volumes >= said.volumes().size());
  }

  private double worstFactor(List<Part> parts) {
    return parts.stream().mapToDouble(part -> states.get(part).factor()).max().orElse(0);
  }

  private SlowPart describe(Part part) {
    State state = states.get(part);
    return SlowPart.newBuilder()
        .setKind(part.kind())
        .setVolume(part.volume())
        .setP99Micros(state.micros)
        .setOthersMedianMicros(state.othersMicros)
        .build();
  }
}
