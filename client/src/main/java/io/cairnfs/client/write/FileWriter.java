package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.Extent;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One file open for writing at its end. It begins SMALL: the content is kept here, and if it stays
 * small it travels inside a command or in a shared chunk. What grows larger, or is flushed when it
 * is more than tiny, is STREAMING: packets into chunks of its own.
 *
 * <p>Who writes the file under its lease and is asked to give that back becomes SHARED: what there
 * is becomes part of the file, and everything goes on at the same offsets as one writer of several,
 * of whom the later commit wins.
 *
 * <p>Safe for any thread: a lock is held over every operation, also while it waits. After a failure
 * nothing more is written.
 */
public final class FileWriter {
  private static final Logger LOG = LoggerFactory.getLogger(FileWriter.class);
  private static final int FIRST_BUFFER_BYTES = 32 << 10;

  /** A command holds a limited number of extents: a writer who never flushes commits at times. */
  private static final int MAX_UNCOMMITTED_EXTENTS = 1024;

  /** How far the committed length of an open tail may lag behind. */
  private static final long TAIL_COMMIT_MILLIS = 1000;

  private static final long BUSY_MILLIS = 100;

  private final WriteService service;
  private final ClientEnvironment environment;
  private final WriteOptions options;
  private final Session session;
  private final Runnable sessionEnded;

  /** Absent: the file appears at close. */
  private final Optional<FileHandle> handle;

  private final CreateSpec spec;
  private final boolean syncAtClose;
  private final int packetBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final ArrayDeque<Packet> inFlight = new ArrayDeque<>();
  private final ExtentList extents = new ExtentList();
  private final Set<OpenChunk> touched = new LinkedHashSet<>();
  private final UnforcedChunks unforced;
  private final Queue<OpenChunk> overChunks = new ConcurrentLinkedQueue<>();
  private ByteBuf buffer;
  private long bufferStart;
  private long committedLength;
  private volatile ChunkSource source;
  private boolean lastPacketFlushed = true;
  private boolean flushedBefore;

  /**
   * The chunk in which the file's last committed extent is marked open: readers ask its head how
   * far it has come, so that a flush which only lengthens it needs no command.
   */
  private Optional<OpenChunk> openTail = Optional.empty();

  private boolean tailCommitScheduled;
  private CompletableFuture<OperationResult> tailCommit = CompletableFuture.completedFuture(null);

  /** Named by commits since the last one that was answered. */
  private final Set<OpenChunk> reported = new LinkedHashSet<>();

  /** Somebody else wants to write the file. */
  private volatile boolean recalled;

  private final Runnable leaseRecalled = this::leaseRecalled;
  private final Consumer<Set<Long>> chunksWanted = this::chunksWanted;

  /** Present once the lease was given back: everything goes through it, with its own lock. */
  private volatile RangeWriter shared;

  private long sharedPosition;
  private boolean syncWanted;
  private boolean closed;
  private CairnException failure;
  private boolean failureReported;
  private volatile ChunkAppender appender;
  private volatile boolean givenUp;
  private volatile Attributes attributes;

  /**
   * @param spec what to create at close; for an open handle only its sizes count
   * @param start length of the file before
   */
  FileWriter(
      WriteService service,
      Session session,
      CreateSpec spec,
      Optional<FileHandle> handle,
      long start,
      boolean syncAtClose) {
    this.service = service;
    environment = service.environment();
    options = service.options();
    this.session = session;
    unforced = new UnforcedChunks(service, session);
    this.spec = spec;
    this.handle = handle;
    this.syncAtClose = syncAtClose;
    bufferStart = start;
    committedLength = start;
    attributes = handle.map(FileHandle::attributes).orElse(Attributes.getDefaultInstance());
    long chunkBytes =
        spec.chunkBytes() != 0 ? spec.chunkBytes() : session.settings().getDefaultChunkBytes();
    packetBytes =
        chunkBytes == 0 ? options.packetBytes() : (int) Math.min(options.packetBytes(), chunkBytes);
    sessionEnded = this::sessionEnded;
    session.onEnd(sessionEnded);
    session.onChunksWanted(chunksWanted);
  }

  /** From now on it is watched over. */
  void begin() {
    handle.ifPresent(open -> session.leaseTaken(open.attributes().getInode(), leaseRecalled));
  }

  /** On an event loop. */
  private void leaseRecalled() {
    recalled = true;
    service.giveBack(this::giveLeaseBack);
  }

  private void giveLeaseBack() {
    lock.lock();
    try {
      shareIfRecalled();
    } catch (CairnException e) {
      LOG.debug("{}: the lease could not be given back", name(), e);
      if (failure == null) {
        // Told at the next use.
        failure = e;
      }
    } finally {
      lock.unlock();
    }
  }

  /** What has been written becomes part of the file, and the lease ends. */
  private void shareIfRecalled() throws CairnException {
    if (!recalled || shared != null || closed || failure != null) {
      return;
    }
    FileHandle open = handle.orElseThrow();
    ByteBuffer rest = ByteBuffer.allocate(0);
    if (appender == null) {
      int left = (int) (end() - committedLength);
      rest = ByteBuffer.allocate(left);
      if (left > 0) {
        buffer.getBytes(buffer.readerIndex() + buffer.readableBytes() - left, rest);
      }
      service.shareLease(session, open);
    } else {
      drain(Flags.FLUSH | Flags.CLOSE);
      source.close();
      commitStreamed(After.SHARED);
    }
    sharedPosition = end() - rest.capacity();
    releaseBuffer();
    session.leaseGone(open.attributes().getInode(), leaseRecalled);
    boolean perhapsInline =
        appender == null && committedLength <= session.settings().getInlineBytes();
    shared = service.openShared(session, attributes, open.shared(), perhapsInline, changed -> {});
    if (rest.flip().hasRemaining()) {
      sharedPosition += shared.write(sharedPosition, List.of(rest));
    }
  }

  private void releaseBuffer() {
    if (buffer != null) {
      buffer.release();
      buffer = null;
    }
  }

  private void sessionEnded() {
    ChunkAppender streaming = appender;
    if (streaming != null) {
      streaming.abort(
          new CairnException(
              ErrorCode.SESSION_EXPIRED, session.id() + " has ended before this file was closed"));
    }
  }

  /** The file's attributes at the last commit; empty ones before a deferred file was closed. */
  public Attributes attributes() {
    return attributes;
  }

  /**
   * On an event loop: without the writer's lock, which may be held while its chunk is waited for.
   */
  private void chunksWanted(Set<Long> wanted) {
    ChunkAppender streaming = appender;
    if (streaming != null) {
      source.giveWay(wanted, streaming.giveWay(wanted));
    }
  }

  /** Where the next byte goes. */
  public long position() {
    lock.lock();
    try {
      return shared == null ? end() : sharedPosition;
    } finally {
      lock.unlock();
    }
  }

  private long end() {
    return bufferStart + (buffer == null ? 0 : buffer.readableBytes());
  }

  /**
   * Takes content that the file already has into the buffer, to be written anew with what follows.
   */
  void preload(ByteString content) {
    bufferStart = 0;
    growBuffer();
    buffer.writeBytes(content.asReadOnlyByteBuffer());
  }

  /** Writes the remaining bytes. */
  public void write(ByteBuffer bytes) throws CairnException {
    lock.lock();
    try {
      requireWritable();
      shareIfRecalled();
      if (shared != null) {
        sharedPosition += shared.write(sharedPosition, List.of(bytes));
        return;
      }
      while (bytes.hasRemaining()) {
        if (buffer != null && buffer.readableBytes() == bufferLimit()) {
          startStreaming();
          sendBuffer(Flags.NONE);
        }
        growBuffer();
        int count = Math.min(bytes.remaining(), bufferLimit() - buffer.readableBytes());
        ByteBuffer part = bytes.slice(bytes.position(), count);
        buffer.writeBytes(part);
        bytes.position(bytes.position() + count);
      }
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  /**
   * While SMALL the buffer holds the whole content; the smaller of both limits turns it to
   * STREAMING.
   */
  private int bufferLimit() {
    return appender != null
        ? packetBytes
        : Math.min(packetBytes, Math.max(options.sharedFileBytes(), 4096));
  }

  private void growBuffer() {
    if (buffer == null) {
      int first = appender != null ? packetBytes : Math.min(FIRST_BUFFER_BYTES, packetBytes);
      buffer = environment.allocator().directBuffer(first, SharedChunks.paddedLength(packetBytes));
    }
  }

  private void requireWritable() throws CairnException {
    if (closed) {
      throw new CairnException(ErrorCode.STALE_HANDLE, name() + " is closed");
    }
    if (failure != null) {
      throw Failures.here(failure);
    }
    if (shared != null && shared.failures() > 0) {
      throw Failures.here(shared.lastFailure().orElseThrow());
    }
    if (tailCommit.isCompletedExceptionally()) {
      environment.await(tailCommit);
    }
    if (!session.isOpen()) {
      throw new CairnException(
          ErrorCode.SESSION_EXPIRED, name() + ": " + session.id() + " has ended");
    }
  }

  private CairnException failed(CairnException e) {
    if (failure == null && !closed) {
      failure = e;
    }
    failureReported = true;
    return e;
  }

  private String name() {
    return handle
        .map(open -> new InodeId(open.attributes().getInode()).toString())
        .orElseGet(() -> spec.target().getPath().toStringUtf8());
  }

  private void startStreaming() {
    if (appender == null) {
      long inode = handle.map(open -> open.attributes().getInode()).orElse(0L);
      source = new ChunkSource(environment, session, inode, spec.replication(), spec.chunkBytes());
      appender =
          new ChunkAppender(
              environment, options, source, syncAtClose ? Flags.SYNC : Flags.NONE, this::chunkOver);
    }
  }

  /** On any thread. */
  private void chunkOver(OpenChunk chunk) {
    overChunks.add(chunk);
    if (givenUp) {
      giveBackOverChunks();
    }
  }

  private void sendBuffer(int flags) throws CairnException {
    ByteBuf full = buffer;
    int length = full.readableBytes();
    boolean budgeted = appender.awaitRoom(length);
    buffer = null;
    Packet packet = new Packet(full, bufferStart, length, flags, budgeted);
    packet.prepareChecksums(appender.expectedPhase());
    bufferStart += length;
    lastPacketFlushed = (flags & (Flags.FLUSH | Flags.CLOSE)) != 0;
    inFlight.add(packet);
    appender.append(packet);
    collect();
    if (handle.isPresent() && extents.size() >= MAX_UNCOMMITTED_EXTENTS) {
      commitStreamed(After.OPEN);
    }
  }

  /** Takes what was acknowledged meanwhile into the list of extents. */
  private void collect() {
    Packet first = inFlight.peek();
    while (first != null && first.isSettled()) {
      inFlight.poll();
      extents.add(first);
      touched.add(first.chunk());
      unforced.add(first.chunk());
      first = inFlight.peek();
    }
  }

  /** All bytes so far are in every member's memory and part of the file. */
  public void flush() throws CairnException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      requireWritable();
      makeVisible(Flags.FLUSH);
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  /** As flush, and on every member's disk before. */
  public void sync() throws CairnException {
    lock.lock();
    try {
      requireWritable();
      syncWanted = true;
      makeVisible(Flags.FLUSH | Flags.SYNC);
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  private void makeVisible(int flags) throws CairnException {
    shareIfRecalled();
    if (shared != null) {
      makeSharedVisible((flags & Flags.SYNC) != 0);
      return;
    }
    if (appender == null) {
      if (handle.isEmpty() || end() == committedLength) {
        return;
      }
      if (fitsInline()) {
        commitInline(false);
        return;
      }
      startStreaming();
    }
    boolean sync = (flags & Flags.SYNC) != 0;
    drain(flags);
    Optional<CairnException> notForced = sync ? tryForceAll() : Optional.empty();
    if (handle.isPresent() && extents.size() > 0) {
      if (onlyLengthensTail() && notForced.isEmpty()) {
        scheduleTailCommit();
      } else {
        // A sync that fails is a flush all the same: nothing that all members have is dropped with
        // the writer.
        commitStreamed(flushedBefore && !session.isFenced() ? After.OPEN_TAIL : After.OPEN);
      }
      flushedBefore = true;
    }
    if (notForced.isPresent()) {
      unforced.forceWithCopies(appender, notForced.get());
    }
  }

  private void makeSharedVisible(boolean sync) throws CairnException {
    if (sync) {
      forceExclusivelyWritten();
      shared.sync();
    } else {
      var unused = shared.flush();
    }
  }

  /** What was written before the lease was given back. */
  private void forceExclusivelyWritten() throws CairnException {
    Optional<CairnException> notForced = appender == null ? Optional.empty() : tryForceAll();
    if (notForced.isPresent()) {
      unforced.forceWithCopies(appender, notForced.get());
    }
  }

  private boolean onlyLengthensTail() {
    return openTail.isPresent()
        && extents.isOneRunIn(openTail.get().location().getChunk(), committedLength)
        && appender.isStreaming(openTail.get());
  }

  private Optional<CairnException> tryForceAll() {
    unforced.addAll(overChunks);
    return unforced.tryForce(appender);
  }

  private void scheduleTailCommit() {
    if (!tailCommitScheduled) {
      tailCommitScheduled = true;
      var unused = environment.schedule(this::commitTail, TAIL_COMMIT_MILLIS);
    }
  }

  /** On an event loop: must not wait for the lock, nor for the answer. */
  private void commitTail() {
    if (!lock.tryLock()) {
      var unused = environment.schedule(this::commitTail, BUSY_MILLIS);
      return;
    }
    try {
      tailCommitScheduled = false;
      collect();
      if (closed || failure != null || shared != null || extents.size() == 0) {
        return;
      }
      if (!tailCommit.isDone()) {
        scheduleTailCommit();
        return;
      }
      CommitExtents commit = streamedCommit(After.OPEN_TAIL);
      committedLength = commit.getLength();
      tailCommit =
          session
              .mutate(Operation.newBuilder().setCommit(commit).build())
              .whenComplete(
                  (result, problem) -> {
                    if (problem == null) {
                      attributes = result.getCommit().getAttributes();
                    }
                  });
    } finally {
      lock.unlock();
    }
  }

  private void drain(int flags) throws CairnException {
    if (buffer != null && buffer.isReadable()) {
      sendBuffer(flags);
    } else {
      boolean nothingToSay = (flags & ~Flags.FLUSH) == 0 && lastPacketFlushed && inFlight.isEmpty();
      if (!nothingToSay) {
        appender.awaitDrained();
        // Without a chunk being written there is nothing that the flags could be sent to.
        var unused = appender.control(flags);
        lastPacketFlushed = true;
      }
    }
    appender.awaitDrained();
    collect();
  }

  private boolean fitsInline() {
    return bufferStart == 0 && end() <= session.settings().getInlineBytes();
  }

  private ByteString inlineContent() {
    return buffer == null
        ? ByteString.EMPTY
        : ByteString.copyFrom(buffer.nioBuffer(buffer.readerIndex(), buffer.readableBytes()));
  }

  private void commitInline(boolean close) throws CairnException {
    CommitExtents commit =
        handle
            .orElseThrow()
            .nextCommit()
            .setInline(inlineContent())
            .setHasInline(true)
            .setLength(end())
            .setClose(close)
            .setKeepChunks(close && isSharedHere())
            .build();
    commit(commit);
  }

  /** What a commit leaves behind. */
  private enum After {
    OPEN,
    /** The last extent is marked open, if its chunk is still being written. */
    OPEN_TAIL,
    /** The lease is over, the writing is not. */
    SHARED,
    CLOSED
  }

  private void commitStreamed(After after) throws CairnException {
    // Numbered only when the one before has been answered: they are applied in order.
    environment.await(tailCommit);
    commit(streamedCommit(after));
  }

  private CommitExtents streamedCommit(After after) {
    CommitExtents.Builder commit =
        handle.orElseThrow().nextCommit().setLength(Math.max(committedLength, extents.end()));
    if (after == After.CLOSED || after == After.SHARED) {
      commit.setClose(true).setKeepChunks(after == After.SHARED || isSharedHere());
    }
    Optional<Packet> last = extents.lastPacket();
    List<Extent> added = extents.take();
    openTail =
        last.filter(packet -> after == After.OPEN_TAIL && !added.isEmpty())
            .map(Packet::chunk)
            .filter(appender::isStreaming);
    for (ChunkProgress progress : progress()) {
      boolean isTail =
          openTail.isPresent() && openTail.get().location().getChunk() == progress.getChunk();
      // An open tail ends where its chunk does, as far as this command knows.
      long end = isTail ? last.get().chunkOffset() + last.get().length() : progress.getLength();
      commit.addChunks(progress.toBuilder().setLength(end));
    }
    return commit.addAllExtents(added).setOpenTail(openTail.isPresent()).build();
  }

  /** This client has the file open at any position, too, with chunks that are not this writer's. */
  private boolean isSharedHere() {
    return service.writesShared(session, openInode());
  }

  private void commit(CommitExtents commit) throws CairnException {
    OperationResult result =
        environment.await(session.mutate(Operation.newBuilder().setCommit(commit).build()));
    attributes = result.getCommit().getAttributes();
    committedLength = commit.getLength();
    reported.clear();
  }

  private List<ChunkProgress> progress() {
    OpenChunk over = overChunks.poll();
    while (over != null) {
      touched.add(over);
      over = overChunks.poll();
    }
    return appender.reportProgress(touched, reported, this::hasUncollected);
  }

  private boolean hasUncollected(OpenChunk chunk) {
    return inFlight.stream().anyMatch(packet -> packet.isSettled() && packet.chunk() == chunk);
  }

  /** Makes all bytes part of the file. Idempotent. */
  public void close() throws CairnException {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (failure == null) {
        finish();
      } else if (!failureReported) {
        failureReported = true;
        throw Failures.here(failure);
      }
    } catch (CairnException | RuntimeException e) {
      failure = Failures.of(e);
      throw e;
    } finally {
      release();
      lock.unlock();
    }
  }

  private void finish() throws CairnException {
    requireWritable();
    boolean sync = syncAtClose || syncWanted;
    if (shared != null) {
      if (sync) {
        forceExclusivelyWritten();
      }
      shared.close(sync);
    } else if (appender != null) {
      finishStreaming(sync);
    } else if (fitsInline()) {
      finishInline();
    } else if (end() == bufferStart) {
      // Opened to append, and nothing was.
      commit(lastCommit().setLength(end()).build());
    } else {
      finishShared(sync);
    }
  }

  private CommitExtents.Builder lastCommit() {
    return handle.orElseThrow().nextCommit().setClose(true).setKeepChunks(isSharedHere());
  }

  private void finishInline() throws CairnException {
    if (handle.isEmpty()) {
      create(spec.toWholeCommand().setInline(inlineContent()));
    } else if (end() == committedLength) {
      commit(lastCommit().setLength(end()).build());
    } else {
      commitInline(true);
    }
  }

  private void finishShared(boolean sync) throws CairnException {
    int length = buffer.readableBytes();
    buffer.writeZero(SharedChunks.paddedLength(length) - length);
    ByteBuf padded = buffer;
    buffer = null;
    SharedChunks.Placed placed =
        environment.await(
            service
                .sharedChunks(session, spec.replication())
                .append(() -> padded, length, bufferStart, Flags.FLUSH | (sync ? Flags.SYNC : 0)));
    long fileStart = bufferStart;
    bufferStart += length;
    try {
      ExtentList one = new ExtentList();
      one.add(placed.packet());
      List<Extent> extent = one.take();
      List<ChunkProgress> progress = placed.appender().progress(List.of(placed.chunk()));
      if (handle.isEmpty()) {
        create(
            spec.toWholeCommand()
                .setExtents(
                    ExtentContent.newBuilder()
                        .addAllExtents(extent)
                        .addAllChunks(stillOpen(progress))
                        .setLength(bufferStart)));
      } else {
        commit(
            lastCommit()
                .addAllExtents(extent)
                .addAllChunks(stillOpen(progress))
                .setLength(fileStart + length)
                .build());
      }
    } finally {
      placed.commitEnded();
    }
  }

  /**
   * Other files of a shared chunk may not have been committed yet: it is closed by its own call.
   */
  static List<ChunkProgress> stillOpen(List<ChunkProgress> progress) {
    return progress.stream().map(one -> one.toBuilder().setClosed(false).build()).toList();
  }

  private void finishStreaming(boolean sync) throws CairnException {
    drain(Flags.FLUSH | Flags.CLOSE | (sync ? Flags.SYNC : 0));
    source.close();
    if (handle.isEmpty() && sync) {
      unforced.addAll(overChunks);
      unforced.force(appender);
    }
    if (handle.isPresent()) {
      Optional<CairnException> notForced = sync ? tryForceAll() : Optional.empty();
      commitStreamed(After.CLOSED);
      if (notForced.isPresent()) {
        unforced.forceWithCopies(appender, notForced.get());
      }
      return;
    }
    create(
        spec.toWholeCommand()
            .setExtents(
                ExtentContent.newBuilder()
                    .addAllExtents(extents.take())
                    .addAllChunks(progress())
                    .setLength(bufferStart)));
  }

  private void create(Create.Builder command) throws CairnException {
    OperationResult result =
        environment.await(session.mutate(Operation.newBuilder().setCreate(command).build()));
    attributes = result.getCreate().getAttributes();
    reported.clear();
  }

  /** Ends the writing; what was not flushed is forgotten. Nothing after close. */
  public void abort() {
    abortStream();
    lock.lock();
    try {
      if (closed) {
        return;
      }
      if (failure == null) {
        failure = aborted();
        failureReported = true;
      }
      release();
    } finally {
      lock.unlock();
    }
  }

  private CairnException aborted() {
    return new CairnException(ErrorCode.CANCELLED, name() + " was aborted");
  }

  /** Frees a thread that waits for acknowledgements with the lock held. */
  void abortStream() {
    ChunkAppender streaming = appender;
    if (streaming != null) {
      streaming.abort(aborted());
    }
    RangeWriter sharing = shared;
    if (sharing != null) {
      sharing.abortStream(aborted());
    }
  }

  private void release() {
    closed = true;
    session.removeOnEnd(sessionEnded);
    session.removeOnChunksWanted(chunksWanted);
    service.closed(this);
    session.leaseGone(openInode(), leaseRecalled);
    releaseBuffer();
    givenUp = true;
    if (failure != null && shared != null) {
      shared.abort();
    }
    if (failure != null && appender != null) {
      appender.abort(failure);
      // What a commit that failed should have closed is still open.
      reported.forEach(appender::forgetReport);
      overChunks.addAll(reported);
    }
    giveBackOverChunks();
    if (failure != null && handle.isPresent() && shared == null && session.isOpen()) {
      service.releaseLease(session, handle.get());
    }
  }

  private void giveBackOverChunks() {
    List<ChunkProgress> left = new ArrayList<>();
    OpenChunk next = overChunks.poll();
    while (next != null) {
      if (appender.claimAbandoned(next)) {
        left.addAll(appender.progress(List.of(next)));
      }
      next = overChunks.poll();
    }
    if (!left.isEmpty()) {
      source.giveBack(left);
    }
  }

  long openInode() {
    return handle.map(open -> open.attributes().getInode()).orElse(0L);
  }
}
