package io.cairnfs.raft.transport;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.raft.CheckpointPartReply;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.proto.raft.MemberAddress;
import io.cairnfs.proto.raft.RaftHello;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.core.RaftMessage.AppendRequest;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.server.RpcServer;
import io.cairnfs.rpc.server.ServerCall;
import io.cairnfs.rpc.server.ServerStream;
import io.cairnfs.rpc.server.StreamReceiver;
import io.cairnfs.rpc.transport.RpcEventLoops;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/**
 * Members' messages as frames of streams. To each member there are two streams, each on a
 * connection of its own: one for entries, one for everything else, so that heartbeats and votes
 * never wait behind megabytes of log. Messages come back by the other member's own streams; where
 * it listens it says when it opens them.
 *
 * <p>{@link #register} before the server starts, then hand it to the engine. Uses the client, does
 * not own it.
 */
public final class RpcRaftTransport implements RaftTransport {
  private static final Duration PART_TIMEOUT = Duration.ofSeconds(10);
  private static final int PART_REQUESTS_QUEUED = 64;

  private final String group;
  private final RpcClient client;
  private final Clock clock;
  private final ByteBufAllocator allocator;
  private final Optional<ScheduledExecutorService> executor;
  private final RaftHello hello;
  private final Member self;
  private volatile Membership membership = Membership.NONE;

  /**
   * Members as they said themselves; some are in no membership known here, as a leader at first.
   */
  private final Map<MemberId, Member> introduced = new ConcurrentHashMap<>();

  // Changed by the thread that sends.
  private final Map<MemberId, PeerLink> entryLinks = new ConcurrentHashMap<>();
  private final Map<MemberId, PeerLink> controlLinks = new ConcurrentHashMap<>();

  private final ThreadPoolExecutor partReader;
  private volatile Receiver receiver;
  private volatile boolean closed;
  private volatile CompletableFuture<?> fetching = CompletableFuture.completedFuture(null);

  /** Messages are handled by a thread of the engine's own. */
  public RpcRaftTransport(
      String group, Member self, RpcClient client, ByteBufAllocator allocator, Clock clock) {
    this(group, self, client, allocator, Optional.empty(), clock);
  }

  /**
   * Messages are handled on one of the event loops of this process, which should be the one on
   * which its connections live.
   */
  public RpcRaftTransport(
      String group, Member self, RpcClient client, RpcEventLoops loops, Clock clock) {
    this(group, self, client, loops.allocator(), Optional.of(loops.group().next()), clock);
  }

  private RpcRaftTransport(
      String group,
      Member self,
      RpcClient client,
      ByteBufAllocator allocator,
      Optional<ScheduledExecutorService> executor,
      Clock clock) {
    this.executor = executor;
    this.group = group;
    this.self = self;
    this.client = client;
    this.clock = clock;
    this.allocator = allocator;
    this.hello =
        RaftHello.newBuilder()
            .setGroup(group)
            .setFrom(
                MemberAddress.newBuilder()
                    .setId(self.id().value())
                    .setHost(self.address().host())
                    .setPort(self.address().port())
                    .setInstance(self.instance()))
            .build();
    this.partReader =
        new ThreadPoolExecutor(
            1,
            1,
            10,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(PART_REQUESTS_QUEUED),
            body -> {
              Thread thread = new Thread(body, "raft-parts-" + self.id());
              thread.setDaemon(true);
              return thread;
            });
    this.partReader.allowCoreThreadTimeOut(true);
  }

  /** Takes the engine's methods in at the server of this process. */
  public void register(RpcServer.Builder server) {
    server.streamHandler(Method.RAFT_MESSAGE, this::accept);
    server.handler(Method.RAFT_CHECKPOINT_PART, this::answerPart, partReader);
  }

  private StreamReceiver accept(ServerStream stream) throws CairnException {
    RaftHello from = stream.message(RaftHello.parser());
    if (!from.getGroup().equals(group)) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "stream of group '" + from.getGroup() + "' to a member of '" + group + "'");
    }
    MemberAddress address = from.getFrom();
    if (address.getId().isEmpty()) {
      throw new CairnException(ErrorCode.MALFORMED, "stream of a member without an id");
    }
    MemberId id = new MemberId(address.getId());
    introduced.put(
        id,
        new Member(id, new HostPort(address.getHost(), address.getPort()), address.getInstance()));
    return new Incoming(id);
  }

  /** Runs on the event loop of the connection. */
  private final class Incoming implements StreamReceiver {
    private final MemberId from;

    Incoming(MemberId from) {
      this.from = from;
    }

    @Override
    public void onData(ByteString message, ByteBuf payload) throws CairnException {
      try {
        Receiver target = receiver;
        if (target != null && !closed) {
          RaftMessageCodec.deliver(group, payload, target);
        }
      } finally {
        payload.release();
      }
    }

    @Override
    public void onBroken(CairnException cause) {
      // The other side opens a new one, if it is there.
      Receiver target = receiver;
      if (target != null && !closed) {
        target.onDisconnected(from);
      }
    }
  }

  private void answerPart(ServerCall call) throws CairnException {
    Receiver target = receiver;
    if (target == null || closed) {
      throw new CairnException(ErrorCode.UNAVAILABLE, "the Raft engine is not running");
    }
    try {
      Part part = target.onPartRequest(call.message(CheckpointPartRequest.parser()));
      CheckpointPartReply reply =
          CheckpointPartReply.newBuilder().setManifest(part.manifest()).setCrc(part.crc()).build();
      call.reply(reply, Unpooled.wrappedBuffer(part.bytes()));
    } catch (CairnException e) {
      throw e;
    } catch (IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, e.getMessage(), e);
    }
  }

  @Override
  public Optional<ScheduledExecutorService> executor() {
    return executor;
  }

  @Override
  public void start(Receiver target) {
    receiver = target;
  }

  @Override
  public void membershipChanged(Membership changed) {
    membership = changed;
  }

  /** The instance that a member said it is; 0 if it has not been heard. Any thread. */
  public long introducedInstance(MemberId member) {
    Member known = introduced.get(member);
    return known == null ? 0 : known.instance();
  }

  @Override
  public void send(List<RaftMessage> messages) {
    for (RaftMessage message : messages) {
      boolean entries = message instanceof AppendRequest append && !append.entries().isEmpty();
      HostPort address = addressOf(message.to());
      if (address != null && !closed) {
        PeerLink link =
            entries
                ? link(entryLinks, message.to(), address, "log")
                : link(controlLinks, message.to(), address, "control");
        link.send(
            RaftMessageCodec.encode(
                group, message, Envelope.of(message, self.instance(), membership), allocator));
      }
    }
  }

  /** To where the one that is refused said it listens, whoever else has its id. */
  @Override
  public void refuse(MemberId to, long instance, Refusal refusal) {
    Member refused = introduced.get(to);
    if (refused == null || refused.instance() != instance || closed) {
      return;
    }
    link(controlLinks, to, refused.address(), "control")
        .send(
            RaftMessageCodec.encode(
                group, self.id(), to, new Envelope(self.instance(), instance), refusal, allocator));
  }

  private HostPort addressOf(MemberId member) {
    Member known = membership.member(member).orElseGet(() -> introduced.get(member));
    return known == null ? null : known.address();
  }

  private PeerLink link(
      Map<MemberId, PeerLink> links, MemberId peer, HostPort address, String use) {
    PeerLink link = links.get(peer);
    if (link == null || !link.address().equals(address)) {
      if (link != null) {
        link.close();
      }
      link = new PeerLink(peer, address, use, client, hello, clock);
      links.put(peer, link);
    }
    return link;
  }

  @Override
  public Part fetch(MemberId source, CheckpointPartRequest request) throws IOException {
    HostPort address = addressOf(source);
    if (address == null || closed) {
      throw new CairnException(ErrorCode.UNAVAILABLE, "no way to member " + source);
    }
    CompletableFuture<RpcReply> call =
        client.call(address, Method.RAFT_CHECKPOINT_PART, request, PART_TIMEOUT);
    fetching = call;
    if (closed) {
      call.cancel(false);
    }
    RpcReply reply;
    try {
      reply = call.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof CairnException refusal) {
        throw refusal;
      }
      throw new CairnException(ErrorCode.INTERNAL, "part of a checkpoint: " + e.getCause(), e);
    } catch (CancellationException e) {
      throw new CairnException(ErrorCode.CANCELLED, "the engine stops", e);
    }
    try {
      CheckpointPartReply part = reply.message(CheckpointPartReply.parser());
      byte[] bytes = new byte[reply.payload().readableBytes()];
      reply.payload().readBytes(bytes);
      return new Part(part.getManifest(), bytes, part.getCrc());
    } finally {
      reply.release();
    }
  }

  /** Ends what is under way; messages that still arrive are dropped. */
  @Override
  public void close() {
    closed = true;
    fetching.cancel(false);
    partReader.shutdown();
    entryLinks.values().forEach(PeerLink::close);
    controlLinks.values().forEach(PeerLink::close);
  }
}
