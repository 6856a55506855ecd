package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.metadata.Allocate;

/**
 * The leader's part of an allocation: which slots, with which members. Any thread; must not block.
 */
@FunctionalInterface
public interface AllocationStamp {
  /**
   * Adds the chosen slots and pipelines to the command.
   *
   * @throws CairnException {@code TOO_FEW_SERVERS}, {@code NO_SPACE}
   */
  void stamp(Command.Builder command, Allocate request, String writerHost) throws CairnException;
}
