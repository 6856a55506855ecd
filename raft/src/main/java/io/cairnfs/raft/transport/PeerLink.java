package io.cairnfs.raft.transport;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.raft.RaftHello;
import io.cairnfs.raft.MemberId;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.StreamListener;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One stream to one member. It is opened when something is to be sent, but not before a pause has
 * passed since the last one broke; the pause doubles up to half a second. What is sent to a member
 * that went away and came back long ago is therefore not lost: the first request for a vote may be
 * such. {@link #send} is called by one thread.
 */
final class PeerLink {
  private static final Logger LOGGER = LoggerFactory.getLogger(PeerLink.class);
  private static final long MIN_PAUSE_NANOS = Duration.ofMillis(20).toNanos();
  private static final long MAX_PAUSE_NANOS = Duration.ofMillis(500).toNanos();

  /** Frames that may wait for the connection to be made. */
  private static final int MAX_WAITING = 32;

  private final MemberId peer;
  private final HostPort address;
  private final String use;
  private final RpcClient client;
  private final RaftHello hello;
  private final Clock clock;
  private volatile Connection current;
  private long pauseNanos = MIN_PAUSE_NANOS;
  private long notBeforeNanos;
  private boolean toldUnreachable;

  /** A stream that was opened; changed by its event loop, read by the sender. */
  private static final class Connection implements StreamListener {
    private volatile boolean established;

    /** When it broke; written before {@link #broken}. */
    private volatile long brokenNanos;

    private volatile String broken;
    private int waiting;

    @Override
    public void onAck(ByteString message) {
      // The other side answers by streams of its own.
    }

    @Override
    public void onWritable() {
      established = true;
    }
  }

  private volatile ClientStream stream;

  /**
   * @param use what the stream is for, in logs
   */
  PeerLink(
      MemberId peer, HostPort address, String use, RpcClient client, RaftHello hello, Clock clock) {
    this.peer = peer;
    this.address = address;
    this.use = use;
    this.client = client;
    this.hello = hello;
    this.clock = clock;
  }

  HostPort address() {
    return address;
  }

  /** Whether what was opened last has broken since. Any thread. */
  boolean isBroken() {
    Connection connection = current;
    return connection != null && connection.broken != null;
  }

  /** Sends, or drops what cannot be sent; owns the bytes in either case. */
  void send(ByteBuf bytes) {
    Connection connection = current;
    if (connection != null && connection.broken != null) {
      lost(connection);
      connection = null;
    }
    if (connection == null) {
      if (clock.monotonicNanos() < notBeforeNanos) {
        bytes.release();
        return;
      }
      connection = open();
    }
    if (connection.established) {
      if (toldUnreachable || pauseNanos != MIN_PAUSE_NANOS) {
        reached();
      }
    } else if (++connection.waiting > MAX_WAITING) {
      bytes.release();
      return;
    }
    stream.send(RaftHello.getDefaultInstance(), bytes);
  }

  // A refusal of the stream is noted through the future; its value is of no use.
  @SuppressWarnings("FutureReturnValueIgnored")
  private Connection open() {
    Connection opened = new Connection();
    current = opened;
    stream = client.openStream(address, Method.RAFT_MESSAGE, hello, opened);
    stream
        .finished()
        .whenComplete(
            (reply, error) -> {
              if (reply != null) {
                reply.release();
              }
              opened.brokenNanos = clock.monotonicNanos();
              opened.broken = error == null ? "ended by the other side" : error.getMessage();
            });
    return opened;
  }

  private void lost(Connection connection) {
    current = null;
    if (!toldUnreachable) {
      toldUnreachable = true;
      LOGGER.warn("member={} address={} {} unreachable: {}", peer, address, use, connection.broken);
    }
    notBeforeNanos = connection.brokenNanos + pauseNanos;
    pauseNanos = Math.min(2 * pauseNanos, MAX_PAUSE_NANOS);
  }

  private void reached() {
    pauseNanos = MIN_PAUSE_NANOS;
    if (toldUnreachable) {
      toldUnreachable = false;
      LOGGER.info("member={} address={} {} reachable again", peer, address, use);
    }
  }

  /** Any thread. */
  void close() {
    ClientStream open = stream;
    if (open != null) {
      open.cancel();
    }
  }
}
