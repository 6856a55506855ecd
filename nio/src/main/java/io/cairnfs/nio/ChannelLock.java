package io.cairnfs.nio;

import java.io.IOException;
import java.nio.channels.AsynchronousFileChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;

/** A lock that a channel was given. It is not valid any more, too, when the session has ended. */
final class ChannelLock extends FileLock {
  private final ChannelLocks.Grant grant;

  ChannelLock(
      FileChannel channel, long position, long size, boolean shared, ChannelLocks.Grant grant) {
    super(channel, position, size, shared);
    this.grant = grant;
  }

  ChannelLock(
      AsynchronousFileChannel channel,
      long position,
      long size,
      boolean shared,
      ChannelLocks.Grant grant) {
    super(channel, position, size, shared);
    this.grant = grant;
  }

  @Override
  public boolean isValid() {
    return acquiredBy().isOpen() && grant.isHeld();
  }

  @Override
  public void release() throws IOException {
    if (!acquiredBy().isOpen()) {
      throw new ClosedChannelException();
    }
    grant.release();
  }
}
