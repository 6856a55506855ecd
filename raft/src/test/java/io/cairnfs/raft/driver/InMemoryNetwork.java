package io.cairnfs.raft.driver;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.raft.CheckpointPartRequest;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.RaftMessage;
import io.cairnfs.raft.transport.Envelope;
import io.cairnfs.raft.transport.RaftTransport;
import io.cairnfs.raft.transport.Refusal;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.atomic.AtomicLong;

/** Members in one process, and who is cut off from the others. */
final class InMemoryNetwork {
  private final Map<MemberId, RaftTransport.Receiver> receivers = new ConcurrentHashMap<>();
  private final Set<MemberId> isolated = ConcurrentHashMap.newKeySet();

  private final AtomicLong fetchedBytes = new AtomicLong();
  private final AtomicLong brokenFetches = new AtomicLong();
  private final AtomicLong fetchesLeft = new AtomicLong(Long.MAX_VALUE);

  /** After so many more parts of checkpoints none arrives. */
  void breakFetchesAfter(long parts) {
    fetchesLeft.set(parts);
  }

  void mendFetches() {
    fetchesLeft.set(Long.MAX_VALUE);
  }

  /** Bytes of parts of checkpoints that arrived. */
  long fetchedBytes() {
    return fetchedBytes.get();
  }

  /** Parts that did not. */
  long brokenFetches() {
    return brokenFetches.get();
  }

  void isolate(MemberId member) {
    isolated.add(member);
  }

  void reconnect(MemberId member) {
    isolated.remove(member);
  }

  /**
   * @param executor where messages arrive, if the member is to have such a thing
   */
  RaftTransport transportOf(
      MemberId self, long instance, Optional<ScheduledExecutorService> executor) {
    return new Transport(self, instance, executor);
  }

  private final class Transport implements RaftTransport {
    private final MemberId self;
    private final long instance;
    private final Optional<ScheduledExecutorService> executor;
    private volatile Membership membership = Membership.NONE;

    Transport(MemberId self, long instance, Optional<ScheduledExecutorService> executor) {
      this.self = self;
      this.instance = instance;
      this.executor = executor;
    }

    @Override
    public Optional<ScheduledExecutorService> executor() {
      return executor;
    }

    @Override
    public void start(Receiver receiver) {
      receivers.put(self, receiver);
    }

    @Override
    public void membershipChanged(Membership changed) {
      membership = changed;
    }

    @Override
    public void send(List<RaftMessage> messages) {
      for (RaftMessage message : messages) {
        Receiver receiver = receivers.get(message.to());
        if (receiver != null && !isolated.contains(self) && !isolated.contains(message.to())) {
          receiver.onMessage(message, Envelope.of(message, instance, membership));
        }
      }
    }

    @Override
    public void refuse(MemberId to, long refused, Refusal refusal) {
      Receiver receiver = receivers.get(to);
      if (receiver != null && !isolated.contains(self) && !isolated.contains(to)) {
        receiver.onRefusal(self, new Envelope(instance, refused), refusal);
      }
    }

    @Override
    public Part fetch(MemberId source, CheckpointPartRequest request) throws IOException {
      Receiver receiver = receivers.get(source);
      if (receiver == null || isolated.contains(self) || isolated.contains(source)) {
        throw new CairnException(ErrorCode.CONNECTION_LOST, source + " cannot be reached");
      }
      if (fetchesLeft.getAndDecrement() <= 0) {
        fetchesLeft.set(0);
        brokenFetches.incrementAndGet();
        throw new CairnException(ErrorCode.CONNECTION_LOST, "connection to " + source + " broke");
      }
      Part part = receiver.onPartRequest(request);
      fetchedBytes.addAndGet(part.bytes().length);
      return part;
    }

    @Override
    public void close() {
      receivers.remove(self);
    }
  }
}
