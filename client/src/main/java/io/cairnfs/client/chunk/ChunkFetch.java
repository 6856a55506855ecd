package io.cairnfs.client.chunk;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One range of one chunk on its way. The thread that waits drives it: it verifies what arrives,
 * goes on to the next member after a failure, and asks a second member when the first is slow. A
 * cell that no member gives is computed from others of its stripe. One thread waits; any thread may
 * cancel.
 */
public final class ChunkFetch {
  private static final Logger logger = LoggerFactory.getLogger(ChunkFetch.class);

  /** To compute a range reads several: it is worth it only if the answer is very late. */
  private static final int COMPUTING_DELAYS = 4;

  /** Whether the range can be computed from other cells. */
  private enum Stripe {
    NONE,
    UNTRIED,
    TRIED
  }

  private record Arrival(Member member, RpcReply reply, Throwable failure) {}

  private final ChunkReader reader;
  private final ClientEnvironment environment;
  private final ChunkLocation chunk;
  private final List<Member> members;
  private final long offset;
  private final int length;
  private final RangeAsk ask;
  private final List<CompletableFuture<RpcReply>> requests = new ArrayList<>(1);
  private final ArrayDeque<Arrival> arrivals = new ArrayDeque<>(2);
  private int nextMember;
  private int outstanding;
  private long lastSentNanos;
  private boolean over;
  private Stripe stripe;
  private CairnException lastFailure;
  private CairnException stripeFailure;

  ChunkFetch(
      ChunkReader reader,
      ChunkLocation chunk,
      List<Member> members,
      long offset,
      int length,
      long limit) {
    this.reader = reader;
    environment = reader.environment();
    this.chunk = chunk;
    this.members = members;
    this.offset = offset;
    this.length = length;
    this.ask = new RangeAsk(reader, chunk, offset, length, limit);
    this.stripe = chunk.hasStripe() ? Stripe.UNTRIED : Stripe.NONE;
  }

  /** Where the members have just failed, and need not be asked, nobody is asked yet. */
  void start() {
    if (!members.isEmpty() && !isComputedFirst()) {
      send();
    }
  }

  private boolean isComputedFirst() {
    return stripe == Stripe.UNTRIED
        && members.stream().allMatch(member -> environment.suspects().contains(member.getServer()));
  }

  /** True if {@link #await} would not wait for the network. */
  public synchronized boolean hasArrived() {
    return !arrivals.isEmpty();
  }

  private void send() {
    long sentNanos = environment.clock().monotonicNanos();
    Member member;
    synchronized (this) {
      member = members.get(nextMember++);
      outstanding++;
      lastSentNanos = sentNanos;
    }
    CompletableFuture<RpcReply> sent = ask.send(member);
    synchronized (this) {
      requests.add(sent);
    }
    var unused =
        sent.whenComplete((reply, failure) -> arrived(new Arrival(member, reply, failure)));
  }

  private synchronized void arrived(Arrival arrival) {
    outstanding--;
    if (over) {
      discard(arrival);
      return;
    }
    arrivals.add(arrival);
    notifyAll();
  }

  private static void discard(Arrival arrival) {
    if (arrival.reply != null) {
      arrival.reply.release();
    }
  }

  /**
   * Waits for verified bytes.
   *
   * @return the bytes, to be released by the caller
   * @throws CairnException the last member's failure after all have failed; TIMED_OUT; CANCELLED
   *     for an interrupted thread
   */
  public FetchedRange await(Deadline deadline) throws CairnException {
    try {
      while (true) {
        Arrival arrival = next(deadline);
        if (arrival != null) {
          FetchedRange bytes = accept(arrival);
          if (bytes != null) {
            return bytes;
          }
        } else if (isToBeComputed()) {
          Optional<FetchedRange> computed = compute(deadline);
          if (computed.isPresent()) {
            return computed.get();
          }
        } else {
          askAnother();
        }
      }
    } finally {
      cancel();
    }
  }

  /** The next answer; null when it is time to ask another member. */
  private synchronized Arrival next(Deadline deadline) throws CairnException {
    while (arrivals.isEmpty()) {
      if (outstanding == 0) {
        return null;
      }
      long waitMillis = deadline.remainingMillis();
      if (waitMillis == 0) {
        throw new CairnException(ErrorCode.TIMED_OUT, ask.name() + " did not arrive in time");
      }
      long delays = hedgeDelays();
      if (delays > 0) {
        long hedgeNanos =
            lastSentNanos
                + delays * reader.hedgeDelayNanos()
                - environment.clock().monotonicNanos();
        if (hedgeNanos <= 0) {
          return null;
        }
        waitMillis = Math.min(waitMillis, hedgeNanos / 1_000_000 + 1);
      }
      try {
        wait(waitMillis);
      } catch (InterruptedException e) {
        throw ClientEnvironment.interrupted(e);
      }
    }
    return arrivals.poll();
  }

  /** So many hedge delays are waited before somebody else is asked as well; 0: there is nobody. */
  @GuardedBy("this")
  private int hedgeDelays() {
    if (nextMember < members.size()) {
      return outstanding < 2 ? 1 : 0;
    }
    return stripe == Stripe.UNTRIED ? COMPUTING_DELAYS : 0;
  }

  private synchronized boolean isToBeComputed() {
    return stripe == Stripe.UNTRIED
        && arrivals.isEmpty()
        && (nextMember == members.size() || nextMember == 0);
  }

  /** Empty where too few cells give their bytes. */
  private Optional<FetchedRange> compute(Deadline deadline) throws CairnException {
    synchronized (this) {
      stripe = Stripe.TRIED;
    }
    logger.debug(
        "{} is computed from other cells: {}",
        ask.name(),
        lastFailure == null ? "nobody is asked for it" : lastFailure.getMessage());
    try {
      FetchedRange bytes = new StripeFetch(reader, chunk, offset, length).await(deadline);
      environment.counters().degradedReads.increment();
      return Optional.of(bytes);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CANCELLED || e.code() == ErrorCode.TIMED_OUT) {
        throw e;
      }
      stripeFailure = e;
      return Optional.empty();
    }
  }

  /** Why nobody gives the range. */
  private CairnException refusal() {
    CairnException members =
        lastFailure != null
            ? Failures.here(lastFailure)
            : new CairnException(ErrorCode.CHUNK_NOT_FOUND, ask.name() + " has no members");
    return stripeFailure == null
        ? members
        : new CairnException(
            stripeFailure.code(),
            members.getMessage() + "; " + stripeFailure.getMessage(),
            stripeFailure);
  }

  private void askAnother() throws CairnException {
    boolean hedging;
    synchronized (this) {
      if (!arrivals.isEmpty()) {
        return;
      }
      if (nextMember == members.size()) {
        throw refusal();
      }
      hedging = outstanding > 0;
    }
    if (hedging) {
      environment.counters().hedgedReads.increment();
    }
    send();
  }

  private FetchedRange accept(Arrival arrival) {
    if (arrival.failure != null) {
      failed(arrival.member, Failures.of(arrival.failure));
      return null;
    }
    try {
      return ask.accept(arrival.member, arrival.reply);
    } catch (CairnException e) {
      failed(arrival.member, e);
      return null;
    }
  }

  private void failed(Member member, CairnException failure) {
    lastFailure = failure;
    ask.failed(member, failure);
    boolean goesOn;
    synchronized (this) {
      goesOn =
          outstanding > 0
              || !arrivals.isEmpty()
              || nextMember < members.size()
              || stripe == Stripe.UNTRIED;
    }
    if (goesOn) {
      ask.goesOn(member, failure);
    }
  }

  /** Gives up what is on its way. Idempotent. */
  public void cancel() {
    List<CompletableFuture<RpcReply>> pending;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      arrivals.forEach(ChunkFetch::discard);
      arrivals.clear();
      pending = outstanding > 0 ? List.copyOf(requests) : List.of();
    }
    pending.forEach(request -> request.cancel(true));
  }
}
