package io.cairnfs.client.chunk;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.coding.CellSum;
import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.coding.RangeSum;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.StripeCell;
import io.cairnfs.rpc.client.RpcReply;
import io.netty.buffer.Unpooled;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * One range of a cell, computed from the same range of other cells, which are read at once and
 * verified: as many as the code needs, another for each that fails, one more whenever the answers
 * are slow. Holds the range of each of them. One thread, which waits.
 */
final class StripeFetch {
  private record Arrival(int cell, Member member, RpcReply reply, Throwable failure) {}

  /** A cell that is read, from one member after the other. */
  private static final class Source {
    final RangeAsk ask;
    final List<Member> members;
    int nextMember;

    Source(RangeAsk ask, List<Member> members) {
      this.ask = ask;
      this.members = members;
    }
  }

  private final ChunkReader reader;
  private final ClientEnvironment environment;
  private final ChunkId wanted;
  private final long offset;
  private final int length;
  private final RangeSum sum;
  private final Map<Integer, StripeCell> cells = new HashMap<>();

  // Of the thread that waits.
  private final Map<Integer, Source> sources = new HashMap<>();
  private final Map<Integer, FetchedRange> ranges = new HashMap<>();
  private final List<String> failures = new ArrayList<>();
  private ErrorCode lastCode = ErrorCode.CHUNK_NOT_FOUND;
  private long lastSentNanos;
  private boolean exhausted;

  // Guarded by the monitor.
  private final ArrayDeque<Arrival> arrivals = new ArrayDeque<>();
  private final List<CompletableFuture<RpcReply>> requests = new ArrayList<>();
  private int outstanding;
  private boolean over;

  /**
   * @throws CairnException UNSUPPORTED when the code is not known here
   */
  StripeFetch(ChunkReader reader, ChunkLocation chunk, long offset, int length)
      throws CairnException {
    this.reader = reader;
    this.environment = reader.environment();
    this.wanted = new ChunkId(chunk.getChunk());
    this.offset = offset;
    this.length = length;
    CodingPolicy policy =
        new PoolId(wanted.pool())
            .policy()
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNSUPPORTED, wanted + " is of an unknown erasure code"));
    Map<Integer, Long> lengths = new HashMap<>();
    List<Integer> good = new ArrayList<>();
    List<Integer> suspect = new ArrayList<>();
    for (StripeCell each : chunk.getStripe().getCellsList()) {
      int cell = new ChunkId(each.getChunk()).cell();
      cells.put(cell, each);
      lengths.put(cell, each.getLength());
      if (each.getMembersCount() == 0 && cell != wanted.cell()) {
        failures.add("cell " + cell + ": nobody has it");
      } else if (each.getMembersCount() > 0) {
        boolean failing = environment.suspects().contains(each.getMembers(0).getServer());
        (failing ? suspect : good).add(cell);
      }
    }
    good.addAll(suspect);
    this.sum = new RangeSum(ErasureCode.of(policy), wanted.cell(), lengths, good, offset, length);
  }

  /**
   * Waits until enough cells have given their bytes.
   *
   * @return the bytes, to be released by the caller
   * @throws CairnException of the last failure when too few give theirs, with what was tried;
   *     TIMED_OUT; CANCELLED for an interrupted thread
   */
  FetchedRange await(Deadline deadline) throws CairnException {
    try {
      sendAll(sum.toRead());
      while (!sum.isComplete()) {
        if (sum.isHopeless()) {
          throw new CairnException(
              lastCode, name() + " cannot be computed: " + String.join("; ", failures));
        }
        Arrival arrival = next(deadline);
        if (arrival == null) {
          oneMore();
        } else {
          accept(arrival);
        }
      }
      return computed();
    } finally {
      end();
    }
  }

  private String name() {
    return wanted + " [" + offset + ", " + (offset + length) + ")";
  }

  private void sendAll(List<Integer> toRead) {
    for (int cell : toRead) {
      StripeCell each = cells.get(cell);
      ChunkLocation location =
          ChunkLocation.newBuilder()
              .setChunk(each.getChunk())
              .setLength(each.getLength())
              .setEpoch(each.getEpoch())
              .setToken(each.getToken())
              .build();
      RangeAsk ask = new RangeAsk(reader, location, offset, sum.bytes(cell), 0);
      sources.put(cell, new Source(ask, each.getMembersList()));
      send(cell);
    }
  }

  private void send(int cell) {
    Source source = sources.get(cell);
    Member member = source.members.get(source.nextMember++);
    lastSentNanos = environment.clock().monotonicNanos();
    synchronized (this) {
      outstanding++;
    }
    CompletableFuture<RpcReply> sent = source.ask.send(member);
    synchronized (this) {
      requests.add(sent);
    }
    var unused =
        sent.whenComplete((reply, failure) -> arrived(new Arrival(cell, member, reply, failure)));
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

  /** The next answer; null when it is time to ask one cell more. */
  private synchronized Arrival next(Deadline deadline) throws CairnException {
    while (arrivals.isEmpty()) {
      long waitMillis = deadline.remainingMillis();
      if (waitMillis == 0) {
        throw new CairnException(
            ErrorCode.TIMED_OUT, name() + " was not computed in time; " + failures);
      }
      if (!exhausted) {
        long hedgeNanos =
            lastSentNanos + reader.hedgeDelayNanos() - environment.clock().monotonicNanos();
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

  private void oneMore() {
    Optional<Integer> cell = sum.oneMore();
    if (cell.isEmpty()) {
      exhausted = true;
      return;
    }
    environment.counters().hedgedReads.increment();
    sendAll(List.of(cell.get()));
  }

  private void accept(Arrival arrival) {
    int cell = arrival.cell;
    Source source = sources.get(cell);
    try {
      if (arrival.failure != null) {
        throw Failures.of(arrival.failure);
      }
      ranges.put(cell, source.ask.accept(arrival.member, arrival.reply));
      sum.read(cell);
    } catch (CairnException e) {
      lastCode = e.code();
      failures.add(
          "cell " + cell + " of server=" + arrival.member.getServer() + ": " + e.getMessage());
      source.ask.failed(arrival.member, e);
      source.ask.goesOn(arrival.member, e);
      if (source.nextMember < source.members.size()) {
        send(cell);
      } else {
        sum.failed(cell);
        sendAll(sum.toRead());
      }
    }
  }

  private FetchedRange computed() {
    byte[] bytes = new byte[length];
    for (CellSum.Term term : sum.sum().terms()) {
      GaloisField.multiplyAdd(term.coefficient(), ranges.get(term.cell()).bytes(), bytes, 0);
    }
    return new FetchedRange(Unpooled.wrappedBuffer(bytes), 0, length);
  }

  private void end() {
    List<CompletableFuture<RpcReply>> pending;
    synchronized (this) {
      over = true;
      arrivals.forEach(StripeFetch::discard);
      arrivals.clear();
      pending = outstanding > 0 ? List.copyOf(requests) : List.of();
    }
    pending.forEach(request -> request.cancel(true));
    ranges.values().forEach(FetchedRange::release);
  }
}
