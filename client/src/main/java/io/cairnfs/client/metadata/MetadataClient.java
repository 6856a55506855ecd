package io.cairnfs.client.metadata;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.history.CallRecorder;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import io.cairnfs.proto.metadata.WhoLeadsRequest;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls the leading metaserver. A call is tried until it is answered, refused for good, or its
 * deadline is over; it moves to another metaserver when the one asked does not lead, cannot be
 * reached, or is silent while the others know a new leader. Calls must therefore be repeatable:
 * reads, and mutations that carry a session and a call number. Safe for any thread; futures
 * complete on event loops.
 */
public final class MetadataClient implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(MetadataClient.class);

  /** A try that is silent for so long makes the client ask the other metaservers who leads. */
  private static final long SUSPICION_MILLIS = 600;

  private static final long WATCH_MILLIS = 200;

  /** While calls pause because nobody leads, everybody is asked so often; later more rarely. */
  private static final long SEEK_MILLIS = 10;

  private static final long RARE_SEEK_MILLIS = 250;

  /**
   * Members are asked for when another metaserver answers than before, and so often: all of them
   * may be replaced one after the other in seconds, under one leader, which then dies.
   */
  private static final long MEMBERS_NANOS = Duration.ofSeconds(2).toNanos();

  private final ClientEnvironment environment;
  private final MetadataOptions options;
  private final CallRecorder recorder;
  private final Leadership leadership;
  private final Set<Call<?>> waiting = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean watching = new AtomicBoolean();
  private final AtomicBoolean probing = new AtomicBoolean();
  private final AtomicBoolean seeking = new AtomicBoolean();
  private final AtomicInteger seeks = new AtomicInteger();
  private final Set<HostPort> asking = ConcurrentHashMap.newKeySet();
  private final AtomicLong knownIndex = new AtomicLong();
  private final AtomicReference<MembersOf> members = new AtomicReference<>(MembersOf.NOBODY);
  private volatile boolean closed;

  /** The session whose reads these are; 0 = none that matters. */
  private volatile long reader;

  /** Whom the members were asked of, and when. */
  private record MembersOf(Optional<HostPort> leader, long askedNanos) {
    static final MembersOf NOBODY = new MembersOf(Optional.empty(), 0);
  }

  /**
   * @param recorder hears of mutations and reads; closed with this
   */
  public MetadataClient(
      ClientEnvironment environment, MetadataOptions options, CallRecorder recorder) {
    this.environment = environment;
    this.options = options;
    this.recorder = recorder;
    leadership = new Leadership(options.addresses());
  }

  public Duration timeout() {
    return options.timeout();
  }

  /** The newest log index that any reply has named: what a later read must not fall behind. */
  public long knownIndex() {
    return knownIndex.get();
  }

  public void learnIndex(long index) {
    if (index > knownIndex.get()) {
      knownIndex.accumulateAndGet(index, Math::max);
    }
  }

  /** Reads are those of a session from now on, so that what it has leased is not in their way. */
  public void readAs(SessionId session) {
    reader = session.value();
  }

  /** A linearizable read that also sees everything this client has seen before. */
  public CompletableFuture<ReadReply> read(ReadRequest.Builder builder) {
    ReadRequest request = builder.setAtLeastIndex(knownIndex()).setSession(reader).build();
    long number;
    try {
      number = recorder.readSent(request);
    } catch (CairnException e) {
      return CompletableFuture.failedFuture(e);
    }
    return call(Method.READ, request, ReadReply.parser(), options.timeout())
        .whenComplete(
            (reply, failure) -> {
              if (failure == null) {
                recorder.answered(number, reply.getLogIndex(), reply);
                learnIndex(reply.getLogIndex());
              } else {
                CairnException refusal = Failures.of(failure);
                recorder.refused(number, refusal);
                learnIndex(refusal.logIndex());
              }
            });
  }

  /** Hears of mutations before they are sent and after they were answered. */
  public CallRecorder recorder() {
    return recorder;
  }

  /** Calls the leader, with retries, for no longer than {@code timeout}. */
  public <T extends MessageLite> CompletableFuture<T> call(
      Method method, MessageLite request, Parser<T> parser, Duration timeout) {
    return call(method, request, parser, deadline(timeout), Set.of());
  }

  /**
   * As {@link #call(Method, MessageLite, Parser, Duration)}, but these refusals are answers: the
   * request is not sent again after them, retryable as they are.
   */
  public <T extends MessageLite> CompletableFuture<T> call(
      Method method,
      MessageLite request,
      Parser<T> parser,
      Deadline deadline,
      Set<ErrorCode> answers) {
    Call<T> call = new Call<>(method, request, parser, deadline, answers);
    waiting.add(call);
    if (closed) {
      call.giveUp(new CairnException(ErrorCode.CANCELLED, "the client is closed"));
      return call.result;
    }
    watch();
    call.attempt();
    return call.result;
  }

  public Deadline deadline(Duration timeout) {
    return environment.deadline(timeout);
  }

  /**
   * Runs the task on an event loop after a pause that grows with the number of attempts.
   *
   * @return false, and nothing is run, if the deadline comes first
   */
  public boolean later(Runnable task, int attempts, int atLeastMillis, Deadline deadline) {
    long most = Math.min(500, 10L << Math.min(attempts, 10));
    long pause = Math.max(atLeastMillis, most / 2 + environment.random().nextLong(most / 2 + 1));
    if (deadline.remainingMillis() <= pause) {
      return false;
    }
    var unused = environment.schedule(task, pause);
    return true;
  }

  /** Runs the task on an event loop. */
  public void after(Runnable task, int millis) {
    var unused = environment.schedule(task, millis);
  }

  /** How long the leader may let a call wait without its being taken for lost. */
  public Duration longPatience(Duration most) {
    Duration safe = options.tryTimeout().multipliedBy(3).dividedBy(4);
    return safe.compareTo(most) < 0 ? safe : most;
  }

  /** Calls one process once. */
  public <T extends MessageLite> CompletableFuture<T> callAt(
      HostPort address, Method method, MessageLite request, Parser<T> parser) {
    return environment.rpc().call(address, method, request, parser, options.tryTimeout());
  }

  /** Fails what is on its way with CANCELLED. */
  @Override
  public void close() {
    closed = true;
    for (Call<?> call : waiting) {
      call.giveUp(new CairnException(ErrorCode.CANCELLED, "the client is closed"));
    }
    recorder.close();
  }

  private void watch() {
    if (watching.compareAndSet(false, true)) {
      var unused = environment.schedule(this::watchOnce, WATCH_MILLIS);
    }
  }

  /** Runs on an event loop while calls wait. */
  private void watchOnce() {
    watching.set(false);
    if (waiting.isEmpty()) {
      return;
    }
    watch();
    long now = environment.clock().monotonicNanos();
    Call<?> longest = null;
    boolean suspicious = false;
    for (Call<?> call : waiting) {
      suspicious |= call.isSilent(now);
      if (call.unreachableReason != null && (longest == null || call.isOlderThan(longest))) {
        longest = call;
      }
    }
    if (suspicious && leadership.addresses().size() > 1 && probing.compareAndSet(false, true)) {
      askWhoLeads();
    }
    if (longest != null) {
      longest.reportUnreachable();
    }
  }

  private void askWhoLeads() {
    HostPort silent = leadership.believed();
    var asked =
        leadership.addresses().stream()
            .filter(address -> !address.equals(silent))
            .map(
                address ->
                    environment
                        .rpc()
                        .call(
                            address,
                            Method.WHO_LEADS,
                            WhoLeadsRequest.getDefaultInstance(),
                            WhoLeadsReply.parser(),
                            Duration.ofSeconds(1))
                        .handle(
                            (reply, failure) -> {
                              if (reply != null) {
                                heard(address, reply);
                              }
                              return null;
                            }))
            .toArray(CompletableFuture<?>[]::new);
    var unused = CompletableFuture.allOf(asked).whenComplete((all, failure) -> probing.set(false));
  }

  /**
   * Calls that found no leader pause longer each time, so that many of them do not flood the
   * metaservers; meanwhile one question for all of them finds the new leader soon.
   */
  private void seek() {
    if (seeking.compareAndSet(false, true)) {
      long pause = Math.min(RARE_SEEK_MILLIS, SEEK_MILLIS + seeks.getAndIncrement());
      var unused = environment.schedule(this::seekOnce, pause);
    }
  }

  private void seekOnce() {
    seeking.set(false);
    if (closed || waiting.stream().noneMatch(Call::isPausing)) {
      seeks.set(0);
      return;
    }
    for (HostPort address : leadership.addresses()) {
      if (asking.add(address)) {
        var unused =
            callAt(
                    address,
                    Method.WHO_LEADS,
                    WhoLeadsRequest.getDefaultInstance(),
                    WhoLeadsReply.parser())
                .handle(
                    (reply, failure) -> {
                      asking.remove(address);
                      if (reply != null) {
                        heard(address, reply);
                        if (leadsItself(reply)) {
                          waiting.forEach(Call::wake);
                        }
                      }
                      return null;
                    });
      }
    }
    seek();
  }

  /** Who belongs to the group changes while clients run: its leader knows. */
  private void learnMembers(HostPort answered) {
    MembersOf known = members.get();
    long now = environment.clock().monotonicNanos();
    boolean due =
        !known.leader().equals(Optional.of(answered)) || now - known.askedNanos() > MEMBERS_NANOS;
    if (!due || !members.compareAndSet(known, new MembersOf(Optional.of(answered), now))) {
      return;
    }
    var unused =
        environment
            .rpc()
            .call(
                answered,
                Method.WHO_LEADS,
                WhoLeadsRequest.getDefaultInstance(),
                WhoLeadsReply.parser(),
                Duration.ofSeconds(1))
            .handle(
                (reply, failure) -> {
                  if (reply != null) {
                    heard(answered, reply);
                  }
                  return null;
                });
  }

  private static boolean leadsItself(WhoLeadsReply reply) {
    return !reply.getId().isEmpty() && reply.getId().equals(reply.getLeaderId());
  }

  private void heard(HostPort answered, WhoLeadsReply reply) {
    if (leadsItself(reply)) {
      leadership.members(
          reply.getMembersList().stream()
              .flatMap(member -> parse(member.getHost() + ":" + member.getPort()).stream())
              .toList());
    }
    // The address at which a leader can be reached from here may be another than its own.
    Optional<HostPort> leader =
        leadsItself(reply) ? Optional.of(answered) : parse(reply.getLeaderAddress());
    if (leader.isPresent() && leadership.heard(leader.get(), reply.getTerm())) {
      for (Call<?> call : waiting) {
        call.leave(leader.get());
      }
    }
  }

  /** An address from the wire; one that cannot be read is as good as none. */
  private static Optional<HostPort> parse(String address) {
    if (address.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(HostPort.parse(address));
    } catch (IllegalArgumentException e) {
      LOG.warn("address={} of a leader cannot be read: {}", address, e.getMessage());
      return Optional.empty();
    }
  }

  /** One call with its tries. Its fields are written by one thread at a time: who starts a try. */
  private final class Call<T extends MessageLite> {
    private final Method method;
    private final MessageLite request;
    private final Parser<T> parser;
    private final Deadline deadline;
    private final Set<ErrorCode> answers;
    private final CompletableFuture<T> result = new CompletableFuture<>();
    private final Backoff busy = new Backoff(environment.random(), 10, 500);
    private final Backoff leaderless = new Backoff(environment.random(), 10, 250);
    private final Backoff unreachable = new Backoff(environment.random(), 10, 1000);
    private int tries;
    private int hintsFollowed;
    private long reports;

    /** The first metaserver that was lost, silent or left. */
    private HostPort failedAt;

    private volatile HostPort target;
    private volatile long tryStartNanos;
    private volatile CompletableFuture<T> currentTry;
    private volatile ScheduledFuture<?> pausing;
    private volatile String unreachableReason;

    Call(
        Method method,
        MessageLite request,
        Parser<T> parser,
        Deadline deadline,
        Set<ErrorCode> answers) {
      this.answers = answers;
      this.method = method;
      this.request = request;
      this.parser = parser;
      this.deadline = deadline;
      var unused =
          result.whenComplete(
              (reply, failure) -> {
                waiting.remove(this);
                CompletableFuture<T> pending = currentTry;
                if (result.isCancelled() && pending != null) {
                  pending.cancel(true);
                }
              });
    }

    void attempt() {
      if (result.isDone()) {
        return;
      }
      HostPort address = leadership.believed();
      target = address;
      tryStartNanos = environment.clock().monotonicNanos();
      if (tries++ > 0) {
        environment.counters().metadataRetries.increment();
      }
      CompletableFuture<T> attempt =
          environment
              .rpc()
              .call(address, method, request, parser, deadline.atMost(options.tryTimeout()));
      currentTry = attempt;
      var unused = attempt.whenComplete((reply, failure) -> tried(address, reply, failure));
    }

    private void tried(HostPort address, T reply, Throwable failure) {
      if (failure == null) {
        environment.counters().metadataCalls.increment();
        answeredAt(address);
        learnMembers(address);
        result.complete(reply);
        return;
      }
      CairnException refusal = Failures.of(failure);
      if (result.isDone()) {
        return;
      }
      boolean left = refusal.code() == ErrorCode.CANCELLED;
      if (left && failedAt == null) {
        failedAt = address;
      }
      if (!left && (!refusal.code().isRetryable() || answers.contains(refusal.code()))) {
        result.completeExceptionally(refusal);
        return;
      }
      long pause = left ? 0 : pauseAfter(address, refusal);
      if (deadline.remainingMillis() <= pause) {
        result.completeExceptionally(gaveUp(refusal));
      } else if (pause == 0) {
        attempt();
      } else {
        pausing = environment.schedule(this::attempt, pause);
        if (unreachableReason != null) {
          seek();
        }
      }
    }

    /** Waits because nobody was found who leads. */
    boolean isPausing() {
      ScheduledFuture<?> pause = pausing;
      return unreachableReason != null && pause != null && !pause.isDone();
    }

    /** Somebody leads: the pause is over. */
    void wake() {
      ScheduledFuture<?> pause = pausing;
      if (isPausing() && pause.cancel(false)) {
        attempt();
      }
    }

    /** Being sent on to the leader by another metaserver is no failover. */
    private void answeredAt(HostPort address) {
      if (failedAt != null && !failedAt.equals(address)) {
        environment.counters().callFailovers.increment();
        environment.events().callFailedOver(failedAt.toString(), address.toString());
      }
    }

    private long pauseAfter(HostPort address, CairnException refusal) {
      switch (refusal.code()) {
        case NOT_LEADER -> {
          return afterNotLeader(address, refusal);
        }
        case CONNECTION_LOST, UNAVAILABLE, TIMED_OUT -> {
          unreachableReason = refusal.getMessage();
          boolean again = address.equals(failedAt);
          failedAt = failedAt == null ? address : failedAt;
          // A connection may break though its other end lives: whoever is gone cannot be reached.
          if (refusal.code() != ErrorCode.CONNECTION_LOST || again) {
            leadership.rotateFrom(address);
          }
          return unreachable.nextMillis();
        }
        default -> {
          unreachableReason = null;
          return Math.max(refusal.retryAfterMillis(), busy.nextMillis());
        }
      }
    }

    private long afterNotLeader(HostPort address, CairnException refusal) {
      Optional<HostPort> leader = parse(refusal.leaderHint());
      if (leader.isPresent() && !leader.get().equals(address)) {
        leadership.hint(leader.get());
        hintsFollowed++;
        if (hintsFollowed <= 2) {
          return 0;
        }
        // Two that point at each other must not be asked in a tight loop.
        unreachableReason = address + " names " + leader.get() + " as the leader";
        return leaderless.nextMillis();
      }
      unreachableReason = address + " knows no leader";
      leadership.rotateFrom(address);
      return leaderless.nextMillis();
    }

    private CairnException gaveUp(CairnException last) {
      ErrorCode code = last.code() == ErrorCode.NOT_LEADER ? ErrorCode.UNAVAILABLE : last.code();
      return new CairnException(
          code,
          method
              + " was given up after "
              + deadline.elapsed().toMillis()
              + " ms and "
              + tries
              + " tries: "
              + last.getMessage(),
          last);
    }

    void giveUp(CairnException reason) {
      if (result.completeExceptionally(reason) && currentTry != null) {
        currentTry.cancel(true);
      }
    }

    boolean isSilent(long nowNanos) {
      CompletableFuture<T> pending = currentTry;
      return pending != null
          && !pending.isDone()
          && method != Method.AWAIT_LOCK
          && method != Method.AWAIT_RECALL
          && nowNanos - tryStartNanos > SUSPICION_MILLIS * 1_000_000;
    }

    /** The current try is at a metaserver that does not lead any more. */
    void leave(HostPort leader) {
      CompletableFuture<T> pending = currentTry;
      if (pending != null && !leader.equals(target)) {
        pending.cancel(true);
      }
    }

    boolean isOlderThan(Call<?> other) {
      return deadline.elapsed().compareTo(other.deadline.elapsed()) > 0;
    }

    void reportUnreachable() {
      Duration waited = deadline.elapsed();
      long due = waited.toMillis() / Math.max(1, options.unreachableReportInterval().toMillis());
      if (due > reports) {
        reports = due;
        environment
            .events()
            .metaserversUnreachable(waited, leadership.addresses().toString(), unreachableReason);
      }
    }
  }
}
