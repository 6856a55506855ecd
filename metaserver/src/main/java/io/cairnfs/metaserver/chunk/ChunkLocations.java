package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.StripeCell;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Where chunks are, for readers and writers. Tokens are the caller's to add. One per request: it
 * remembers the servers and slots that it has read.
 */
public final class ChunkLocations {
  private final RecordReader reader;
  private final ReplicaHealth health;
  private final Map<Integer, Optional<ServerRecord>> servers = new HashMap<>();
  private final Map<Integer, SlotRecord> slots = new HashMap<>();

  public ChunkLocations(RecordReader reader, ReplicaHealth health) {
    this.reader = reader;
    this.health = health;
  }

  /**
   * For a reader: members that hold the chunk, healthy ones first and of them slow ones last, the
   * reader's own host before others, in an order that spreads readers over equal ones. Of an
   * unsealed chunk the head of its pipeline comes first whatever its health: it alone knows the
   * visible length.
   *
   * @param readerHost empty when unknown
   * @return empty for a chunk that has no row
   */
  public Optional<ChunkLocation> forReading(ChunkId id, String readerHost) {
    return ChunkTable.find(reader, id).map(chunk -> forReading(chunk, readerHost));
  }

  private ChunkLocation forReading(ChunkRecord chunk, String readerHost) {
    List<Integer> holders = new ArrayList<>(holders(chunk));
    if (chunk.isUnsealed()) {
      return location(chunk, holders).build();
    }
    sort(holders, chunk, readerHost);
    ChunkLocation.Builder location = location(chunk, holders);
    if (chunk.id().isCell() && chunk.isSealed()) {
      location.setStripe(stripe(Stripe.of(reader, chunk.id()), readerHost));
    }
    return location.build();
  }

  private void sort(List<Integer> holders, ChunkRecord chunk, String readerHost) {
    int spread = holders.isEmpty() ? 0 : (int) (chunk.id().counter() % holders.size());
    Collections.rotate(holders, spread);
    holders.sort(
        Comparator.comparingInt((Integer server) -> rank(health.of(server)))
            .thenComparing(health::isSlow)
            .thenComparing(server -> !hostOf(server).equals(readerHost)));
  }

  /** All cells that there are; members of those that are known to be good within reach. */
  public io.cairnfs.proto.types.Stripe stripe(Stripe stripe, String readerHost) {
    io.cairnfs.proto.types.Stripe.Builder cells =
        io.cairnfs.proto.types.Stripe.newBuilder()
            .setDataCells(stripe.policy().dataCells())
            .setParityCells(stripe.policy().parityCells());
    for (ChunkRecord cell : stripe.cells()) {
      StripeCell.Builder one =
          StripeCell.newBuilder()
              .setChunk(cell.id().value())
              .setLength(cell.length())
              .setEpoch(cell.epoch());
      List<Integer> holders = new ArrayList<>(Holders.all(reader, slotOf(cell), cell));
      holders.removeIf(server -> health.of(server) == ServerHealth.DOWN);
      sort(holders, cell, readerHost);
      for (int server : holders) {
        serverOf(server).ifPresent(record -> one.addMembers(member(record, health)));
      }
      cells.addCells(one);
    }
    return cells.build();
  }

  /** For the writer that it was allocated for: the pipeline in its order. */
  public ChunkLocation forWriting(ChunkRecord chunk) {
    return location(chunk, chunk.pipeline()).build();
  }

  private Collection<Integer> holders(ChunkRecord chunk) {
    SlotRecord slot = slotOf(chunk);
    Set<Integer> good = Holders.members(reader, slot, chunk);
    if (good.isEmpty()) {
      good = Holders.all(reader, slot, chunk);
    }
    if (!good.isEmpty()) {
      return good;
    }
    // Where nobody is known to be good a reader may still be lucky with what was not verified.
    List<Integer> all =
        new ArrayList<>(chunk.isUnsealed() ? chunk.pipeline() : slot.members(chunk));
    all.removeIf(server -> serverOf(server).map(ServerRecord::isOut).orElse(true));
    return all;
  }

  private SlotRecord slotOf(ChunkRecord chunk) {
    return slots.computeIfAbsent(
        (chunk.id().pool() << 14) | chunk.id().slot(), key -> SlotTable.of(reader, chunk.id()));
  }

  private static int rank(ServerHealth state) {
    return switch (state) {
      case UP -> 0;
      case SUSPECT -> 1;
      case DOWN -> 2;
      case SERVER_HEALTH_UNSPECIFIED, UNRECOGNIZED -> 3;
    };
  }

  private String hostOf(int server) {
    return serverOf(server).map(ServerRecord::host).orElse("");
  }

  private Optional<ServerRecord> serverOf(int server) {
    return servers.computeIfAbsent(server, id -> ServerTable.find(reader, id));
  }

  private ChunkLocation.Builder location(ChunkRecord chunk, List<Integer> members) {
    ChunkLocation.Builder location =
        ChunkLocation.newBuilder()
            .setChunk(chunk.id().value())
            .setEpoch(chunk.epoch())
            .setState(chunk.state())
            .setLength(chunk.length())
            .setReplication(chunk.replication())
            .setMaxLength(chunk.maxLength())
            .setShared(chunk.isShared());
    for (int server : members) {
      serverOf(server).ifPresent(record -> location.addMembers(member(record, health)));
    }
    return location;
  }

  /** A server as others reach it. */
  public static Member member(ServerRecord server, ReplicaHealth health) {
    return Member.newBuilder()
        .setServer(server.id())
        .setHost(server.host())
        .setPort(server.port())
        .setName(server.name())
        .setHealth(health.of(server.id()))
        .build();
  }
}
