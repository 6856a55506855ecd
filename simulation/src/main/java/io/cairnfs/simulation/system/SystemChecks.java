package io.cairnfs.simulation.system;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.ExtentMap;
import io.cairnfs.metaserver.chunk.SlotTable;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkReads;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.repair.CompactionPlanner;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.ServerHealth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/** Invariants that are looked at as a whole, now and then and at the end. */
final class SystemChecks {
  private static final Principal CHECKER =
      new Principal(SystemRun.SUPERUSER, List.of(SystemRun.SUPERGROUP), true);
  private static final int CHUNK_OFFSET = 1;

  private final SystemRun run;
  private long checkedIndex;

  SystemChecks(SystemRun run) {
    this.run = run;
  }

  /** What the store's own check says of all records, and whether its digest is theirs. */
  void records() {
    if (run.group().leader().isEmpty()) {
      return;
    }
    try (StoreView view = run.leadersView().orElseThrow()) {
      if (view.applied().index() == checkedIndex) {
        return;
      }
      checkedIndex = view.applied().index();
      if (!StoreDigest.recompute(view).equals(view.applied().digest())) {
        Oracle.fail("the digest at %d is not that of the records", checkedIndex);
      }
      ReadRequest request =
          ReadRequest.newBuilder().setCheck(CheckPage.newBuilder().setLimit(100_000)).build();
      List<String> violations =
          new NamespaceReads(new ChunkReads(view, server -> ServerHealth.UP, ""))
              .read(view, CHECKER, request)
              .getCheck()
              .getViolationsList();
      if (!violations.isEmpty()) {
        Oracle.fail("at %d: %s", checkedIndex, violations);
      }
      run.tally().count(SystemSighting.RECORDS_CHECKED);
    } catch (CairnException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Empty once nothing is left to do anywhere. */
  String whatIsMissing() {
    for (ClientNode client : run.clients()) {
      if (!client.isDone()) {
        return client.name() + " is not done";
      }
    }
    if (run.clients().stream().anyMatch(ClientNode::isUp)) {
      run.clients().forEach(ClientNode::kill);
      return "clients have just ended";
    }
    if (!run.group().hasConverged()) {
      return "metaservers differ";
    }
    for (DataNode node : run.dataNodes()) {
      if (!node.isRegistered()) {
        return node.name() + " is not registered";
      }
    }
    try (StoreView view = run.leadersView().orElseThrow()) {
      for (Counter counter :
          List.of(
              Counter.SESSIONS,
              Counter.CHUNKS_OPEN,
              Counter.CHUNKS_SETTLING,
              Counter.CHUNKS_GARBAGE,
              Counter.REPAIR_ENTRIES,
              Counter.GARBAGE_ENTRIES,
              Counter.CHUNKS_UNDER_REPLICATED,
              Counter.CHUNKS_LOST,
              Counter.SLOTS_MOVING)) {
        if (counter.in(view) != 0) {
          return counter + " is " + counter.in(view);
        }
      }
      try (RecordCursor rows = view.scanPrefix(Table.DELETED, Keys.live())) {
        if (rows.next()) {
          return "deleted trees are not purged";
        }
      }
      Optional<String> unseen = run.chaos().unseenDamage(view);
      if (unseen.isPresent()) {
        return unseen.get();
      }
      String missing = missingReplicas(view);
      return missing.isEmpty() && run.compacts() ? missingCompaction(view) : missing;
    }
  }

  /** Files are in as few extents, and chunks as much alive, as was promised. */
  private static String missingCompaction(StoreView view) {
    CompactionPlanner planner = new CompactionPlanner(view, MetadataNode.COMPACTION.limits());
    Optional<InodeId> file = ExtentMap.nextFile(view, 0);
    while (file.isPresent()) {
      OptionalLong from = OptionalLong.of(0);
      while (from.isPresent()) {
        CompactionPlanner.Part part = planner.part(file.get(), from.getAsLong());
        if (part.plan().isPresent()) {
          return file.get() + " is in many extents from " + from.getAsLong() + " on";
        }
        from = part.next();
      }
      file = ExtentMap.nextFile(view, file.get().value());
    }
    for (ChunkRecord chunk : chunks(view)) {
      if (planner.rest(chunk.id()).isPresent()) {
        return chunk.id() + " is mostly dead";
      }
    }
    return "";
  }

  private String missingReplicas(StoreView view) {
    Map<Integer, DataNode> nodes = new HashMap<>();
    for (DataNode node : run.dataNodes()) {
      node.server().ifPresent(server -> nodes.put(server, node));
    }
    for (ChunkRecord chunk : chunks(view)) {
      for (int server : SlotTable.members(view, chunk)) {
        DataNode node = nodes.get(server);
        ReplicaStatus status = node == null ? null : node.store().status(chunk.id()).orElse(null);
        if (status == null
            || status.state() != ReplicaStatus.State.SEALED
            || status.length() != chunk.length()) {
          return chunk.id() + " at " + chunk.length() + " on server " + server + " is " + status;
        }
      }
    }
    for (DataNode node : run.dataNodes()) {
      if (!node.store().unsealed().isEmpty()) {
        return node.name() + " has unsealed " + node.store().unsealed();
      }
      if (!node.store().badReplicas(1).isEmpty()) {
        return node.name() + " has bad replicas " + node.store().badReplicas(10);
      }
    }
    return "";
  }

  private static List<ChunkRecord> chunks(StoreView view) {
    List<ChunkRecord> chunks = new ArrayList<>();
    try (RecordCursor rows = view.scanPrefix(Table.CHUNK, Keys.live())) {
      while (rows.next()) {
        chunks.add(
            ChunkTable.require(view, new ChunkId(KeyBuilder.longAt(rows.key(), CHUNK_OFFSET))));
      }
    }
    return chunks;
  }

  /** Every member of every chunk has a replica that verifies. */
  void replicas() {
    try (StoreView view = run.leadersView().orElseThrow()) {
      for (ChunkRecord chunk : chunks(view)) {
        for (DataNode node : run.dataNodes()) {
          if (SlotTable.members(view, chunk).contains(node.server().orElse(0))
              && !node.store().verify(chunk.id(), chunk.length(), ReadPace.FREE).good()) {
            Oracle.fail("%s is bad on %s", chunk, node.name());
          }
        }
      }
      run.tally().count(SystemSighting.REPLICAS_CHECKED);
    } catch (CairnException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Every file there is. */
  List<String> files() {
    List<String> files = new ArrayList<>();
    run.oracle()
        .model()
        .tree()
        .forEach(
            (path, attributes) -> {
              if (attributes.getType() == FileType.FILE) {
                files.add("/" + path.toStringUtf8());
              }
            });
    files.sort(null);
    return files;
  }
}
