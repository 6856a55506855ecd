package io.cairnfs.common.disk.simulated;

import io.cairnfs.common.disk.simulated.SimulatedDisk.PowerLoss;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;

/**
 * Entries as seen, entries as forced, and the changes between them in order. A node is a {@link
 * SimulatedDirectory} or a {@link SimulatedContent}.
 */
final class SimulatedDirectory {
  private TreeMap<String, Object> current = new TreeMap<>();
  private TreeMap<String, Object> durable = new TreeMap<>();
  private final List<Change> pending = new ArrayList<>();

  Map<String, Object> current() {
    return current;
  }

  void put(String name, Object node) {
    change(new Change(null, name, node));
  }

  void remove(String name) {
    change(new Change(name, null, null));
  }

  void rename(String source, String target) {
    change(new Change(source, target, current.get(source)));
  }

  private void change(Change change) {
    change.applyTo(current);
    pending.add(change);
  }

  void force() {
    pending.forEach(change -> change.applyTo(durable));
    pending.clear();
  }

  PowerLoss losePower(RandomGenerator random) {
    int kept = pending.isEmpty() ? 0 : random.nextInt(pending.size() + 1);
    PowerLoss loss = new PowerLoss(0, 0, pending.size() - kept);
    pending.subList(0, kept).forEach(change -> change.applyTo(durable));
    pending.clear();
    current = new TreeMap<>(durable);
    for (Object node : current.values()) {
      loss =
          loss.plus(
              node instanceof SimulatedDirectory directory
                  ? directory.losePower(random)
                  : ((SimulatedContent) node).losePower(random));
    }
    return loss;
  }

  long bytes() {
    long bytes = 0;
    for (Object node : current.values()) {
      bytes +=
          node instanceof SimulatedDirectory directory
              ? directory.bytes()
              : ((SimulatedContent) node).size();
    }
    return bytes;
  }

  /** One atomic step: a name goes, a name comes, or both. */
  private record Change(String removed, String added, Object node) {
    void applyTo(Map<String, Object> entries) {
      if (removed != null) {
        entries.remove(removed);
      }
      if (added != null) {
        entries.put(added, node);
      }
    }
  }
}
