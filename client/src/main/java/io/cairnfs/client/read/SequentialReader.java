package io.cairnfs.client.read;

import io.cairnfs.client.base.Deadline;
import io.cairnfs.common.error.CairnException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/**
 * Reads a file from a position on and fetches ahead of the reader: little at first, up to the
 * options' bytes as the reader goes on, nothing at all after a seek elsewhere. Not safe for several
 * threads.
 */
public final class SequentialReader implements AutoCloseable {
  private static final int FIRST_BLOCK_BYTES = 256 << 10;

  /** A block and whether its bytes were taken from the client's budget. */
  private record Ahead(Block block, boolean budgeted) {}

  private final FileReader file;
  private final ArrayDeque<Ahead> ahead = new ArrayDeque<>();
  private long position;
  private long fetchedUntil;
  private int blockBytes;
  private long windowBytes;

  public SequentialReader(FileReader file) {
    this.file = file;
    startOver(0);
  }

  public long position() {
    return position;
  }

  /** Fetches nothing. */
  public void seek(long target) {
    while (!ahead.isEmpty() && target >= ahead.peek().block.end() && target < fetchedUntil) {
      drop(ahead.poll());
    }
    boolean inside =
        !ahead.isEmpty() && target >= ahead.peek().block.position() && target < fetchedUntil;
    if (!inside && target != position) {
      startOver(target);
    }
    position = target;
  }

  private void startOver(long at) {
    ahead.forEach(this::drop);
    ahead.clear();
    position = at;
    fetchedUntil = at;
    blockBytes = Math.min(FIRST_BLOCK_BYTES, file.options().requestBytes());
    windowBytes = blockBytes;
  }

  /** Bytes that are here already. */
  public int available() {
    if (file.isInline()) {
      return (int) (file.length() - position);
    }
    long bytes = 0;
    for (Ahead next : ahead) {
      if (!next.block.isReady()) {
        break;
      }
      bytes += next.block.end() - Math.max(position, next.block.position());
    }
    return (int) Math.min(Integer.MAX_VALUE, bytes);
  }

  /**
   * Reads at least one byte, and more as long as it need not wait.
   *
   * @return bytes read; −1 at the end of the file
   */
  public int read(ByteBuffer target) throws CairnException {
    if (!target.hasRemaining()) {
      return 0;
    }
    if (position >= file.length()) {
      return -1;
    }
    if (file.isInline()) {
      int count = (int) Math.min(target.remaining(), file.length() - position);
      file.copyInline(position, count, target);
      position += count;
      return count;
    }
    return readBlocks(target);
  }

  private int readBlocks(ByteBuffer target) throws CairnException {
    file.environment().requireMayBlock();
    Deadline deadline = file.deadline();
    int total = 0;
    while (target.hasRemaining() && position < file.length()) {
      fetchAhead(target.remaining(), deadline);
      Block block = ahead.peek().block;
      if (total > 0 && !block.isReady()) {
        break;
      }
      file.await(block, deadline);
      int count = file.copy(block, (int) (position - block.position()), target);
      position += count;
      total += count;
      if (position == block.end()) {
        drop(ahead.poll());
        grow();
      }
    }
    return total;
  }

  private void fetchAhead(int wanted, Deadline deadline) throws CairnException {
    int largest = file.options().requestBytes();
    long until = Math.min(file.length(), position + Math.max(windowBytes, 1));
    while (fetchedUntil < until) {
      // A reader who asks for much gets it in one request from the start.
      long size = ahead.isEmpty() ? Math.max(blockBytes, Math.min(wanted, largest)) : blockBytes;
      boolean budgeted = file.environment().buffers().tryAcquire(largest);
      if (!budgeted && !ahead.isEmpty()) {
        return;
      }
      Block block = null;
      try {
        block = file.begin(fetchedUntil, Math.min(size, file.length() - fetchedUntil), deadline);
        ahead.add(new Ahead(block, budgeted));
        fetchedUntil = block.end();
      } finally {
        if (block == null && budgeted) {
          file.environment().buffers().release(largest);
        }
      }
    }
  }

  private void grow() {
    blockBytes = Math.min(2 * blockBytes, file.options().requestBytes());
    windowBytes =
        Math.min(
            Math.max(blockBytes, 2 * windowBytes),
            Math.max(file.options().readAheadBytes(), blockBytes));
  }

  private void drop(Ahead dropped) {
    dropped.block.drop();
    if (dropped.budgeted) {
      file.environment().buffers().release(file.options().requestBytes());
    }
  }

  @Override
  public void close() {
    ahead.forEach(this::drop);
    ahead.clear();
    fetchedUntil = position;
  }
}
