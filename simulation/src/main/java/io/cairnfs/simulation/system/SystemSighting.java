package io.cairnfs.simulation.system;

import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Operation;
import java.util.ArrayList;
import java.util.List;

/** What must have happened somewhere in a run, or it has not tested that. */
enum SystemSighting {
  OPERATION_ACKNOWLEDGED,
  OPERATION_REFUSED,
  /** A call was sent again. */
  OPERATION_RETRIED,
  /** A call was in the log twice, and took effect once. */
  RETRY_DEDUPLICATED,
  READ_ANSWERED,
  /** A leader answered from a state that another member was ahead of. */
  READ_BEHIND_OTHERS,
  STAT_COMPARED,
  ABSENCE_COMPARED,
  LIST_COMPARED,
  INLINE_COMPARED,
  CONTENT_COMPARED,
  /** A reader went on to another member. */
  READ_FROM_ANOTHER_MEMBER,
  BAD_REPLICA_REPORTED,
  SESSION_OPENED,
  SESSION_EXPIRED,
  TREE_PURGED,
  CHUNK_ALLOCATED,
  /** What a writer was told is on all members was looked for there. */
  ACKNOWLEDGEMENT_COMPARED,
  /** A pipeline failed, and the writer went on with another chunk. */
  PIPELINE_CLOSED_AND_GONE_ON,
  /** A file was completed, and everything in it is on disks. */
  FILE_SYNCED,
  FILE_CLOSED,
  /** Bytes became durable in an open tail without a command. */
  TAIL_SYNCED,
  SHARED_CHUNK_USED,
  CHUNK_SETTLED,
  /** What a writer that died had flushed was compared with the length that was settled. */
  FLUSHED_TAIL_SETTLED,
  /** A tail was longer than any command had said. */
  TAIL_GROWN_BY_SETTLING,
  REPAIR_NEEDED,
  REPAIR_DONE,
  /** A server listed what no record said of it. */
  REPLICA_FOUND,
  /** A replica that its server had found bad is good again. */
  BAD_REPLICA_REPLACED,
  REPLICA_DELETED,
  GARBAGE_RELEASED,
  TIME_LOGGED,
  JOIN_BEGUN,
  JOIN_ADVANCED,
  SERVER_PROMOTED,
  SERVER_REGISTERED,
  SERVER_REBORN,
  /** A claim that waited got its lock. */
  LOCK_WAITED_FOR,
  /** A change under a superseded token was refused. */
  FENCED_OUT,
  /** Somebody was asked for his write lease because another one wrote the file. */
  LEASE_RECALLED,
  /** He gave it back. */
  LEASE_GIVEN_BACK,
  /** He did not, and lost it. */
  LEASE_REVOKED,
  /** Extents were redirected to a copy of their bytes. */
  EXTENTS_COMPACTED,
  /** Nothing of what was copied was still the file's when the copy was made. */
  COMPACTED_IN_VAIN,
  /** The store's own check of all records. */
  RECORDS_CHECKED,
  REPLICAS_CHECKED;

  /** Met where clients lock only. */
  boolean isOfLocks() {
    return this == LOCK_WAITED_FOR || this == FENCED_OUT;
  }

  /** Met where several clients write the same files only. */
  boolean isOfSharedFiles() {
    return this == LEASE_RECALLED || this == LEASE_GIVEN_BACK || this == LEASE_REVOKED;
  }

  /** Met where files are compacted only. */
  boolean isOfCompaction() {
    return this == EXTENTS_COMPACTED || this == COMPACTED_IN_VAIN;
  }

  static List<SystemSighting> of(Command command, CommandReply reply) {
    List<SystemSighting> seen = new ArrayList<>();
    boolean good = reply.getErrorCode() == 0;
    switch (command.getKindCase()) {
      case OPEN_SESSION -> add(seen, good, SESSION_OPENED);
      case EXPIRE_SESSION -> add(seen, reply.getChanged(), SESSION_EXPIRED);
      case SETTLE_CHUNK -> add(seen, reply.getChanged(), CHUNK_SETTLED);
      case REPAIR_NEEDED -> add(seen, good, REPAIR_NEEDED);
      case REPLICAS_FOUND -> add(seen, reply.getChanged(), REPLICA_FOUND);
      case REPAIR_DONE -> add(seen, good, REPAIR_DONE);
      case GARBAGE_DONE -> add(seen, good, REPLICA_DELETED);
      case RELEASE_GARBAGE -> add(seen, reply.getCount() > 0, GARBAGE_RELEASED);
      case TICK -> add(seen, good, TIME_LOGGED);
      case BEGIN_JOIN -> add(seen, good, JOIN_BEGUN);
      case ADVANCE_JOIN -> add(seen, good, JOIN_ADVANCED);
      case PROMOTE -> add(seen, reply.getChanged(), SERVER_PROMOTED);
      case REGISTER_SERVER -> add(seen, good, SERVER_REGISTERED);
      case REVOKE_LEASE -> add(seen, reply.getChanged(), LEASE_REVOKED);
      case OPERATION -> {
        Operation operation = command.getOperation();
        add(seen, good && operation.hasAllocate(), CHUNK_ALLOCATED);
        add(seen, reply.getRecalledLeasesCount() > 0, LEASE_RECALLED);
        add(seen, good && operation.getCommit().getKeepChunks(), LEASE_GIVEN_BACK);
      }
      case COMPACT -> {
        add(seen, reply.getCount() > 0, EXTENTS_COMPACTED);
        add(seen, good && reply.getCount() == 0, COMPACTED_IN_VAIN);
      }
      default -> {
        // Counted where it is met.
      }
    }
    return seen;
  }

  private static void add(List<SystemSighting> seen, boolean happened, SystemSighting kind) {
    if (happened) {
      seen.add(kind);
    }
  }
}
