package io.cairnfs.dataserver.transfer;

import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;

/** What is said of replicas, on the wire. */
public final class ReplicaReports {
  private ReplicaReports() {}

  public static ReplicaReport of(ReplicaStatus status) {
    return ReplicaReport.newBuilder()
        .setChunk(status.chunk().value())
        .setEpoch(status.epoch())
        .setState(
            switch (status.state()) {
              case OPEN -> ReplicaState.REPLICA_OPEN;
              case CLOSED -> ReplicaState.REPLICA_CLOSED;
              case SEALED -> ReplicaState.REPLICA_SEALED;
            })
        .setLength(status.length())
        .build();
  }
}
