package io.cairnfs.dataserver.storage;

import io.cairnfs.common.metrics.Slowness;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;

/** Which of one server's volumes are slow beside its other ones. One thread. */
final class SlowVolumes {
  private static final List<Function<VolumeLatency, OptionalLong>> KINDS =
      List.of(VolumeLatency::forceMicros, VolumeLatency::writeMicros, VolumeLatency::readMicros);

  private final Map<Integer, List<Slowness>> verdicts = new HashMap<>();

  /**
   * A window is over.
   *
   * @param latencies by volume, of those that work
   * @return the slow ones
   */
  Set<Integer> judge(Map<Integer, VolumeLatency> latencies) {
    verdicts.keySet().retainAll(latencies.keySet());
    Set<Integer> slow = new TreeSet<>();
    for (Map.Entry<Integer, VolumeLatency> entry : latencies.entrySet()) {
      int volume = entry.getKey();
      List<Slowness> own =
          verdicts.computeIfAbsent(
              volume, key -> KINDS.stream().map(kind -> new Slowness()).toList());
      for (int i = 0; i < KINDS.size(); i++) {
        Function<VolumeLatency, OptionalLong> kind = KINDS.get(i);
        if (own.get(i).judge(kind.apply(entry.getValue()), others(latencies, volume, kind))) {
          slow.add(volume);
        }
      }
    }
    return slow;
  }

  private static OptionalLong others(
      Map<Integer, VolumeLatency> latencies,
      int volume,
      Function<VolumeLatency, OptionalLong> kind) {
    return Slowness.median(
        latencies.entrySet().stream()
            .filter(each -> each.getKey() != volume)
            .map(each -> kind.apply(each.getValue()))
            .filter(OptionalLong::isPresent)
            .mapToLong(OptionalLong::getAsLong)
            .toArray());
  }
}
