package io.cairnfs.raft.checkpoint;

import io.cairnfs.proto.raft.CheckpointManifest;
import java.io.IOException;

/** Where the parts of a checkpoint come from: another member. Blocks while it waits. */
public interface PartSource {
  /**
   * @throws io.cairnfs.common.error.CairnException {@code NOT_FOUND} if the other side no longer
   *     has that checkpoint
   */
  CheckpointManifest manifest() throws IOException;

  /**
   * At most {@code maxBytes} of a file from an offset on; fewer only at its end. Their checksum was
   * verified.
   */
  byte[] part(String file, long offset, int maxBytes) throws IOException;
}
