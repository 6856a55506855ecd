package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.Attributes;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A file that was made under a lease, as long as it is tiny and written by this handle alone: its
 * bytes are kept here, and become part of it with the other changes. Whatever goes beyond that is
 * done by a file as any other, which takes this one's place. Safe for any thread.
 */
final class HeldFile implements CairnFile {
  private static final Logger LOG = LoggerFactory.getLogger(HeldFile.class);

  private final LeasedTree tree;
  private final OwnNode node;
  private final Optional<OnBehalf> behalf;
  private final OpenOptions options;
  private final Adopter adopter;
  private final int most;

  @GuardedBy("this")
  private byte[] bytes = {};

  @GuardedBy("this")
  private int length;

  @GuardedBy("this")
  private boolean dirty;

  /** Bytes are on their way, or there: what is written behind them is not for this handle. */
  @GuardedBy("this")
  private boolean sent;

  @GuardedBy("this")
  private CairnFile other;

  @GuardedBy("this")
  private boolean closed;

  private volatile CreateResult created = CreateResult.getDefaultInstance();
  private volatile CairnException lost;

  /** Opens files whose handle is known. */
  interface Adopter {
    /**
     * @param made what the file was like when it was made, if it is empty still
     */
    CairnFile adopt(long inode, ByteString handle, Optional<Attributes> made, OpenOptions options)
        throws CairnException;
  }

  /**
   * @param most bytes that can be in the metadata
   */
  HeldFile(
      LeasedTree tree,
      OwnNode node,
      Optional<OnBehalf> behalf,
      OpenOptions options,
      Adopter adopter,
      int most) {
    this.tree = tree;
    this.node = node;
    this.behalf = behalf;
    this.options = options;
    this.adopter = adopter;
    this.most = most;
  }

  /** The cluster has made the file. On an event loop. */
  void created(CreateResult result) {
    created = result;
  }

  /** The file was not made, or its bytes are lost. */
  void lose(CairnException reason) {
    lost = reason;
  }

  private void requireSound() throws CairnException {
    CairnException reason = lost;
    if (reason != null) {
      throw Failures.here(reason);
    }
  }

  @GuardedBy("this")
  private void requireOpen(boolean permitted) throws CairnException {
    requireSound();
    if (closed) {
      throw new CairnException(ErrorCode.STALE_HANDLE, "inode=" + node.inode + " is closed");
    }
    if (!permitted) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "inode=" + node.inode + " is not open for that");
    }
  }

  /** Has the bytes sent with the other changes. */
  synchronized void flushLater() throws CairnException {
    requireSound();
    if (other != null || !dirty) {
      return;
    }
    ByteString content = ByteString.copyFrom(bytes, 0, length);
    long time = tree.wrote(node, length);
    tree.add(behalf, 200 + (long) length, new Content(content, time));
    dirty = false;
    sent = true;
  }

  /** Bytes that become part of the file. */
  private final class Content implements ChangeQueue.Change {
    private final ByteString content;
    private final long timeNanos;

    Content(ByteString content, long timeNanos) {
      this.content = content;
      this.timeNanos = timeNanos;
    }

    @Override
    public long inode() {
      return node.inode;
    }

    @Override
    public DirectoryChange.Builder make() {
      return DirectoryChange.newBuilder()
          .setTimeNanos(timeNanos)
          .setOperation(
              Operation.newBuilder()
                  .setCommit(
                      CommitExtents.newBuilder()
                          .setInode(node.inode)
                          .setHandle(created.getHandle())
                          .setLength(content.size())
                          .addInlineWrites(InlineWrite.newBuilder().setData(content))));
    }

    @Override
    public void done(OperationResult result) {
      // Programs were told so already.
    }

    @Override
    public void lost(CairnException reason) {
      lose(reason);
      tree.lost().lose(node.inode, reason);
    }
  }

  /** Another file takes this one's place: its bytes are with the cluster. */
  synchronized CairnFile giveUp() throws CairnException {
    if (other == null) {
      if (closed) {
        throw new CairnException(ErrorCode.STALE_HANDLE, "inode=" + node.inode + " is closed");
      }
      tree.flush();
      requireSound();
      CreateResult result = created;
      other =
          adopter.adopt(
              node.inode,
              result.getHandle(),
              sent ? Optional.empty() : Optional.of(result.getAttributes()),
              options);
      tree.closed(node, this);
      tree.giveUp(node);
      writeOn();
    }
    return other;
  }

  /** As {@link #giveUp}, unless it is closed: then its bytes wait with the other changes. */
  synchronized void handOver() {
    if (closed) {
      return;
    }
    try {
      CairnFile unused = giveUp();
    } catch (CairnException e) {
      // Others may write to it from now on: what is here must not get over that later.
      LOG.error("inode={} is written to no further: {}", node.inode, e.getMessage());
      lose(e);
    }
  }

  /** What only this handle has had so far. */
  @GuardedBy("this")
  private void writeOn() throws CairnException {
    if (!dirty) {
      return;
    }
    dirty = false;
    try {
      if (length > 0) {
        int unused = other.write(0, ByteBuffer.wrap(bytes, 0, length));
      } else {
        other.truncate(0);
      }
    } catch (CairnException e) {
      throw e;
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, "inode=" + node.inode, e);
    }
  }

  @GuardedBy("this")
  private boolean isHeld() {
    return other == null;
  }

  @Override
  public synchronized int read(long position, ByteBuffer target) throws IOException {
    if (!isHeld()) {
      return other.read(position, target);
    }
    requireOpen(options.read());
    if (position < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, "negative position " + position);
    }
    if (!target.hasRemaining()) {
      return 0;
    }
    if (position >= length) {
      return -1;
    }
    int count = (int) Math.min(target.remaining(), length - position);
    target.put(bytes, (int) position, count);
    return count;
  }

  @Override
  public long read(long position, ByteBuffer[] targets) throws IOException {
    long total = 0;
    for (ByteBuffer target : targets) {
      if (target.hasRemaining()) {
        int count = read(position + total, target);
        if (count < 0) {
          return total == 0 ? -1 : total;
        }
        total += count;
      }
    }
    return total;
  }

  @Override
  public List<CompletableFuture<ByteBuffer>> readVectored(List<Range> ranges) throws IOException {
    return giveUp().readVectored(ranges);
  }

  @Override
  public synchronized int write(long position, ByteBuffer source) throws IOException {
    if (!isHeld()) {
      return other.write(position, source);
    }
    requireOpen(options.write());
    long at = options.append() ? length : position;
    long end = at + source.remaining();
    if (sent || at < 0 || end > most || options.syncWrites()) {
      return giveUp().write(position, source);
    }
    int count = source.remaining();
    if (count > 0) {
      resize((int) Math.max(length, end));
      source.get(bytes, (int) at, count);
      changed();
    }
    return count;
  }

  @GuardedBy("this")
  private void resize(int to) {
    if (to > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.min(most, Math.max(to, 2 * bytes.length)));
    }
    if (to < length) {
      Arrays.fill(bytes, to, length, (byte) 0);
    }
    length = to;
  }

  @GuardedBy("this")
  private void changed() {
    dirty = true;
    long unused = tree.wrote(node, length);
  }

  @Override
  public synchronized long write(long position, ByteBuffer[] sources) throws IOException {
    long total = 0;
    for (ByteBuffer source : sources) {
      total += source.remaining();
    }
    if (total > most) {
      return giveUp().write(position, sources);
    }
    ByteBuffer whole = ByteBuffer.allocate((int) total);
    for (ByteBuffer source : sources) {
      whole.put(source);
    }
    return write(position, whole.flip());
  }

  @Override
  public synchronized long append(ByteBuffer source) throws IOException {
    if (!isHeld() || sent || options.syncWrites()) {
      return giveUp().append(source);
    }
    long at = length;
    int unused = write(at, source);
    return at;
  }

  @Override
  public synchronized long length() throws IOException {
    return isHeld() ? length : other.length();
  }

  @Override
  public synchronized FileStatus status() throws IOException {
    if (!isHeld()) {
      return other.status();
    }
    requireSound();
    Optional<FileStatus> own = LeasedNodes.status(tree, node.inode);
    return own.isPresent() ? own.get() : giveUp().status();
  }

  @Override
  public synchronized void truncate(long to) throws IOException {
    if (!isHeld() || sent || to < 0 || to > most) {
      giveUp().truncate(to);
      return;
    }
    requireOpen(options.write());
    resize((int) to);
    changed();
  }

  @Override
  public void allocate(long offset, long count, Allocate growth) throws IOException {
    giveUp().allocate(offset, count, growth);
  }

  @Override
  public void punchHole(long offset, long count) throws IOException {
    giveUp().punchHole(offset, count);
  }

  @Override
  public long seekData(long offset) throws IOException {
    return giveUp().seekData(offset);
  }

  @Override
  public long seekHole(long offset) throws IOException {
    return giveUp().seekHole(offset);
  }

  @Override
  public void flush() throws IOException {
    CairnFile by;
    synchronized (this) {
      by = other;
      if (by == null) {
        flushLater();
      }
    }
    if (by != null) {
      by.flush();
    }
  }

  @Override
  public void sync() throws IOException {
    CairnFile by;
    synchronized (this) {
      by = other;
      if (by == null) {
        flushLater();
      }
    }
    if (by != null) {
      by.sync();
      return;
    }
    tree.flush();
    requireSound();
  }

  @Override
  public void close() throws IOException {
    CairnFile by;
    synchronized (this) {
      if (closed) {
        return;
      }
      by = other;
      try {
        if (by == null) {
          flushLater();
        }
      } finally {
        closed = true;
        tree.closed(node, this);
      }
    }
    if (by != null) {
      by.close();
    }
  }
}
