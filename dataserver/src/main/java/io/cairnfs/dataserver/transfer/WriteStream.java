package io.cairnfs.dataserver.transfer;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaWriter;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.WriteChunkReply;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.netty.buffer.ByteBuf;
import io.netty.channel.EventLoop;
import io.netty.util.concurrent.ScheduledFuture;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One member's part of a pipeline: takes packets from the member in front, sends them on to the
 * next one before they are appended here, and acknowledges what is appended here and acknowledged
 * from behind.
 *
 * <pre>
 * SETTING_UP -> RUNNING   replica created here, next member ready      (ready to the front)
 * RUNNING    -> CLOSING   a packet with CLOSE arrived
 * CLOSING    -> ENDED     all is acknowledged                          (reply; replica CLOSED)
 * any        -> ENDED     a member failed (named to the front), or the front is gone
 * </pre>
 *
 * All state is owned by the event loop of the connection in front.
 */
final class WriteStream implements StreamReceiver {
  private static final Logger LOG = LoggerFactory.getLogger(WriteStream.class);
  private static final long ACTIVE_NANOS = Duration.ofSeconds(5).toNanos();

  private static final int SET_UP_PATIENCE = 2;

  private enum State {
    SETTING_UP,
    RUNNING,
    CLOSING,
    ENDED
  }

  /** A packet that is not fully acknowledged. */
  private record Outstanding(long sequence, long end, int bytes, long arrivedNanos) {}

  private final TransferContext context;
  private final ServerStream front;
  private final EventLoop loop;
  private final ChunkId chunk;
  private final int self;
  private final TransferOptions options;
  private final Clock clock;
  private final ReplicaAppender appender;
  private final LifeSigns nextSigns;
  private final Deque<Outstanding> outstanding = new ArrayDeque<>();

  /** Sent on to a next member that is the last one, and not acknowledged by it. */
  private final Deque<Outstanding> sentToLast = new ArrayDeque<>();

  private State state = State.SETTING_UP;
  private ReplicaWriter writer;
  private ClientStream next;
  private int nextServer;
  private boolean nextReady;
  private boolean nextIsLast;
  private long lastSequence;
  private long arrivedLength;

  /** Sequence number of the packet with CLOSE; 0 = not yet. */
  private long closeSequence;

  private long appendedSequence;
  private long nextSequence;
  private long acknowledgedSequence;
  private long acknowledgedLength;
  private long heldBytes;
  private boolean paused;
  private long lastAckNanos;
  private long activeNanos;
  private final long createdNanos;
  private ScheduledFuture<?> ticking;

  WriteStream(TransferContext context, ServerStream front, WriteChunkRequest request, int self) {
    this.context = context;
    this.front = front;
    this.loop = front.eventLoop();
    this.chunk = new ChunkId(request.getChunk());
    this.self = self;
    this.options = context.options();
    this.clock = context.clock();
    this.createdNanos = clock.monotonicNanos();
    this.activeNanos = createdNanos;
    this.lastAckNanos = createdNanos;
    this.nextSigns = new LifeSigns(options.packetTimeout(), options.lifeInterval(), createdNanos);
    this.appender =
        new ReplicaAppender(
            context.disk(),
            () -> context.store().create(chunk, request.getEpoch(), request.getMaxLength()),
            new AppendListener());
  }

  /** On the event loop, once. */
  void start(WriteChunkRequest request) {
    context.streamStarted();
    ticking =
        loop.scheduleAtFixedRate(
            context.guarded(this::tick),
            options.lifeInterval().toMillis(),
            options.lifeInterval().toMillis(),
            TimeUnit.MILLISECONDS);
    appender.start();
    if (request.getDownstreamCount() > 0) {
      // Last: it may have failed before this returns, and the stream is over then.
      connectNext(request);
    }
  }

  private void connectNext(WriteChunkRequest request) {
    Member member = request.getDownstream(0);
    nextServer = member.getServer();
    nextIsLast = request.getDownstreamCount() == 1;
    nextSigns.waiting(true, clock.monotonicNanos());
    next =
        context
            .client()
            .openStream(
                new HostPort(member.getHost(), member.getPort()),
                Method.WRITE_CHUNK,
                request.toBuilder().removeDownstream(0).build(),
                new NextListener());
    CompletableFuture<RpcReply> unused =
        next.finished()
            .whenComplete((reply, failure) -> onLoop(() -> nextFinished(reply, failure)));
  }

  private void onLoop(Runnable action) {
    Runnable guarded = context.guarded(action);
    if (loop.inEventLoop()) {
      guarded.run();
    } else {
      loop.execute(guarded);
    }
  }

  // From the front.

  @Override
  public void onData(ByteString message, ByteBuf payload) throws CairnException {
    boolean taken = false;
    try {
      if (state == State.ENDED) {
        return;
      }
      PacketHeader header = PacketHeader.parseFrom(message);
      Packet packet = new Packet(header, payload);
      requireWellFormed(packet);
      lastSequence = header.getSequence();
      arrivedLength = packet.end();
      long now = clock.monotonicNanos();
      activeNanos = now;
      Outstanding arrived =
          new Outstanding(header.getSequence(), packet.end(), packet.bytes(), now);
      outstanding.add(arrived);
      heldBytes += packet.bytes();
      context.budget().take(packet.bytes());
      context.received(packet.bytes());
      if (packet.has(PacketFlag.PACKET_CLOSE)) {
        closeSequence = header.getSequence();
        if (state == State.RUNNING) {
          state = State.CLOSING;
        }
      }
      if (next != null) {
        nextSigns.waiting(true, now);
        if (nextIsLast) {
          sentToLast.add(arrived);
        }
        next.send(header, payload.retainedDuplicate());
      }
      taken = true;
      appender.add(packet);
      readOrPause();
    } catch (InvalidProtocolBufferException e) {
      CairnException malformed =
          new CairnException(ErrorCode.MALFORMED, chunk + " packet header: " + e.getMessage(), e);
      endAfterFrontsError();
      throw malformed;
    } catch (CairnException e) {
      endAfterFrontsError();
      throw e;
    } finally {
      if (!taken) {
        payload.release();
      }
    }
  }

  private void requireWellFormed(Packet packet) throws CairnException {
    PacketHeader header = packet.header();
    if (closeSequence != 0) {
      throw new CairnException(ErrorCode.MALFORMED, chunk + " packet after CLOSE");
    }
    if (header.getSequence() != lastSequence + 1) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          chunk + " packet " + header.getSequence() + " after packet " + lastSequence);
    }
    if (header.getOffset() != arrivedLength) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          chunk
              + " packet at offset "
              + header.getOffset()
              + ", the stream is at "
              + arrivedLength);
    }
    if (packet.bytes() > Packet.MAX_BYTES) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          chunk + " packet of " + packet.bytes() + " bytes, most are " + Packet.MAX_BYTES);
    }
  }

  /** The stream fails by the exception that is thrown; the others are told here. */
  private void endAfterFrontsError() {
    end();
    if (next != null) {
      next.cancel();
    }
  }

  @Override
  public void onBroken(CairnException cause) {
    if (state == State.ENDED) {
      return;
    }
    LOG.debug("{} stream broke: {}", chunk, cause.getMessage());
    end();
    if (next != null) {
      next.cancel();
    }
  }

  // From the own disk.

  private final class AppendListener implements ReplicaAppender.Listener {
    @Override
    public void onCreated(ReplicaWriter created) {
      onLoop(
          () -> {
            writer = created;
            readyIfAllAre();
          });
    }

    @Override
    public void onAppended(long sequence) {
      onLoop(
          () -> {
            appendedSequence = sequence;
            acknowledge();
          });
    }

    @Override
    public void onAppendFailed(CairnException failure) {
      onLoop(() -> fail(MemberFailure.of(self, failure)));
    }
  }

  // From the next member.

  private final class NextListener implements StreamListener {
    @Override
    public void onAck(ByteString message) {
      onLoop(() -> nextAcknowledged(message));
    }

    @Override
    public void onWritable() {
      onLoop(WriteStream.this::readOrPause);
    }
  }

  private void nextAcknowledged(ByteString message) {
    if (state == State.ENDED) {
      return;
    }
    PacketAck ack;
    try {
      ack = PacketAck.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      fail(new MemberFailure(nextServer, ErrorCode.MALFORMED, "acknowledgement: " + e));
      return;
    }
    long now = clock.monotonicNanos();
    nextSigns.heard(now);
    if (MemberFailure.isIn(ack)) {
      fail(MemberFailure.in(ack));
      return;
    }
    if (ack.getSequence() > lastSequence || ack.getSequence() < nextSequence) {
      fail(
          new MemberFailure(
              nextServer,
              ErrorCode.MALFORMED,
              "acknowledged packet " + ack.getSequence() + ", sent were " + lastSequence));
      return;
    }
    nextSequence = ack.getSequence();
    while (!sentToLast.isEmpty() && sentToLast.peek().sequence() <= nextSequence) {
      context.peers().acknowledged(nextServer, now - sentToLast.remove().arrivedNanos());
    }
    if (ack.getReady()) {
      nextReady = true;
      readyIfAllAre();
    }
    nextSigns.waiting(!nextReady || nextSequence < lastSequence, now);
    acknowledge();
  }

  private void nextFinished(RpcReply reply, Throwable failure) {
    if (reply != null) {
      reply.release();
    }
    if (state == State.ENDED
        || (failure == null && closeSequence != 0 && nextSequence == closeSequence)) {
      return;
    }
    if (failure instanceof CairnException cause) {
      fail(MemberFailure.of(nextServer, cause));
    } else {
      fail(
          new MemberFailure(
              nextServer,
              ErrorCode.CONNECTION_LOST,
              failure == null ? "ended the stream early" : failure.toString()));
    }
  }

  // To the front.

  private void readyIfAllAre() {
    if (state != State.SETTING_UP || writer == null || (next != null && !nextReady)) {
      return;
    }
    state = closeSequence == 0 ? State.RUNNING : State.CLOSING;
    context.setUp(clock.monotonicNanos() - createdNanos);
    front.ack(PacketAck.newBuilder().setReady(true).build());
    acknowledge();
  }

  private void acknowledge() {
    if (state == State.ENDED || state == State.SETTING_UP) {
      return;
    }
    long sequence = next == null ? appendedSequence : Math.min(appendedSequence, nextSequence);
    if (sequence <= acknowledgedSequence) {
      return;
    }
    long now = clock.monotonicNanos();
    while (!outstanding.isEmpty() && outstanding.peek().sequence() <= sequence) {
      Outstanding packet = outstanding.remove();
      acknowledgedLength = packet.end();
      heldBytes -= packet.bytes();
      context.budget().give(packet.bytes());
      context.acknowledged(now - packet.arrivedNanos());
    }
    acknowledgedSequence = sequence;
    writer.acknowledge(acknowledgedLength);
    sendAck();
    if (closeSequence != 0 && sequence == closeSequence) {
      writer.finish();
      end();
      front.finish(WriteChunkReply.newBuilder().setLength(acknowledgedLength).build());
      return;
    }
    readOrPause();
  }

  private void sendAck() {
    lastAckNanos = clock.monotonicNanos();
    front.ack(
        PacketAck.newBuilder()
            .setSequence(acknowledgedSequence)
            .setLength(acknowledgedLength)
            .build());
  }

  private void readOrPause() {
    if (state == State.ENDED) {
      return;
    }
    boolean full =
        heldBytes >= options.windowBytes()
            || (next != null && nextReady && !next.isWritable() && heldBytes > 0)
            || (context.budget().isExhausted() && heldBytes > Packet.MAX_BYTES);
    if (full && !paused) {
      paused = true;
      front.pauseReading();
    } else if (!full && paused) {
      paused = false;
      front.resumeReading();
    }
  }

  private void tick() {
    if (state == State.ENDED) {
      return;
    }
    long now = clock.monotonicNanos();
    if (next != null && nextSigns.isDead(now, nextReady ? 1 : SET_UP_PATIENCE)) {
      fail(
          new MemberFailure(
              nextServer,
              ErrorCode.TIMED_OUT,
              "no sign of life for more than " + options.packetTimeout().toMillis() + " ms"));
      return;
    }
    if (isOwnDiskStuck(now)) {
      fail(
          new MemberFailure(
              self,
              ErrorCode.TIMED_OUT,
              "disk took more than " + options.diskTimeout().toMillis() + " ms"));
      return;
    }
    boolean active = !outstanding.isEmpty() || now - activeNanos < ACTIVE_NANOS;
    if (active && now - lastAckNanos >= options.lifeInterval().toNanos() / 2) {
      sendAck();
    }
  }

  private boolean isOwnDiskStuck(long now) {
    if (writer == null) {
      return now - createdNanos > options.diskTimeout().toNanos();
    }
    for (Outstanding packet : outstanding) {
      if (packet.sequence() > appendedSequence) {
        return now - packet.arrivedNanos() > options.diskTimeout().toNanos();
      }
    }
    return false;
  }

  private void fail(MemberFailure failure) {
    if (state == State.ENDED) {
      return;
    }
    LOG.info(
        "{} server={} failed in the pipeline at {}: {} {}",
        chunk,
        failure.server(),
        acknowledgedLength,
        failure.code(),
        failure.message());
    context.pipelineFailed();
    PacketAck.Builder ack =
        PacketAck.newBuilder().setSequence(acknowledgedSequence).setLength(acknowledgedLength);
    failure.putInto(ack);
    end();
    front.ack(ack.build());
    front.fail(failure.toException());
    if (next != null) {
      next.cancel();
    }
  }

  /** Lets go of everything but the streams to both sides. */
  private void end() {
    state = State.ENDED;
    ticking.cancel(false);
    appender.end();
    context.budget().give(heldBytes);
    heldBytes = 0;
    outstanding.clear();
    sentToLast.clear();
    if (paused) {
      paused = false;
      front.resumeReading();
    }
    context.streamEnded();
  }
}
