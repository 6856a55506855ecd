package io.cairnfs.metaserver.service;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Operation;
import java.io.IOException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a reserve of the metaserver's disk for deletes, elections and the cluster's own commands:
 * while less is free, all other mutations are refused. {@link #look} is called by a timer, {@link
 * #admit} by any thread.
 */
public final class SpaceGuard {
  private static final Logger logger = LoggerFactory.getLogger(SpaceGuard.class);

  private final String directory;
  private final FreeSpace freeSpace;
  private final long reserveBytes;
  private volatile boolean full;

  /** Bytes that can still be written. */
  @FunctionalInterface
  public interface FreeSpace {
    long bytes() throws IOException;
  }

  public SpaceGuard(String directory, FreeSpace freeSpace, long reserveBytes) {
    this.directory = directory;
    this.freeSpace = freeSpace;
    this.reserveBytes = reserveBytes;
  }

  /** Looks at the disk; a disk that cannot be asked counts as full. */
  public void look() {
    boolean now;
    try {
      now = freeSpace.bytes() < reserveBytes;
    } catch (IOException e) {
      logger.warn("directory={} free space cannot be asked: {}", directory, e.getMessage());
      now = true;
    }
    if (now != full) {
      full = now;
      if (now) {
        logger.warn(
            "directory={} less than {} bytes are free: only deletes are accepted",
            directory,
            reserveBytes);
      } else {
        logger.info("directory={} has space again", directory);
      }
    }
  }

  /**
   * Lets an operation pass.
   *
   * @throws CairnException {@code NO_SPACE} for one that does not free anything, while the reserve
   *     is touched
   */
  void admit(Operation operation) throws CairnException {
    if (full && !frees(operation)) {
      throw new CairnException(
          ErrorCode.NO_SPACE,
          "the metaserver's disk is full (less than "
              + reserveBytes
              + " bytes free); deletes are still possible");
    }
  }

  private static boolean frees(Operation operation) {
    return switch (operation.getKindCase()) {
      case UNLINK,
          RMDIR,
          DELETE_TREE,
          RELEASE,
          CLOSE_SESSION,
          CLOSE_CHUNKS,
          SET_MEMBERSHIP,
          SET_LENGTH,
          REMOVE_XATTR,
          UNLOCK,
          STOP_WAITING,
          RELEASE_LOCKS,
          RECOVER_LEASE ->
          true;
      case BATCH ->
          operation.getBatch().getChangesList().stream()
              .allMatch(change -> frees(change.getOperation()));
      case MKDIR,
          CREATE,
          SYMLINK,
          LINK,
          ACCESSED,
          SET_XATTR,
          SET_ACL,
          SET_CODING_POLICY,
          SET_STORAGE_POLICY,
          ENABLE_CODING_POLICY,
          MAKE_NODE,
          LOCK,
          ALLOCATE,
          COMMIT,
          RENAME,
          SET_ATTRIBUTES,
          OPEN_FOR_WRITE,
          LEASE_DIRECTORY,
          PUNCH,
          CLONE_RANGE,
          CONCAT,
          ALLOCATE_RANGE,
          KIND_NOT_SET ->
          false;
    };
  }
}
