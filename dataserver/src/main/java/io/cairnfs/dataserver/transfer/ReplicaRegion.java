package io.cairnfs.dataserver.transfer;

import io.cairnfs.dataserver.storage.ReplicaRead;
import io.netty.channel.DefaultFileRegion;
import java.io.IOException;
import java.nio.channels.FileChannel;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An answered range as the transport sends it from the page cache. The file belongs to the replica
 * and stays open; only the use of it ends when the bytes were sent.
 */
final class ReplicaRegion extends DefaultFileRegion {
  private static final Logger LOG = LoggerFactory.getLogger(ReplicaRegion.class);

  private final ReplicaRead read;

  ReplicaRegion(FileChannel channel, ReplicaRead read) {
    super(channel, read.filePosition(), read.length());
    this.read = read;
  }

  @Override
  protected void deallocate() {
    try {
      read.close();
    } catch (IOException e) {
      // The bytes were sent; a file that does not close concerns the operator only.
      LOG.warn("file of a replica does not close: {}", e.toString());
    }
  }
}
