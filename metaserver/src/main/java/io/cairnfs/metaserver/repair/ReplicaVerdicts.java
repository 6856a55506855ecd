package io.cairnfs.metaserver.repair;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.metaserver.chunk.ChunkTable;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.Verdict;

/** What becomes of a replica that its server has not marked SEALED. Follows committed rows only. */
public final class ReplicaVerdicts {
  private final RecordReader state;

  public ReplicaVerdicts(RecordReader state) {
    this.state = state;
  }

  /**
   * SEAL at the row's length where the row is SEALED and the replica long enough; DEAD where there
   * is no row and the id's counter is not ahead of this state's (then no age is needed: nobody will
   * ever commit it, and a deposed leader's older counter protects what it does not know of); KEEP
   * otherwise.
   */
  public ReplicaVerdict of(ReplicaReport report) {
    ChunkId id = new ChunkId(report.getChunk());
    ChunkRecord chunk = ChunkTable.find(state, id).orElse(null);
    ReplicaVerdict.Builder verdict = ReplicaVerdict.newBuilder().setChunk(report.getChunk());
    if (chunk == null) {
      return verdict.setVerdict(ChunkTable.isDead(state, id) ? Verdict.DEAD : Verdict.KEEP).build();
    }
    boolean complete = chunk.isSealed() && report.getLength() >= chunk.length();
    return verdict
        .setVerdict(complete ? Verdict.SEAL : Verdict.KEEP)
        .setLength(chunk.length())
        .setEpoch(chunk.epoch())
        .setReplication(chunk.replication())
        .build();
  }

  /**
   * The replica is too short for its sealed chunk: RepairNeeded is to be proposed for its server.
   */
  public boolean needsRepair(ReplicaReport report) {
    return ChunkTable.find(state, new ChunkId(report.getChunk()))
        .filter(chunk -> chunk.isSealed() && report.getLength() < chunk.length())
        .isPresent();
  }
}
