package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.CommitResult;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.Extent;
import io.netty.buffer.ByteBuf;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * Writes one file at any position, without a lease: bytes are gathered into packets, packets go
 * into chunks of this file, and shared commits make them part of it, many ranges at once. What is
 * written to a tiny file travels inside the commit.
 *
 * <p>Safe for any thread: a lock is held over every operation, also while it waits; but writes go
 * on while a sync waits for disks and for its commit. After a failure everything that was not
 * committed is forgotten, and writing can go on; {@link #failures} counts them. When the session
 * ends, everything fails with SESSION_EXPIRED.
 */
public final class RangeWriter {
  /** A packet, and so a commit, has room for so many ranges at least. */
  private static final int MAX_UNCOMMITTED_EXTENTS = 1024;

  /** What nothing else makes part of the file becomes it after so long. */
  private static final long COMMIT_MILLIS = 1000;

  private static final long BUSY_MILLIS = 50;

  /** Whoever flushes little more often than that goes on in a chunk of the file. */
  private static final int MAX_SHARED_COMMITS = 4;

  /** A chunk that nothing was written to for so long is ended, so that it can be sealed. */
  private static final long IDLE_NANOS = 10_000_000_000L;

  /** Other clients may turn tiny content into chunks and back while this one commits. */
  private static final int CONTENT_ATTEMPTS = 20;

  /** Bytes on their way, and where in the file they belong: chunk offsets count from the packet. */
  private record Sent(Packet packet, List<Extent> ranges) {}

  /** A commit that was sent and not yet looked after. */
  private record Committing(CommitExtents commit, CompletableFuture<OperationResult> answer) {}

  private final WriteService service;
  private final ClientEnvironment environment;
  private final WriteOptions options;
  private final Session session;
  private final long inode;
  private final ByteString handle;
  private final int replication;
  private final long chunkBytes;
  private final int packetBytes;
  private final Runnable sessionEnded = this::sessionEnded;
  private final Consumer<Set<Long>> chunksWanted = this::chunksWanted;

  /** Held by whoever does more than to write, over all waits; taken before the lock. */
  private final ReentrantLock turn = new ReentrantLock();

  /** Held by whoever writes, flushes or changes the file; over waits too, but for a sync's. */
  private final ReentrantLock lock = new ReentrantLock();

  /** Guards what {@link #overlapsDirty} looks at, for moments only; taken inside the lock. */
  private final Object dirty = new Object();

  private GatherBuffer gather;

  /**
   * Gathered bytes that a sync makes part of the file without a chunk of the file's own. What is
   * written meanwhile is gathered anew, and must not be sent before these.
   */
  private Optional<GatherBuffer> small = Optional.empty();

  /** Nothing is {@link #small} any more; of {@link #lock}. */
  private final Condition smallEnded = lock.newCondition();

  private final ArrayDeque<Sent> inFlight = new ArrayDeque<>();
  private final ExtentOverlay waiting = new ExtentOverlay();
  private final ExtentOverlay underWay = new ExtentOverlay();
  private Optional<Committing> committing = Optional.empty();
  private volatile boolean anyDirty;

  /** What is changed of the attributes once what was written is part of the file; or null. */
  private volatile Operation laterAttributes;

  /** As the last call that changed the file has left it; empty as soon as more is written. */
  private Optional<Attributes> latest = Optional.empty();

  /** What was appended last was synced: what is appended next probably will be, too. */
  private boolean syncsAppends;

  /** Forces what was appended, and no sync has waited for it yet. */
  private Optional<Packet> syncAhead = Optional.empty();

  private final Set<OpenChunk> touched = new LinkedHashSet<>();
  private final UnforcedChunks unforced;
  private final Queue<OpenChunk> overChunks = new ConcurrentLinkedQueue<>();

  /** In their order; taken from with the lock held. */
  private final Queue<Append> appends = new ConcurrentLinkedQueue<>();

  private final AtomicBoolean flushScheduled = new AtomicBoolean();
  private final ChunkSource source;

  /** Absent before the first bytes go into a chunk; a failed one stays until they do again. */
  private volatile ChunkAppender appender;

  /** Named by the commit that is under way. */
  private final Set<OpenChunk> reported = new LinkedHashSet<>();

  /** As far as is known the file has no bytes, or has them inline. */
  private boolean perhapsInline;

  /** So often bytes went into a chunk that files share. */
  private int sharedCommits;

  /** Committed, as far as is known. */
  private long knownLength;

  private long lastWriteNanos;
  private boolean closed;
  private volatile boolean givenUp;

  /** So often what was not committed was forgotten, and why the last time. */
  private int losses;

  private CairnException lastLoss;
  private final AtomicInteger failures = new AtomicInteger();
  private volatile CairnException lastFailure;
  private final Consumer<Attributes> onChange;

  /**
   * @param inlineOrEmpty whether the file has no bytes, or has them inline
   * @param onChange told what the file is like whenever it has been changed; must not block
   */
  RangeWriter(
      WriteService service,
      Session session,
      Attributes attributes,
      ByteString handle,
      boolean inlineOrEmpty,
      Consumer<Attributes> onChange) {
    this.onChange = onChange;
    this.service = service;
    this.session = session;
    this.handle = handle;
    environment = service.environment();
    options = service.options();
    inode = attributes.getInode();
    replication = attributes.getReplication();
    chunkBytes = attributes.getChunkBytes();
    knownLength = attributes.getLength();
    perhapsInline = inlineOrEmpty;
    packetBytes =
        chunkBytes == 0 ? options.packetBytes() : (int) Math.min(options.packetBytes(), chunkBytes);
    gather = newGather();
    source = new ChunkSource(environment, session, inode, replication, chunkBytes, handle);
    unforced = new UnforcedChunks(service, session);
    session.onEnd(sessionEnded);
    session.onChunksWanted(chunksWanted);
  }

  private GatherBuffer newGather() {
    return new GatherBuffer(environment.allocator(), packetBytes, MAX_UNCOMMITTED_EXTENTS);
  }

  private void sessionEnded() {
    abortStream(expired());
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

  private CairnException expired() {
    return new CairnException(
        ErrorCode.SESSION_EXPIRED,
        name() + ": " + session.id() + " has ended before this file was closed");
  }

  /** Frees a thread that waits for acknowledgements with the lock held. */
  void abortStream(CairnException reason) {
    ChunkAppender streaming = appender;
    if (streaming != null) {
      streaming.abort(reason);
    }
  }

  private String name() {
    return new InodeId(inode).toString();
  }

  boolean writes(Session by, long file) {
    return file == inode && by.id().equals(session.id());
  }

  /** So many times bytes that had been taken were lost. */
  public int failures() {
    return failures.get();
  }

  /** Why, the last time. */
  public Optional<CairnException> lastFailure() {
    return Optional.ofNullable(lastFailure);
  }

  /** Bytes of the range are not part of the file yet. */
  public boolean overlapsDirty(long from, long until) {
    if (!anyDirty) {
      return false;
    }
    synchronized (dirty) {
      return gather.overlaps(from, until)
          || small.filter(taken -> taken.overlaps(from, until)).isPresent()
          || waiting.overlaps(from, until)
          || underWay.overlaps(from, until)
          || inFlight.stream().anyMatch(sent -> overlaps(sent, from, until));
    }
  }

  private static boolean overlaps(Sent sent, long from, long until) {
    for (Extent range : sent.ranges()) {
      if (range.getFileOffset() < until && range.getFileOffset() + range.getLength() > from) {
        return true;
      }
    }
    return false;
  }

  /** Where the bytes end that are not part of the file yet; 0 for none. */
  public long dirtyEnd() {
    if (!anyDirty) {
      return 0;
    }
    synchronized (dirty) {
      long end = Math.max(gather.end(), Math.max(waiting.end(), underWay.end()));
      end = Math.max(end, small.map(GatherBuffer::end).orElse(0L));
      for (Sent sent : inFlight) {
        for (Extent range : sent.ranges()) {
          end = Math.max(end, range.getFileOffset() + range.getLength());
        }
      }
      return end;
    }
  }

  public boolean isDirty() {
    return anyDirty || laterAttributes != null;
  }

  /** Attributes are to be changed that the metaserver has not heard of. */
  public boolean hasLaterAttributes() {
    return laterAttributes != null;
  }

  private void requireWritable() throws CairnException {
    if (closed) {
      throw new CairnException(ErrorCode.STALE_HANDLE, name() + " is closed");
    }
    if (!session.isOpen()) {
      throw expired();
    }
  }

  /** Takes the remaining bytes of all buffers; together they are one write if a packet has room. */
  public long write(long position, List<ByteBuffer> sources) throws CairnException {
    environment.requireMayBlock();
    if (laterAttributes != null) {
      // What is written from now on changes the times once more.
      var unused = flush();
    }
    lock.lock();
    try {
      requireWritable();
      long total = 0;
      for (ByteBuffer bytes : sources) {
        total += bytes.remaining();
      }
      makeRoom(position, (int) Math.min(total, packetBytes));
      long at = position;
      for (ByteBuffer bytes : sources) {
        while (bytes.hasRemaining()) {
          int count = Math.min(bytes.remaining(), packetBytes);
          makeRoom(at, count);
          put(at, bytes.slice(bytes.position(), count));
          bytes.position(bytes.position() + count);
          at += count;
        }
      }
      if (gather.length() >= packetBytes && small.isEmpty()) {
        send(Flags.NONE);
      }
      if (total > 0) {
        lastWriteNanos = environment.clock().monotonicNanos();
        scheduleFlush();
      }
      return total;
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      lock.unlock();
    }
  }

  private void makeRoom(long position, int count) throws CairnException {
    while (!gather.takes(position, count)) {
      if (small.isEmpty()) {
        send(Flags.NONE);
      } else {
        awaitSmall();
      }
    }
  }

  private void awaitSmall() throws CairnException {
    try {
      while (small.isPresent()) {
        smallEnded.await();
      }
    } catch (InterruptedException e) {
      throw ClientEnvironment.interrupted(e);
    }
    requireWritable();
  }

  private void put(long position, ByteBuffer bytes) {
    synchronized (dirty) {
      gather.put(position, bytes);
      anyDirty = true;
    }
  }

  /**
   * Everything uncommitted is forgotten, so that what comes later does not stand on what is lost.
   */
  private CairnException failed(CairnException e) {
    if (closed) {
      return e;
    }
    boolean lost = isDirty();
    forget(e);
    if (lost) {
      lastFailure = e;
      failures.incrementAndGet();
    }
    return e;
  }

  private void forget(CairnException reason) {
    losses++;
    lastLoss = reason;
    synchronized (dirty) {
      gather.clear();
      inFlight.clear();
      waiting.clear();
      underWay.clear();
      anyDirty = false;
    }
    committing = Optional.empty();
    laterAttributes = null;
    syncAhead = Optional.empty();
    if (appender != null) {
      appender.abort(reason);
      // What a commit that failed should have closed is still open.
      reported.forEach(appender::forgetReport);
      overChunks.addAll(reported);
      giveBackOverChunks();
    }
    reported.clear();
    touched.clear();
    perhapsInline = false;
  }

  private void startStreaming() {
    if (!isStreaming()) {
      appender = new ChunkAppender(environment, options, source, Flags.NONE, this::chunkOver);
    }
  }

  private boolean isStreaming() {
    return appender != null && !appender.hasFailed();
  }

  /** On any thread. */
  private void chunkOver(OpenChunk chunk) {
    overChunks.add(chunk);
    if (givenUp) {
      giveBackOverChunks();
    }
  }

  private void send(int flags) throws CairnException {
    sendPacket(flags);
    collect(MAX_UNCOMMITTED_EXTENTS);
    while (waiting.size() >= MAX_UNCOMMITTED_EXTENTS) {
      var unused = finishCommit();
      beginCommit(sharedCommit());
      collect(MAX_UNCOMMITTED_EXTENTS);
    }
  }

  private void sendPacket(int flags) throws CairnException {
    sendPacket(gather, flags);
  }

  private void sendPacket(GatherBuffer from, int flags) throws CairnException {
    requireNothingLost();
    startStreaming();
    int length = from.length();
    boolean budgeted = appender.awaitRoom(length);
    Packet packet;
    synchronized (dirty) {
      List<Extent> ranges = from.ranges();
      packet = new Packet(from.take(), ranges.get(0).getFileOffset(), length, flags, budgeted);
      inFlight.add(new Sent(packet, ranges));
    }
    packet.prepareChecksums(appender.expectedPhase());
    appender.append(packet);
  }

  /**
   * Takes what was acknowledged meanwhile into what the next commit says.
   *
   * @param enough so many extents, after which no further packet is looked at
   */
  private void collect(int enough) {
    synchronized (dirty) {
      Sent first = inFlight.peek();
      while (first != null && first.packet().isSettled() && waiting.size() < enough) {
        inFlight.poll();
        Packet packet = first.packet();
        for (Extent range : first.ranges()) {
          waiting.add(placed(range, packet));
        }
        touched.add(packet.chunk());
        unforced.add(packet.chunk());
        first = inFlight.peek();
      }
    }
  }

  private static Extent placed(Extent range, Packet packet) {
    return range.toBuilder()
        .setChunk(packet.chunk().location().getChunk())
        .setChunkOffset(packet.chunkOffset() + range.getChunkOffset())
        .build();
  }

  private CommitExtents sharedCommit() {
    CommitExtents.Builder commit = commitBuilder();
    synchronized (dirty) {
      commit.addAllExtents(waiting.all()).setLength(waiting.end());
      waiting.all().forEach(underWay::add);
      waiting.clear();
    }
    return commit.addAllChunks(progress()).build();
  }

  private CommitExtents.Builder commitBuilder() {
    return CommitExtents.newBuilder().setInode(inode).setHandle(handle);
  }

  /** Of a chunk that is over, but has bytes that this commit does not name, the end is not told. */
  private List<ChunkProgress> progress() {
    OpenChunk over = overChunks.poll();
    while (over != null) {
      touched.add(over);
      over = overChunks.poll();
    }
    return appender.reportProgress(touched, reported, this::hasUncollected);
  }

  private boolean hasUncollected(OpenChunk chunk) {
    for (Sent sent : inFlight) {
      if (sent.packet().isSettled() && sent.packet().chunk() == chunk) {
        return true;
      }
    }
    return false;
  }

  private void beginCommit(CommitExtents commit) {
    CompletableFuture<OperationResult> answer =
        session.mutate(Operation.newBuilder().setCommit(commit).build());
    committing = Optional.of(new Committing(commit, answer));
  }

  /** Waits for the commit that is under way. */
  private Optional<CommitResult> finishCommit() throws CairnException {
    if (committing.isEmpty()) {
      return Optional.empty();
    }
    CommitExtents commit = committing.get().commit();
    CommitResult result = null;
    for (int attempt = 0; result == null; attempt++) {
      try {
        result = environment.await(committing.get().answer()).getCommit();
      } catch (CairnException e) {
        if (e.code() != ErrorCode.CONTENT_CHANGED || attempt == CONTENT_ATTEMPTS) {
          throw e;
        }
        moveInlineToChunk();
        beginCommit(commit);
      }
    }
    committing = Optional.empty();
    reported.clear();
    // Told before it is clean: a reader that finds nothing dirty must ask the metaserver.
    committed(result, false);
    synchronized (dirty) {
      underWay.clear();
      lookForDirt();
    }
    return Optional.of(result);
  }

  /** With {@link #dirty} held. */
  private void lookForDirt() {
    anyDirty = !(gather.isEmpty() && inFlight.isEmpty() && waiting.isEmpty());
  }

  private void committed(CommitResult result, boolean inline) {
    knownLength = result.getAttributes().getLength();
    perhapsInline = inline;
    latest = Optional.of(result.getAttributes());
    onChange.accept(result.getAttributes());
  }

  /** What another client wrote as tiny content has to lie in a chunk before extents can join it. */
  private void moveInlineToChunk() throws CairnException {
    for (int attempt = 0; ; attempt++) {
      ExtentsResult now = ask();
      if (!now.getHasInline() || now.getInline().isEmpty()) {
        return;
      }
      startStreaming();
      ByteString bytes = now.getInline();
      ByteBuf payload = environment.allocator().directBuffer(bytes.size(), bytes.size());
      payload.writeBytes(bytes.asReadOnlyByteBuffer());
      boolean budgeted = environment.buffers().tryAcquire(bytes.size());
      Packet packet = new Packet(payload, 0, bytes.size(), Flags.FLUSH, budgeted);
      packet.prepareChecksums(appender.expectedPhase());
      appender.append(packet);
      Packet settled = environment.await(packet.acknowledged());
      unforced.add(settled.chunk());
      Extent whole = Extent.newBuilder().setLength(bytes.size()).build();
      List<ChunkProgress> progress =
          FileWriter.stillOpen(appender.progress(List.of(settled.chunk())));
      CommitExtents move =
          commitBuilder()
              .addExtents(placed(whole, settled))
              .addAllChunks(progress)
              .setLength(bytes.size())
              .setExpectedContentIndex(now.getContentIndex())
              .build();
      try {
        committed(await(move), false);
        return;
      } catch (CairnException e) {
        if (e.code() != ErrorCode.CONTENT_CHANGED || attempt == CONTENT_ATTEMPTS) {
          throw e;
        }
      }
    }
  }

  private CommitResult await(CommitExtents commit) throws CairnException {
    return environment
        .await(session.mutate(Operation.newBuilder().setCommit(commit).build()))
        .getCommit();
  }

  /**
   * As {@link #await}, for a commit after which nothing is dirty. The attributes that are to be
   * changed behind it are on their way at once; where they may have come first, or the commit was
   * refused, they stay to be changed.
   */
  private CommitResult awaitLast(CommitExtents commit) throws CairnException {
    Operation later = laterAttributes;
    if (later == null || commit.getLength() <= knownLength) {
      return await(commit);
    }
    CompletableFuture<OperationResult> answer =
        session.mutate(Operation.newBuilder().setCommit(commit).build());
    CompletableFuture<OperationResult> changing = session.mutate(later);
    Attributes committed = environment.await(answer).getCommit().getAttributes();
    Attributes changed = changeAttributes(changing);
    boolean inOrder =
        changed.getLength() >= committed.getLength()
            && changed.getChangeIndex() >= committed.getChangeIndex();
    if (inOrder) {
      return CommitResult.newBuilder().setAttributes(changed).build();
    }
    laterAttributes = later;
    return CommitResult.newBuilder().setAttributes(committed).build();
  }

  private ExtentsResult ask() throws CairnException {
    ReadExtents query =
        ReadExtents.newBuilder().setInode(inode).setHandle(handle).setLength(1).build();
    return environment
        .await(service.metadata().read(ReadRequest.newBuilder().setExtents(query)))
        .getExtents();
  }

  /**
   * All bytes so far are in every member's memory and part of the file.
   *
   * @return what the file is like, if that had to be done and the metaserver has said so
   */
  public Optional<Attributes> flush() throws CairnException {
    if (!isDirty()) {
      requireSession();
      return Optional.empty();
    }
    environment.requireMayBlock();
    lockInTurn();
    try {
      requireWritable();
      latest = Optional.empty();
      makeVisible(Flags.FLUSH);
      return latest;
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      unlockTurn();
    }
  }

  /**
   * Has attributes changed when what was written so far becomes part of the file: by a flush or a
   * sync, before anything else is written, or after a second. What is to be changed already is
   * changed with it.
   *
   * @param change a SET_ATTRIBUTES that will not be refused
   * @return the file's length as far as is known here, with what was written
   */
  public long changeAttributesLater(Operation change) throws CairnException {
    environment.requireMayBlock();
    lockInTurn();
    try {
      requireWritable();
      Operation before = laterAttributes;
      if (before != null && !before.getOnBehalf().equals(change.getOnBehalf())) {
        makeVisible(Flags.FLUSH);
        before = null;
      }
      laterAttributes = before == null ? change : before.toBuilder().mergeFrom(change).build();
      scheduleFlush();
      return Math.max(knownLength, dirtyEnd());
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      unlockTurn();
    }
  }

  /** As flush, and everything since the last sync is on every member's disk. */
  public void sync() throws CairnException {
    environment.requireMayBlock();
    lockInTurn();
    int lossesBefore = losses;
    try {
      requireWritable();
      syncsAppends = true;
      if (anyDirty || !unforced.isEmpty()) {
        makeDurable();
      }
      changeAttributes();
    } catch (CairnException e) {
      // What came after another one's failure is not lost by it.
      throw losses == lossesBefore ? failed(e) : e;
    } finally {
      unlockTurn();
    }
  }

  private void lockInTurn() {
    turn.lock();
    lock.lock();
  }

  private void unlockTurn() {
    lock.unlock();
    turn.unlock();
  }

  private boolean hasUncommitted() {
    return !inFlight.isEmpty() || !waiting.isEmpty() || committing.isPresent();
  }

  /** A stream that failed has dropped what was on its way. */
  private void requireNothingLost() throws CairnException {
    if (appender == null || !appender.hasFailed()) {
      return;
    }
    for (Sent sent : inFlight) {
      if (!sent.packet().isSettled()) {
        var unused = environment.await(sent.packet().acknowledged());
      }
    }
  }

  private void requireSession() throws CairnException {
    if (!session.isOpen()) {
      throw expired();
    }
  }

  /** Something that waits. */
  private interface Step {
    void run() throws CairnException;
  }

  /** Waits without the lock: others may write meanwhile, but do nothing else. */
  private void awaiting(Step wait) throws CairnException {
    int lossesBefore = losses;
    lock.unlock();
    try {
      wait.run();
    } finally {
      lock.lock();
    }
    if (losses != lossesBefore) {
      throw Failures.here(lastLoss);
    }
  }

  /**
   * What was written so far: sent, forced and only then committed, so that no file is ever longer
   * than what its disks have because of a sync.
   */
  private void makeDurable() throws CairnException {
    int flags = Flags.FLUSH | Flags.SYNC;
    requireNothingLost();
    if (syncsSmall(flags)) {
      forceRestMeanwhile();
      return;
    }
    boolean flagged = !gather.isEmpty();
    if (flagged) {
      send(flags);
    }
    ChunkAppender streaming = appender;
    Set<Packet> covered = new LinkedHashSet<>();
    inFlight.forEach(sent -> covered.add(sent.packet()));
    Map<OpenChunk, UnforcedChunks.Target> targets = unforced.targets(streaming);
    List<OpenChunk> chunks = List.copyOf(targets.keySet());
    Set<Packet> awaited = new LinkedHashSet<>(covered);
    syncAhead.ifPresent(awaited::add);
    syncAhead = Optional.empty();
    awaiting(() -> streaming.awaitSettled(awaited, chunks));
    for (Packet packet : covered) {
      var unused =
          targets.merge(packet.chunk(), target(packet, streaming), RangeWriter::theFurther);
    }
    if (!flagged && !UnforcedChunks.areForced(targets.values())) {
      force(streaming, flags, chunks);
    }
    List<CairnException> notForced = new ArrayList<>(1);
    awaiting(() -> unforced.tryForce(targets.values()).ifPresent(notForced::add));
    commitCovered(covered);
    if (!notForced.isEmpty()) {
      awaiting(() -> unforced.forceWithCopies(targets.values(), notForced.get(0)));
    }
    unforced.forced(targets.values());
  }

  /** As {@link #commitsSmall}, while others write. */
  private boolean syncsSmall(int flags) throws CairnException {
    if (gather.isEmpty() || laterAttributes != null) {
      return commitsSmall(flags);
    }
    if (isStreaming() || hasUncommitted()) {
      return false;
    }
    GatherBuffer taken = gather;
    synchronized (dirty) {
      small = Optional.of(taken);
      gather = newGather();
    }
    try {
      boolean done = commitInline(taken) || commitInSharedChunk(taken, flags);
      if (!done) {
        // Into a chunk of the file, before anything that was written meanwhile.
        sendPacket(taken, flags);
      }
      return done;
    } finally {
      synchronized (dirty) {
        small = Optional.empty();
        taken.clear();
      }
      smallEnded.signalAll();
    }
  }

  /** As {@link #forceRest} of a sync, while others write. */
  private void forceRestMeanwhile() throws CairnException {
    if (unforced.isEmpty()) {
      return;
    }
    Map<OpenChunk, UnforcedChunks.Target> targets = unforced.targets(appender);
    List<CairnException> notForced = new ArrayList<>(1);
    awaiting(() -> unforced.tryForce(targets.values()).ifPresent(notForced::add));
    if (!notForced.isEmpty()) {
      awaiting(() -> unforced.forceWithCopies(targets.values(), notForced.get(0)));
    }
    unforced.forced(targets.values());
  }

  /** What is awaited while others write if this is of a sync, and else with the lock. */
  private <T> T awaiting(GatherBuffer from, CompletableFuture<T> future) throws CairnException {
    if (from != gather) {
      awaiting(() -> environment.await(future.handle((result, problem) -> null)));
    }
    return environment.await(future);
  }

  private static UnforcedChunks.Target target(Packet packet, ChunkAppender owner) {
    return new UnforcedChunks.Target(packet.chunk(), owner, packet.chunkOffset() + packet.length());
  }

  private static UnforcedChunks.Target theFurther(
      UnforcedChunks.Target one, UnforcedChunks.Target other) {
    return one.end() < other.end() ? other : one;
  }

  /** By the stream of the chunk that is being written, if there is one. */
  private void force(ChunkAppender streaming, int flags, List<OpenChunk> chunks)
      throws CairnException {
    Packet control = streaming.control(flags);
    if (control != null) {
      awaiting(() -> streaming.awaitSettled(List.of(control), chunks));
    }
  }

  /** Commits what was acknowledged, until these packets' bytes are part of the file. */
  private void commitCovered(Set<Packet> covered) throws CairnException {
    awaitCommit();
    // Another one may have begun meanwhile.
    var unused = finishCommit();
    collect(MAX_UNCOMMITTED_EXTENTS);
    while (!waiting.isEmpty()) {
      beginCommit(sharedCommit());
      boolean complete = inFlight.isEmpty() || !covered.contains(inFlight.peek().packet());
      awaitCommit();
      if (complete) {
        return;
      }
      unused = finishCommit();
      collect(MAX_UNCOMMITTED_EXTENTS);
    }
  }

  /** Waits for the commit that is under way without the lock. */
  private void awaitCommit() throws CairnException {
    if (committing.isEmpty()) {
      return;
    }
    Committing mine = committing.get();
    awaiting(() -> environment.await(mine.answer().handle((result, problem) -> null)));
    if (committing.isPresent() && committing.get().equals(mine)) {
      var unused = finishCommit();
    }
  }

  private void makeVisible(int flags) throws CairnException {
    makeBytesVisible(flags);
    changeAttributes();
  }

  private void changeAttributes() throws CairnException {
    if (laterAttributes != null) {
      var unused = changeAttributes(session.mutate(laterAttributes));
    }
  }

  private Attributes changeAttributes(CompletableFuture<OperationResult> answer)
      throws CairnException {
    Attributes changed = environment.await(answer).getAttributes();
    laterAttributes = null;
    latest = Optional.of(changed);
    onChange.accept(changed);
    return changed;
  }

  private void makeBytesVisible(int flags) throws CairnException {
    requireNothingLost();
    if (commitsSmall(flags)) {
      forceRest(flags);
      return;
    }
    drain(flags);
    Optional<CairnException> notForced = forceAll(flags);
    var unused = finishCommit();
    while (!waiting.isEmpty()) {
      beginCommit(sharedCommit());
      unused = finishCommit();
      collect(MAX_UNCOMMITTED_EXTENTS);
    }
    if (notForced.isPresent()) {
      unforced.forceWithCopies(appender, notForced.get());
    }
  }

  /** With nothing on its way: what needs no chunk of the file's own. */
  private boolean commitsSmall(int flags) throws CairnException {
    return !isStreaming()
        && !hasUncommitted()
        && (gather.isEmpty() || commitInline(gather) || commitInSharedChunk(gather, flags));
  }

  private Optional<CairnException> forceAll(int flags) {
    return (flags & Flags.SYNC) == 0 ? Optional.empty() : unforced.tryForce(appender);
  }

  /** What an earlier stream of this file left in memory is on disk, too, after a sync. */
  private void forceRest(int flags) throws CairnException {
    if ((flags & Flags.SYNC) != 0 && !unforced.isEmpty()) {
      Optional<CairnException> notForced = unforced.tryForce(appender);
      if (notForced.isPresent()) {
        unforced.forceWithCopies(appender, notForced.get());
      }
    }
  }

  private void drain(int flags) throws CairnException {
    if (!gather.isEmpty()) {
      send(flags);
    } else if ((flags & ~Flags.FLUSH) != 0) {
      // Without a chunk being written there is nothing that the flags could be sent to.
      appender.awaitDrained();
      var unused = appender.control(flags);
    }
    appender.awaitDrained();
    collect(MAX_UNCOMMITTED_EXTENTS);
  }

  /**
   * @param from what was gathered: {@link #gather}, or {@link #small} of a sync
   * @return false: the bytes wait on, and have to go into a chunk
   */
  private boolean commitInline(GatherBuffer from) throws CairnException {
    if (!fitsInline(from.end())) {
      return false;
    }
    CommitExtents.Builder commit = commitBuilder();
    for (Extent range : from.ranges()) {
      commit.addInlineWrites(
          InlineWrite.newBuilder()
              .setOffset(range.getFileOffset())
              .setData(ByteString.copyFrom(from.bytesOf(range))));
    }
    try {
      committed(commitLast(from, commit.setLength(from.end()).build()), true);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.CONTENT_CHANGED) {
        throw e;
      }
      perhapsInline = false;
      return false;
    }
    gone(from);
    return true;
  }

  private CommitResult commitLast(GatherBuffer from, CommitExtents commit) throws CairnException {
    if (from == gather) {
      return awaitLast(commit);
    }
    Operation operation = Operation.newBuilder().setCommit(commit).build();
    return awaiting(from, session.mutate(operation)).getCommit();
  }

  private void gone(GatherBuffer from) {
    synchronized (dirty) {
      from.clear();
      lookForDirt();
    }
  }

  /**
   * A file of which little is written, and that is then closed, is not worth a chunk of its own.
   *
   * @param from what was gathered: {@link #gather}, or {@link #small} of a sync
   * @return false: the bytes wait on, and have to go into a chunk of the file
   */
  private boolean commitInSharedChunk(GatherBuffer from, int flags) throws CairnException {
    List<Extent> ranges = from.ranges();
    List<Extent> laidOut = onCells(ranges);
    int length = SharedChunks.paddedLength(end(laidOut));
    if (sharedCommits == MAX_SHARED_COMMITS || !service.isSmall(length)) {
      return false;
    }
    sharedCommits++;
    ByteBuf content = environment.allocator().directBuffer(length, length);
    for (int i = 0; i < ranges.size(); i++) {
      content.writeZero((int) laidOut.get(i).getChunkOffset() - content.writerIndex());
      content.writeBytes(from.bytesOf(ranges.get(i)));
    }
    content.writeZero(length - content.writerIndex());
    CompletableFuture<SharedChunks.Placed> placing =
        service
            .sharedChunks(session, replication)
            .append(() -> content, length, ranges.get(0).getFileOffset(), flags & ~Flags.CLOSE);
    try {
      SharedChunks.Placed placed = awaiting(from, placing);
      unforced.addShared(placed.packet(), placed.appender());
      CommitExtents.Builder commit = commitBuilder().setLength(from.end());
      laidOut.forEach(range -> commit.addExtents(placed(range, placed.packet())));
      commit.addAllChunks(
          FileWriter.stillOpen(placed.appender().progress(List.of(placed.chunk()))));
      committed(commitLast(from, commit.build()), false);
    } catch (CairnException e) {
      if (e.code() != ErrorCode.CONTENT_CHANGED) {
        throw e;
      }
      return false;
    } finally {
      // Also where the bytes are placed only after they were given up.
      var unused = placing.thenAccept(SharedChunks.Placed::commitEnded);
    }
    gone(from);
    return true;
  }

  /** The ranges, each moved to where a cell begins: readers of others' cells see none of it. */
  private static List<Extent> onCells(List<Extent> ranges) {
    List<Extent> moved = new ArrayList<>(ranges.size());
    for (Extent range : ranges) {
      moved.add(range.toBuilder().setChunkOffset(SharedChunks.paddedLength(end(moved))).build());
    }
    return moved;
  }

  /** Where the last range ends in the chunk. */
  private static int end(List<Extent> ranges) {
    Extent last = ranges.isEmpty() ? Extent.getDefaultInstance() : ranges.get(ranges.size() - 1);
    return (int) (last.getChunkOffset() + last.getLength());
  }

  private boolean fitsInline(long end) {
    return perhapsInline && Math.max(knownLength, end) <= session.settings().getInlineBytes();
  }

  /**
   * Writes the remaining bytes of all buffers where the file ends when the metaserver gets to it.
   *
   * @return where that was
   */
  public long append(List<ByteBuffer> sources, boolean sync) throws CairnException {
    environment.requireMayBlock();
    Append mine = new Append(sources, sync);
    appends.add(mine);
    lockInTurn();
    try {
      // Somebody else may have done it together with his own.
      while (!mine.isDone()) {
        appendQueued();
      }
    } finally {
      unlockTurn();
    }
    return mine.offset();
  }

  /** What waits to be appended goes into one commit, one record behind the other. */
  private void appendQueued() {
    List<Append> group = new ArrayList<>();
    List<ByteBuffer> sources = new ArrayList<>();
    long total = 0;
    boolean sync = false;
    Append next = appends.peek();
    while (next != null && (group.isEmpty() || total + next.length() <= packetBytes)) {
      group.add(appends.poll());
      sources.addAll(next.sources());
      total += next.length();
      sync |= next.isSync();
      next = appends.peek();
    }
    try {
      requireWritable();
      long offset = appendNow(sources, sync ? Flags.FLUSH | Flags.SYNC : Flags.FLUSH);
      for (Append each : group) {
        each.landed(offset);
        offset += each.length();
      }
    } catch (CairnException e) {
      CairnException failure = failed(e);
      group.forEach(each -> each.failed(failure));
    } finally {
      group.stream().filter(each -> !each.isDone()).forEach(Append::abandoned);
    }
  }

  private long appendNow(List<ByteBuffer> sources, int flags) throws CairnException {
    makeVisible(Flags.FLUSH);
    long total = 0;
    for (ByteBuffer bytes : sources) {
      total += bytes.remaining();
    }
    Optional<Long> inline = !isStreaming() ? appendInline(sources, total) : Optional.empty();
    if (inline.isPresent()) {
      forceRest(flags);
      return inline.get();
    }
    return appendStreamed(sources, total, flags);
  }

  private Optional<Long> appendInline(List<ByteBuffer> sources, long total) throws CairnException {
    if (!fitsInline(knownLength + total)) {
      return Optional.empty();
    }
    ByteString record = ByteString.EMPTY;
    for (ByteBuffer bytes : sources) {
      record = record.concat(UnsafeByteOperations.unsafeWrap(bytes.slice()));
    }
    CommitExtents commit =
        commitBuilder()
            .setAppend(true)
            .addInlineWrites(InlineWrite.newBuilder().setData(record))
            .setLength(total)
            .build();
    try {
      CommitResult result = await(commit);
      committed(result, true);
      sources.forEach(bytes -> bytes.position(bytes.limit()));
      return Optional.of(result.getOffset());
    } catch (CairnException e) {
      if (e.code() != ErrorCode.CONTENT_CHANGED) {
        throw e;
      }
      perhapsInline = false;
      return Optional.empty();
    }
  }

  private long appendStreamed(List<ByteBuffer> sources, long total, int flags)
      throws CairnException {
    long at = 0;
    for (ByteBuffer bytes : sources) {
      while (bytes.hasRemaining()) {
        int count = Math.min(bytes.remaining(), packetBytes);
        if (!gather.takes(at, count)) {
          sendPacket(Flags.NONE);
        }
        put(at, bytes.slice(bytes.position(), count));
        bytes.position(bytes.position() + count);
        at += count;
      }
    }
    lastWriteNanos = environment.clock().monotonicNanos();
    if (!gather.isEmpty()) {
      sendPacket(flags);
    }
    startStreaming();
    appender.awaitDrained();
    collect(Integer.MAX_VALUE);
    Optional<CairnException> notForced = forceAll(flags);
    if (syncsAppends && (flags & Flags.SYNC) == 0) {
      // Together with the commit, so that the sync which probably follows finds it done.
      syncAhead = Optional.ofNullable(appender.control(Flags.SYNC));
    }
    syncsAppends = false;
    CommitExtents commit = sharedCommit().toBuilder().setAppend(true).setLength(total).build();
    beginCommit(commit);
    long offset = finishCommit().orElseThrow().getOffset();
    if (notForced.isPresent()) {
      unforced.forceWithCopies(appender, notForced.get());
    }
    scheduleFlush();
    return offset;
  }

  /** What changes the file as a whole, after everything that was written before. */
  public interface Change<T> {
    T apply(Session session, ByteString handle) throws CairnException;
  }

  /**
   * Flushes, and makes the change before anything else is written. Tiny content that the change
   * would make too long for the metadata goes into a chunk first.
   */
  public <T> T change(Change<T> change) throws CairnException {
    environment.requireMayBlock();
    lockInTurn();
    try {
      requireWritable();
      try {
        makeVisible(Flags.FLUSH);
      } catch (CairnException e) {
        throw failed(e);
      }
      for (int attempt = 0; ; attempt++) {
        try {
          return change.apply(session, handle);
        } catch (CairnException e) {
          if (e.code() != ErrorCode.CONTENT_CHANGED || attempt == CONTENT_ATTEMPTS) {
            throw e;
          }
        }
        moveTinyContent();
      }
    } finally {
      unlockTurn();
    }
  }

  private void moveTinyContent() throws CairnException {
    try {
      moveInlineToChunk();
    } catch (CairnException e) {
      throw failed(e);
    }
    scheduleFlush();
  }

  /** A change left the file like this. For use within {@link #change}. */
  public void changed(Attributes attributes) {
    knownLength = attributes.getLength();
    perhapsInline |= attributes.getLength() == 0;
    onChange.accept(attributes);
  }

  private void scheduleFlush() {
    scheduleFlush(COMMIT_MILLIS);
  }

  private void scheduleFlush(long delayMillis) {
    if (flushScheduled.compareAndSet(false, true)) {
      var unused = environment.schedule(this::flushInBackground, delayMillis);
    }
  }

  /** On an event loop. */
  private void flushInBackground() {
    flushScheduled.set(false);
    if (!service.inBackground(this::flushNow)) {
      // Everybody who could do it is busy.
      scheduleFlush();
    }
  }

  private void flushNow() {
    if (!turn.tryLock()) {
      scheduleFlush(BUSY_MILLIS);
      return;
    }
    if (!lock.tryLock()) {
      turn.unlock();
      // Somebody writes just now: between two writes there will be time.
      scheduleFlush(BUSY_MILLIS);
      return;
    }
    try {
      if (closed || !session.isOpen()) {
        return;
      }
      if (isDirty()) {
        makeVisible(Flags.FLUSH);
      }
      if (isStreaming()) {
        if (environment.clock().monotonicNanos() - lastWriteNanos > IDLE_NANOS) {
          endStream();
        } else {
          scheduleFlush();
        }
      }
    } catch (CairnException e) {
      var unused = failed(e);
    } finally {
      unlockTurn();
    }
  }

  /** Nothing is dirty: the chunk being written is closed and given back. */
  private void endStream() throws CairnException {
    drain(Flags.FLUSH | Flags.CLOSE);
    source.close();
    giveBackOverChunks();
  }

  private void giveBackOverChunks() {
    ChunkAppender streaming = appender;
    List<ChunkProgress> left = new ArrayList<>();
    OpenChunk next = overChunks.poll();
    while (next != null) {
      if (streaming.claimAbandoned(next)) {
        left.addAll(streaming.progress(List.of(next)));
      }
      next = overChunks.poll();
    }
    if (!left.isEmpty()) {
      source.giveBack(left);
    }
  }

  /** Makes all bytes part of the file and ends the writing. Idempotent. */
  public void close(boolean sync) throws CairnException {
    environment.requireMayBlock();
    lockInTurn();
    try {
      if (closed) {
        return;
      }
      requireSession();
      makeVisible(Flags.FLUSH | Flags.CLOSE | (sync ? Flags.SYNC : 0));
    } catch (CairnException e) {
      throw failed(e);
    } finally {
      release();
      unlockTurn();
    }
  }

  private void release() {
    if (closed) {
      return;
    }
    closed = true;
    session.removeOnEnd(sessionEnded);
    session.removeOnChunksWanted(chunksWanted);
    service.closed(this);
    givenUp = true;
    synchronized (dirty) {
      gather.clear();
    }
    if (appender != null) {
      appender.closeCurrent(Flags.NONE);
      giveBackOverChunks();
    }
    source.close();
  }

  /** Ends the writing; what was not flushed is forgotten. */
  void abort() {
    CairnException reason = new CairnException(ErrorCode.CANCELLED, name() + " was aborted");
    abortStream(reason);
    lock.lock();
    try {
      if (!closed) {
        givenUp = true;
        forget(reason);
        release();
      }
    } finally {
      lock.unlock();
    }
  }
}
