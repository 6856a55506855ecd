package io.cairnfs.client.write;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.chunk.CellChecksums;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.metadata.ChunkProgress;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Appends packets to chunks, one open chunk after the other. When a member of a pipeline fails, the
 * chunk ends at its acknowledged length, and what was not acknowledged goes into another chunk; no
 * pipeline is ever repaired, and no packet waits for a member that is dead or frozen longer than
 * the stall time-out.
 *
 * <p>Safe for any thread. The monitor guards everything and is held for short moments only; event
 * loops take it too.
 */
final class ChunkAppender {
  private static final Logger LOG = LoggerFactory.getLogger(ChunkAppender.class);
  private static final long WATCH_MILLIS = 100;
  private static final long MAX_PAUSE_MILLIS = 1000;

  /** What an owner hears; called without the monitor. */
  interface Listener {
    /** The chunk takes no more bytes and has none outstanding: CLOSED or FAILED. */
    void over(OpenChunk chunk);
  }

  private final ClientEnvironment environment;
  private final WriteOptions options;
  private final ChunkSource source;
  private final int fullChunkFlags;
  private final Listener listener;

  /** Packets that have no chunk yet. */
  private final ArrayDeque<Packet> pending = new ArrayDeque<>();

  /** Chunks with a stream. */
  private final List<OpenChunk> live = new ArrayList<>();

  /** Chunks that are over; those of which the metaserver knows are forgotten when others come. */
  private final List<OpenChunk> ended = new ArrayList<>();

  /** What to do once the monitor is left. */
  private final ArrayDeque<Runnable> afterwards = new ArrayDeque<>();

  private OpenChunk current;
  private boolean opening;
  private boolean watching;
  private long lastWatchNanos;
  private long unacknowledgedBytes;
  private long lastProgressNanos;
  private int failuresInARow;
  private CairnException failure;

  /**
   * @param fullChunkFlags what the CLOSE of a full chunk carries: SYNC when everything will have to
   *     be on disk in the end, so that it is forced while the next chunk is being written
   */
  ChunkAppender(
      ClientEnvironment environment,
      WriteOptions options,
      ChunkSource source,
      int fullChunkFlags,
      Listener listener) {
    this.fullChunkFlags = fullChunkFlags;
    this.environment = environment;
    this.options = options;
    this.source = source;
    this.listener = listener;
    lastProgressNanos = environment.clock().monotonicNanos();
  }

  /**
   * Waits until {@code bytes} more may be outstanding, and takes them from the client's budget if
   * there is so much; with nothing of its own outstanding a stream may always go on.
   *
   * @return whether the budget was charged
   */
  boolean awaitRoom(int bytes) throws CairnException {
    environment.requireMayBlock();
    synchronized (this) {
      try {
        Admission admission = admit(bytes);
        while (admission == Admission.WAIT) {
          requireProgress();
          wait(WATCH_MILLIS);
          admission = admit(bytes);
        }
        requireAlive();
        return admission == Admission.CHARGED;
      } catch (InterruptedException e) {
        throw ClientEnvironment.interrupted(e);
      }
    }
  }

  private enum Admission {
    WAIT,
    /** The client's budget was charged. */
    CHARGED,
    UNCHARGED
  }

  private Admission admit(int bytes) {
    if (failure != null) {
      return Admission.UNCHARGED;
    }
    boolean fits = unacknowledgedBytes == 0 || unacknowledgedBytes + bytes <= options.windowBytes();
    if (fits && environment.buffers().tryAcquire(bytes)) {
      return Admission.CHARGED;
    }
    return unacknowledgedBytes == 0 ? Admission.UNCHARGED : Admission.WAIT;
  }

  /** Waits until everything was acknowledged and every CLOSE was answered. */
  void awaitDrained() throws CairnException {
    environment.requireMayBlock();
    synchronized (this) {
      try {
        while (failure == null && !isDrained()) {
          requireProgress();
          wait(WATCH_MILLIS);
        }
      } catch (InterruptedException e) {
        throw ClientEnvironment.interrupted(e);
      }
      requireAlive();
    }
  }

  /**
   * Waits until the packets were acknowledged, and until none of their chunks, nor of those named,
   * waits for the answer to its CLOSE. Other packets may be on their way all the time.
   */
  void awaitSettled(Collection<Packet> packets, Collection<OpenChunk> chunks)
      throws CairnException {
    environment.requireMayBlock();
    synchronized (this) {
      try {
        while (failure == null && !(areSettled(packets) && areAnswered(chunks))) {
          requireProgress();
          wait(WATCH_MILLIS);
        }
      } catch (InterruptedException e) {
        throw ClientEnvironment.interrupted(e);
      }
      requireAlive();
    }
  }

  private static boolean areSettled(Collection<Packet> packets) {
    for (Packet packet : packets) {
      // Without bytes it ends with its chunk.
      boolean settled = packet.isSettled() || (packet.isControl() && packet.chunk().isOver());
      if (!settled || packet.chunk().state() == OpenChunk.State.CLOSING) {
        return false;
      }
    }
    return true;
  }

  private static boolean areAnswered(Collection<OpenChunk> chunks) {
    return chunks.stream().noneMatch(chunk -> chunk.state() == OpenChunk.State.CLOSING);
  }

  private boolean isDrained() {
    return pending.isEmpty()
        && live.stream()
            .allMatch(
                chunk ->
                    chunk.unacknowledged().isEmpty() && chunk.state() != OpenChunk.State.CLOSING);
  }

  private void requireProgress() {
    long silentNanos = environment.clock().monotonicNanos() - lastProgressNanos;
    if (silentNanos > options.timeout().toNanos()) {
      fail(
          new CairnException(
              ErrorCode.TIMED_OUT,
              unacknowledgedBytes
                  + " bytes were not acknowledged within "
                  + options.timeout().toMillis()
                  + " ms"));
    }
  }

  private void requireAlive() throws CairnException {
    if (failure != null) {
      throw Failures.here(failure);
    }
  }

  synchronized long unacknowledgedBytes() {
    return unacknowledgedBytes;
  }

  synchronized boolean hasFailed() {
    return failure != null;
  }

  /** How far the chunks have come. */
  synchronized List<ChunkProgress> progress(Collection<OpenChunk> chunks) {
    return chunks.stream().map(OpenChunk::progress).toList();
  }

  /**
   * As {@link #progress}, for a commit of the only file that uses the chunks. Of one that is over,
   * but has bytes that the commit does not name, the end is not told: it stays among those touched.
   *
   * @param touched chunks to report, which move to {@code reported}
   */
  synchronized List<ChunkProgress> reportProgress(
      Set<OpenChunk> touched, Set<OpenChunk> reported, Predicate<OpenChunk> hasUncollected) {
    List<ChunkProgress> progress = new ArrayList<>(touched.size());
    for (OpenChunk chunk : List.copyOf(touched)) {
      ChunkProgress now = chunk.reportProgress();
      if (now.getClosed() && hasUncollected.test(chunk)) {
        chunk.forgetReport();
        progress.add(now.toBuilder().setClosed(false).build());
      } else {
        touched.remove(chunk);
        reported.add(chunk);
        progress.add(now);
      }
    }
    return progress;
  }

  /** Where the next packet will begin within a cell, if nothing fails. */
  synchronized long expectedPhase() {
    long ahead = current == null ? 0 : current.sentLength();
    for (Packet packet : pending) {
      ahead += packet.length();
    }
    return ahead % CellChecksums.CELL_BYTES;
  }

  /** The chunk is the one being written. */
  synchronized boolean isStreaming(OpenChunk chunk) {
    return chunk == current;
  }

  /** A commit of one packet of the chunk was answered. */
  synchronized void commitEnded(OpenChunk chunk) {
    chunk.commitEnded();
  }

  /**
   * True once for a chunk that is over and has no packet left whose commit is on its way: then the
   * metaserver may be told.
   */
  synchronized boolean claimGivingBack(OpenChunk chunk) {
    return chunk.claimGivingBack();
  }

  /** As {@link #claimGivingBack}, for a chunk whose only file was given up or is closed. */
  synchronized boolean claimAbandoned(OpenChunk chunk) {
    return chunk.claimAbandoned();
  }

  /** Nobody knows whether the commit that said how far the chunk has come was applied. */
  synchronized void forgetReport(OpenChunk chunk) {
    chunk.forgetReport();
  }

  /**
   * The chunk if bytes of it are not known to be on disk; how it can be forced.
   *
   * @param end only bytes before it matter
   */
  synchronized Optional<Unsynced> unsynced(OpenChunk chunk, long end) {
    if (chunk.isSynced(end)) {
      return Optional.empty();
    }
    return Optional.of(
        new Unsynced(
            chunk.location(), chunk.acknowledgedLength(), chunk.holders(), chunk == current));
  }

  /**
   * A chunk with bytes that may not be on disk.
   *
   * @param streaming its stream can carry a SYNC
   */
  record Unsynced(ChunkLocation chunk, long length, List<Member> holders, boolean streaming) {}

  synchronized long acknowledgedLength(OpenChunk chunk) {
    return chunk.acknowledgedLength();
  }

  /** The holders named have forced the chunk up to this length; others have not. */
  synchronized void synced(OpenChunk chunk, long length, Collection<Integer> failedServers) {
    chunk.synced(length);
    chunk.failedServers().addAll(failedServers);
  }

  /** Takes the packet over; its future tells of its fate. */
  void append(Packet packet) {
    synchronized (this) {
      if (failure != null) {
        drop(packet, failure);
      } else {
        beginAfterIdle();
        unacknowledgedBytes += packet.length();
        pending.add(packet);
        pump();
      }
    }
    runAfterwards();
  }

  /**
   * Sends flags to the chunk that is being written.
   *
   * @return the packet, or null when there is no such chunk (nothing was written since the last
   *     one)
   */
  Packet control(int flags) {
    Packet packet = null;
    synchronized (this) {
      if (failure == null && current != null && pending.isEmpty()) {
        beginAfterIdle();
        packet = new Packet(Unpooled.EMPTY_BUFFER, 0, 0, flags, false);
        send(current, packet);
      }
    }
    runAfterwards();
    return packet;
  }

  /** No further bytes will come for a while: ends the chunk being written. */
  void closeCurrent(int extraFlags) {
    synchronized (this) {
      if (failure == null && current != null && pending.isEmpty()) {
        beginAfterIdle();
        end(extraFlags);
      }
    }
    runAfterwards();
  }

  /**
   * Others wait for these chunks: the one being written is ended if it is among them.
   *
   * @return how far those have come that are over, unless the metaserver is told already
   */
  List<ChunkProgress> giveWay(Set<Long> wanted) {
    List<ChunkProgress> over = new ArrayList<>();
    synchronized (this) {
      boolean isWanted = current != null && wanted.contains(current.location().getChunk());
      if (failure == null && isWanted && pending.isEmpty()) {
        beginAfterIdle();
        end(fullChunkFlags);
      }
      ended.removeIf(OpenChunk::isGivenBack);
      for (OpenChunk chunk : ended) {
        if (wanted.contains(chunk.location().getChunk())) {
          over.add(chunk.progress());
        }
      }
    }
    runAfterwards();
    return over;
  }

  private void tellOver(OpenChunk chunk) {
    ended.removeIf(OpenChunk::isGivenBack);
    ended.add(chunk);
    afterwards.add(() -> listener.over(chunk));
  }

  /** Bytes wait for a chunk, or for their acknowledgement. */
  synchronized boolean isBusy() {
    return failure == null && (opening || unacknowledgedBytes > 0);
  }

  /** Silence counts from the first thing there is to answer. */
  private void beginAfterIdle() {
    if (unacknowledgedBytes == 0) {
      lastProgressNanos = environment.clock().monotonicNanos();
    }
  }

  private void pump() {
    while (!pending.isEmpty() && failure == null) {
      if (current == null) {
        openNext();
        return;
      }
      Packet packet = pending.peek();
      if (!current.takes(packet)) {
        end(fullChunkFlags);
      } else {
        pending.poll();
        send(current, packet);
      }
    }
  }

  private void end(int extraFlags) {
    OpenChunk ending = current;
    current = null;
    send(ending, new Packet(Unpooled.EMPTY_BUFFER, 0, 0, Flags.CLOSE | extraFlags, false));
  }

  private void send(OpenChunk chunk, Packet packet) {
    long now = environment.clock().monotonicNanos();
    if (chunk.unacknowledged().isEmpty()) {
      chunk.alive(now);
    }
    chunk.place(packet);
    if ((packet.flags() & Flags.CLOSE) != 0) {
      chunk.changeState(OpenChunk.State.CLOSING);
      if (chunk == current) {
        current = null;
      }
    }
    PacketHeader header =
        PacketHeader.newBuilder()
            .setSequence(packet.sequence())
            .setOffset(packet.chunkOffset())
            .setFlags(packet.flags())
            .setChecksums(packet.checksums())
            .build();
    ByteBuf payload =
        packet.isControl() ? Unpooled.EMPTY_BUFFER : packet.payload().retainedDuplicate();
    chunk.stream().send(header, payload);
    watch(now);
    if (chunk == current && chunk.sentLength() > chunk.location().getMaxLength() / 2) {
      source.prepare();
    }
  }

  private void openNext() {
    if (opening) {
      return;
    }
    opening = true;
    if (failuresInARow <= 1) {
      take();
      return;
    }
    long pause = Math.min(MAX_PAUSE_MILLIS, 25L << Math.min(failuresInARow, 10));
    var unused = environment.schedule(this::take, pause);
  }

  private void take() {
    var unused =
        source
            .take()
            .whenComplete(
                (chunk, problem) -> {
                  synchronized (this) {
                    opening = false;
                    if (problem != null) {
                      fail(Failures.of(problem));
                    } else if (failure != null) {
                      abandon(new OpenChunk(chunk));
                    } else {
                      openAndPump(chunk);
                    }
                  }
                  runAfterwards();
                });
  }

  private void openAndPump(ChunkLocation chunk) {
    try {
      open(chunk);
      pump();
    } catch (IllegalArgumentException e) {
      // An answer that makes no sense, such as a member without an address.
      fail(
          new CairnException(
              ErrorCode.MALFORMED, "allocated " + chunk + " cannot be used: " + e.getMessage(), e));
    }
  }

  private void abandon(OpenChunk chunk) {
    chunk.changeState(OpenChunk.State.FAILED);
    afterwards.add(() -> listener.over(chunk));
  }

  private void open(ChunkLocation location) {
    OpenChunk chunk = new OpenChunk(location);
    if (location.getMembersCount() == 0) {
      fail(new CairnException(ErrorCode.TOO_FEW_SERVERS, chunk.id() + " has no members"));
      abandon(chunk);
      return;
    }
    WriteChunkRequest request =
        WriteChunkRequest.newBuilder()
            .setChunk(location.getChunk())
            .setEpoch(location.getEpoch())
            .setMaxLength(location.getMaxLength())
            .setReplication(location.getReplication())
            .setToken(location.getToken())
            .addAllDownstream(location.getMembersList().subList(1, location.getMembersCount()))
            .build();
    live.add(chunk);
    current = chunk;
    Member head = chunk.head();
    chunk.attach(
        environment
            .rpc()
            .openStream(
                new HostPort(head.getHost(), head.getPort()),
                Method.WRITE_CHUNK,
                request,
                new StreamListener() {
                  @Override
                  public void onAck(ByteString message) {
                    acknowledged(chunk, message);
                  }

                  @Override
                  public void onWritable() {
                    // What may be outstanding is bounded by the window, not by the socket.
                  }
                }));
    var unused =
        chunk.stream().finished().whenComplete((reply, problem) -> finished(chunk, reply, problem));
  }

  private void acknowledged(OpenChunk chunk, ByteString message) {
    synchronized (this) {
      if (chunk.isOver()) {
        return;
      }
      try {
        PacketAck ack = PacketAck.parseFrom(message);
        progress(chunk, ack);
        if (ack.getFailedServer() != 0 || ack.getErrorCode() != 0) {
          int server =
              ack.getFailedServer() != 0 ? ack.getFailedServer() : chunk.head().getServer();
          lost(chunk, server, ack.getErrorMessage());
        }
      } catch (InvalidProtocolBufferException e) {
        lost(chunk, chunk.head().getServer(), "malformed acknowledgement: " + e.getMessage());
      }
    }
    runAfterwards();
  }

  private void progress(OpenChunk chunk, PacketAck ack) {
    long now = environment.clock().monotonicNanos();
    chunk.alive(now);
    Packet first = chunk.unacknowledged().peek();
    boolean any = false;
    while (first != null && first.sequence() <= ack.getSequence()) {
      if (first.chunkOffset() + first.length() > ack.getLength()) {
        lost(chunk, chunk.head().getServer(), "acknowledged less than its packets");
        return;
      }
      Packet packet = chunk.unacknowledged().poll();
      chunk.acknowledge(packet);
      settle(packet);
      any = true;
      first = chunk.unacknowledged().peek();
    }
    if (any) {
      lastProgressNanos = now;
      failuresInARow = 0;
      notifyAll();
    }
    if (chunk.state() == OpenChunk.State.CLOSED) {
      live.remove(chunk);
      tellOver(chunk);
    }
  }

  private void settle(Packet packet) {
    packet.settle();
    unacknowledgedBytes -= packet.length();
    environment.counters().bytesWritten.add(packet.contentLength());
    release(packet);
    afterwards.add(() -> packet.acknowledged().complete(packet));
  }

  private void release(Packet packet) {
    packet.payload().release();
    if (packet.isBudgeted()) {
      environment.buffers().release(packet.length());
    }
  }

  private void finished(OpenChunk chunk, RpcReply reply, Throwable problem) {
    if (reply != null) {
      reply.release();
    }
    synchronized (this) {
      if (!chunk.isOver()) {
        String reason =
            problem == null
                ? "the stream ended before its last packet was acknowledged"
                : Failures.of(problem).getMessage();
        lost(chunk, chunk.head().getServer(), reason);
      }
    }
    runAfterwards();
  }

  /** A member of the chunk's pipeline failed: nothing more goes into this chunk. */
  private void lost(OpenChunk chunk, int server, String reason) {
    LOG.debug("{} server={} lost: {}", chunk.id(), server, reason);
    environment.suspects().add(server);
    environment.counters().pipelineFailovers.increment();
    chunk.failedServers().add(server);
    chunk.changeState(OpenChunk.State.FAILED);
    live.remove(chunk);
    if (chunk == current) {
      current = null;
    }
    failuresInARow++;
    requeue(chunk);
    String failedServer = nameOf(chunk, server);
    afterwards.add(
        () -> {
          chunk.stream().cancel();
          environment.events().pipelineFailedOver(chunk.id().toString(), failedServer, reason);
        });
    tellOver(chunk);
    notifyAll();
    long silentNanos = environment.clock().monotonicNanos() - lastProgressNanos;
    if (failuresInARow > 1 && silentNanos > options.timeout().toNanos()) {
      fail(
          new CairnException(
              ErrorCode.PIPELINE_FAILED,
              failuresInARow + " pipelines failed one after the other; the last: " + reason));
    } else {
      pump();
    }
  }

  private static String nameOf(OpenChunk chunk, int server) {
    return chunk.location().getMembersList().stream()
        .filter(member -> member.getServer() == server && !member.getName().isEmpty())
        .map(Member::getName)
        .findFirst()
        .orElse("server=" + server);
  }

  private void requeue(OpenChunk chunk) {
    Iterator<Packet> newestFirst = chunk.unacknowledged().descendingIterator();
    while (newestFirst.hasNext()) {
      Packet packet = newestFirst.next();
      if (packet.isControl()) {
        CairnException gone =
            new CairnException(ErrorCode.PIPELINE_FAILED, chunk.id() + " lost a member");
        afterwards.add(() -> packet.acknowledged().completeExceptionally(gone));
      } else {
        environment.counters().bytesResent.add(packet.contentLength());
        pending.addFirst(packet);
      }
    }
    chunk.unacknowledged().clear();
  }

  /** Ends everything: packets fail, waiters are told. */
  void abort(CairnException reason) {
    synchronized (this) {
      fail(reason);
    }
    runAfterwards();
  }

  private void fail(CairnException reason) {
    if (failure != null) {
      return;
    }
    failure = reason;
    List<Packet> lostPackets = new ArrayList<>(pending);
    pending.clear();
    for (OpenChunk chunk : live) {
      lostPackets.addAll(chunk.unacknowledged());
      chunk.unacknowledged().clear();
      chunk.changeState(OpenChunk.State.FAILED);
      afterwards.add(
          () -> {
            chunk.stream().cancel();
            listener.over(chunk);
          });
    }
    live.clear();
    current = null;
    lostPackets.forEach(packet -> drop(packet, reason));
    unacknowledgedBytes = 0;
    afterwards.add(source::close);
    notifyAll();
  }

  private void drop(Packet packet, CairnException reason) {
    release(packet);
    afterwards.add(() -> packet.acknowledged().completeExceptionally(reason));
  }

  private void watch(long nowNanos) {
    if (!watching) {
      watching = true;
      lastWatchNanos = nowNanos;
      var unused = environment.schedule(this::watchOnce, WATCH_MILLIS);
    }
  }

  /** Runs on an event loop while packets are outstanding. */
  private void watchOnce() {
    synchronized (this) {
      watching = false;
      long now = environment.clock().monotonicNanos();
      // A late watchman has slept himself: the answers are waiting behind him to be read.
      boolean late = now - lastWatchNanos > 3 * WATCH_MILLIS * 1_000_000;
      boolean outstanding = false;
      for (OpenChunk chunk : List.copyOf(live)) {
        if (chunk.unacknowledged().isEmpty()) {
          continue;
        }
        outstanding = true;
        if (late) {
          chunk.alive(now);
        } else if (now - chunk.lastLifeNanos() > options.stallTimeout().toNanos()) {
          lost(
              chunk,
              chunk.head().getServer(),
              "silent for " + (now - chunk.lastLifeNanos()) / 1_000_000 + " ms");
        }
      }
      if (outstanding && failure == null) {
        watch(now);
      }
    }
    runAfterwards();
  }

  /** Callbacks run outside the monitor, in order, by whichever thread gets there. */
  private void runAfterwards() {
    while (true) {
      Runnable next;
      synchronized (this) {
        next = afterwards.poll();
      }
      if (next == null) {
        return;
      }
      next.run();
    }
  }
}
