package io.cairnfs.metaserver.leader;

import io.cairnfs.metaserver.chunk.ChunkLocations;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.chunk.RepairTable;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ServerHeartbeatReply;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** Which chunks a server should copy next, from whom: those with the fewest good replicas first. */
final class RepairPlan {
  /** Entries looked at for one plan; the weakest of them go first. */
  private static final int LOOK_AHEAD = 512;

  private final StoreView view;
  private final ServerBoard board;

  private record Candidate(ChunkRecord chunk, long since, List<Member> sources) {}

  RepairPlan(StoreView view, ServerBoard board) {
    this.view = view;
    this.board = board;
  }

  void addCopies(ServerHeartbeatReply.Builder reply, int server, int limit) {
    List<Candidate> candidates = new ArrayList<>();
    ChunkLocations locations = new ChunkLocations(view, board);
    for (RepairTable.Entry entry : RepairTable.ofServer(view, server, LOOK_AHEAD)) {
      Optional<ChunkRecord> chunk =
          ChunkTable.find(view, entry.chunk()).filter(ChunkRecord::isSealed);
      if (chunk.isEmpty()) {
        continue;
      }
      List<Member> sources =
          locations.forReading(entry.chunk(), "").stream()
              .flatMap(location -> location.getMembersList().stream())
              .filter(member -> member.getServer() != server)
              .filter(member -> member.getHealth() != ServerHealth.DOWN)
              .toList();
      if (!sources.isEmpty()) {
        candidates.add(new Candidate(chunk.get(), entry.since(), sources));
      }
    }
    candidates.stream()
        .sorted(Comparator.comparingInt(candidate -> candidate.sources().size()))
        .limit(limit)
        .forEach(candidate -> reply.addCopies(task(candidate)));
  }

  private static CopyTask task(Candidate candidate) {
    ChunkRecord chunk = candidate.chunk();
    return CopyTask.newBuilder()
        .setChunk(chunk.id().value())
        .setSince(candidate.since())
        .setLength(chunk.length())
        .setEpoch(chunk.epoch())
        .setReplication(chunk.replication())
        .addAllSources(candidate.sources())
        .build();
  }
}
