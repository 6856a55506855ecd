package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.AllocateRange;

/**
 * The leader's part of an allocation: which slots, with which members. Any thread; must not block.
 */
public interface AllocationStamp {
  /**
   * Adds the chosen slots and pipelines to the command.
   *
   * @throws CairnException {@code TOO_FEW_SERVERS}, {@code NO_SPACE}
   */
  void stamp(Command.Builder command, Allocate request, String writerHost) throws CairnException;

  /** Whether as many servers as a chunk has replicas can take one of a pool now. */
  boolean takes(PoolId pool, int replication);

  /**
   * Adds the slot and pipeline of one chunk of a pool to the command, for whoever writes it.
   *
   * @throws CairnException {@code TOO_FEW_SERVERS}, {@code NO_SPACE}
   */
  void stamp(Command.Builder command, PoolId pool, int replication) throws CairnException;

  /**
   * Looks whether the data servers have room for what a range is longer than its file, as many
   * times as the file has replicas. Takes no space: others may be faster.
   *
   * @throws CairnException {@code NO_SPACE}
   */
  void requireSpace(AllocateRange request) throws CairnException;
}
