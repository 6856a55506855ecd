package io.cairnfs.metaserver.chunk;

import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.metadata.SlotReport;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** How slots are spread over the servers: one look at their maps. */
public final class RingReport {
  private final List<SlotRecord> slots;
  private final Map<Integer, Integer> acting = new HashMap<>();
  private final Map<Integer, Integer> target = new HashMap<>();
  private int memberships;
  private long weights;

  private RingReport(List<SlotRecord> slots) {
    this.slots = slots;
  }

  /** Of one pool; empty for one that does not exist. */
  public static RingReport of(RecordReader reader, int pool) {
    return of(reader, SlotTable.ofPool(reader, pool));
  }

  /** Of all pools together. */
  public static RingReport ofAll(RecordReader reader) {
    return of(reader, SlotTable.all(reader));
  }

  private static RingReport of(RecordReader reader, List<SlotRecord> slots) {
    RingReport report = new RingReport(slots);
    for (SlotRecord slot : slots) {
      slot.acting().forEach(server -> report.acting.merge(server, 1, Integer::sum));
      slot.target().forEach(server -> report.target.merge(server, 1, Integer::sum));
      report.memberships += slot.target().size();
    }
    for (ServerRecord server : ServerTable.all(reader)) {
      report.weights += server.isInRing() ? server.weight() : 0;
    }
    return report;
  }

  public int actingSlots(int server) {
    return acting.getOrDefault(server, 0);
  }

  public int targetSlots(int server) {
    return target.getOrDefault(server, 0);
  }

  /** The part of all target memberships that the server has, 0 to 1. */
  public double share(int server) {
    return memberships == 0 ? 0 : (double) targetSlots(server) / memberships;
  }

  /** The part that it should have by its weight alone, 0 to 1. */
  public double fairShare(ServerRecord server) {
    return weights == 0 || !server.isInRing() ? 0 : (double) server.weight() / weights;
  }

  /** Every slot. */
  public List<SlotReport> slots() {
    return slots.stream().map(RingReport::report).toList();
  }

  public static SlotReport report(SlotRecord slot) {
    SlotReport.Builder report =
        SlotReport.newBuilder()
            .setPool(slot.pool())
            .setSlot(slot.slot())
            .setEpoch(slot.epoch())
            .addAllActing(slot.acting())
            .addAllTarget(slot.target());
    slot.joining().ifPresent(join -> report.addJoining(join.server()));
    return report.build();
  }
}
