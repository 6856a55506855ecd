package io.cairnfs.client.write;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.chunk.CellChecksums;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.netty.buffer.ByteBuf;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/**
 * The chunks that a session's small files of one replication share. Many files' bytes follow each
 * other in one stream, each on a cell border of its own, and each file's commit waits for its own
 * bytes only. Further chunks are opened while the first is busy. Safe for any thread.
 */
final class SharedChunks {
  private static final long IDLE_MILLIS = 10_000;

  /** So many of these periods a chunk in use stays open, and a little longer while it is busy. */
  private static final int MAX_TICKS = 2;

  private static final long ROOM_MILLIS = 2;

  /** Bytes of one small file in a shared chunk, acknowledged by all members. */
  static final class Placed {
    private final Lane lane;
    private final Packet packet;

    private Placed(Lane lane, Packet packet) {
      this.lane = lane;
      this.packet = packet;
    }

    Packet packet() {
      return packet;
    }

    OpenChunk chunk() {
      return packet.chunk();
    }

    ChunkAppender appender() {
      return lane.appender;
    }

    /** The bytes are part of a file now, or never will be. */
    void commitEnded() {
      lane.appender.commitEnded(packet.chunk());
      lane.giveBackIfDone(packet.chunk());
    }
  }

  /** One chunk after the other. */
  private final class Lane {
    private final ChunkSource source = new ChunkSource(environment, session, 0, replication, 0);
    private final ChunkAppender appender =
        new ChunkAppender(environment, options, source, Flags.NONE, this::giveBackIfDone);
    private boolean usedSinceTick;
    private int ticksInUse;

    private void giveBackIfDone(OpenChunk chunk) {
      if (appender.claimGivingBack(chunk)) {
        source.giveBack(appender.progress(List.of(chunk)));
      }
    }
  }

  private final ClientEnvironment environment;
  private final WriteOptions options;
  private final Session session;
  private final int replication;
  private final List<Lane> lanes = new ArrayList<>();
  private boolean ticking;

  SharedChunks(
      ClientEnvironment environment, WriteOptions options, Session session, int replication) {
    this.environment = environment;
    this.options = options;
    this.session = session;
    this.replication = replication;
    session.onChunksWanted(this::giveWay);
    session.onEnd(
        () ->
            abort(
                new CairnException(
                    ErrorCode.SESSION_EXPIRED, session.id() + " has ended before its files")));
  }

  /** Rounded up to whole cells, so that the next file begins on a border. */
  static int paddedLength(int length) {
    int cell = CellChecksums.CELL_BYTES;
    return (length + cell - 1) / cell * cell;
  }

  /**
   * Appends one file's content. While too much is outstanding the calling thread waits; on an event
   * loop the content itself does.
   *
   * @param padded gives the content followed by zeros up to a cell border, to be owned from then
   *     on; asked at most once
   */
  CompletableFuture<Placed> append(
      Supplier<ByteBuf> padded, int contentLength, long fileOffset, int flags) {
    Lane lane = lane();
    int bytes = paddedLength(contentLength);
    if (environment.onEventLoop()) {
      CompletableFuture<Placed> result = new CompletableFuture<>();
      Deadline deadline = environment.deadline(options.timeout());
      appendWhenRoom(lane, bytes, padded, contentLength, fileOffset, flags, deadline, result);
      return result;
    }
    boolean budgeted;
    try {
      budgeted = lane.appender.awaitRoom(bytes);
    } catch (CairnException e) {
      padded.get().release();
      return CompletableFuture.failedFuture(e);
    }
    return place(lane, new Packet(padded.get(), fileOffset, contentLength, flags, budgeted));
  }

  private void appendWhenRoom(
      Lane lane,
      int bytes,
      Supplier<ByteBuf> padded,
      int contentLength,
      long fileOffset,
      int flags,
      Deadline deadline,
      CompletableFuture<Placed> result) {
    long outstanding = lane.appender.unacknowledgedBytes();
    if (outstanding == 0 || outstanding + bytes <= options.windowBytes()) {
      boolean budgeted = environment.buffers().tryAcquire(bytes);
      Packet packet = new Packet(padded.get(), fileOffset, contentLength, flags, budgeted);
      var unused =
          place(lane, packet)
              .whenComplete(
                  (placed, failure) -> {
                    if (failure == null) {
                      result.complete(placed);
                    } else {
                      result.completeExceptionally(failure);
                    }
                  });
    } else if (deadline.isOver()) {
      result.completeExceptionally(
          CairnException.busy("too many bytes of small files are outstanding", 10));
    } else {
      var unused =
          environment.schedule(
              () ->
                  appendWhenRoom(
                      lane, bytes, padded, contentLength, fileOffset, flags, deadline, result),
              ROOM_MILLIS);
    }
  }

  private static CompletableFuture<Placed> place(Lane lane, Packet packet) {
    packet.prepareChecksums(0);
    lane.appender.append(packet);
    return packet.acknowledged().thenApply(settled -> new Placed(lane, settled));
  }

  private synchronized Lane lane() {
    Lane best = null;
    for (Lane lane : lanes) {
      if (!lane.appender.hasFailed()
          && (best == null
              || lane.appender.unacknowledgedBytes() < best.appender.unacknowledgedBytes())) {
        best = lane;
      }
    }
    boolean busy = best != null && best.appender.unacknowledgedBytes() > 0;
    if (best == null || (busy && lanes.size() < options.sharedStreams())) {
      lanes.removeIf(lane -> lane.appender.hasFailed());
      best = new Lane();
      lanes.add(best);
    }
    best.usedSinceTick = true;
    if (!ticking) {
      ticking = true;
      var unused = environment.schedule(this::tick, IDLE_MILLIS);
    }
    return best;
  }

  /**
   * Chunks that nobody used for a while are ended, so that the metaserver can seal them; so are
   * those that were open for long, and the next files go to another one: whoever joins their slots
   * waits for them, and takes them away from a writer in the end.
   */
  private void tick() {
    List<Lane> idle = new ArrayList<>();
    List<Lane> old = new ArrayList<>();
    synchronized (this) {
      ticking = false;
      boolean any = false;
      for (Lane lane : lanes) {
        lane.ticksInUse++;
        if (!lane.usedSinceTick) {
          idle.add(lane);
        } else if (lane.ticksInUse >= MAX_TICKS) {
          lane.ticksInUse = 0;
          old.add(lane);
        }
        // One that is sending its bytes again cannot be ended yet.
        any |= lane.usedSinceTick || lane.appender.isBusy();
        lane.usedSinceTick = false;
      }
      if (any && session.isOpen()) {
        ticking = true;
        var unused = environment.schedule(this::tick, IDLE_MILLIS);
      }
    }
    old.forEach(lane -> lane.appender.closeCurrent(Flags.NONE));
    idle.forEach(
        lane -> {
          lane.appender.closeCurrent(Flags.NONE);
          lane.source.close();
        });
  }

  /** Those being written are ended, and given back when their files' commits are answered. */
  private void giveWay(Set<Long> wanted) {
    List<Lane> all;
    synchronized (this) {
      all = List.copyOf(lanes);
    }
    for (Lane lane : all) {
      var unused = lane.appender.giveWay(wanted);
      lane.source.giveWay(wanted, List.of());
    }
  }

  void abort(CairnException reason) {
    List<Lane> all;
    synchronized (this) {
      all = List.copyOf(lanes);
      lanes.clear();
    }
    all.forEach(lane -> lane.appender.abort(reason));
  }
}
