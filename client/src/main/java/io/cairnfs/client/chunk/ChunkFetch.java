package io.cairnfs.client.chunk;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcReply;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/**
 * One range of one chunk on its way. The thread that waits drives it: it verifies what arrives,
 * goes on to the next member after a failure, and asks a second member when the first is slow. One
 * thread waits; any thread may cancel.
 */
public final class ChunkFetch {
  private record Arrival(Member member, RpcReply reply, Throwable failure) {}

  private final ChunkReader reader;
  private final ClientEnvironment environment;
  private final ChunkLocation chunk;
  private final List<Member> members;
  private final long offset;
  private final int length;
  private final long limit;
  private final List<CompletableFuture<RpcReply>> requests = new ArrayList<>(1);
  private final ArrayDeque<Arrival> arrivals = new ArrayDeque<>(2);
  private int nextMember;
  private int outstanding;
  private long lastSentNanos;
  private boolean over;
  private CairnException lastFailure;

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
    this.limit = limit;
  }

  void start() {
    if (!members.isEmpty()) {
      send();
    }
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
    ReadChunkRequest request =
        ReadChunkRequest.newBuilder()
            .setChunk(chunk.getChunk())
            .setOffset(offset)
            .setLength(length)
            .setToken(chunk.getToken())
            .setKnownLength(Math.max(chunk.getLength(), offset + length))
            .setLimit(limit)
            .build();
    CompletableFuture<RpcReply> sent =
        environment
            .rpc()
            .call(
                new HostPort(member.getHost(), member.getPort()),
                Method.READ_CHUNK,
                request,
                reader.options().requestTimeout());
    synchronized (this) {
      requests.add(sent);
    }
    var unused =
        sent.whenComplete(
            (reply, failure) -> {
              if (failure == null) {
                reader.latencies().record(environment.clock().monotonicNanos() - sentNanos);
              }
              arrived(new Arrival(member, reply, failure));
            });
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
        if (arrival == null) {
          askAnother();
          continue;
        }
        FetchedRange bytes = accept(arrival);
        if (bytes != null) {
          return bytes;
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
        throw new CairnException(ErrorCode.TIMED_OUT, name() + " did not arrive in time");
      }
      if (nextMember < members.size() && outstanding < 2) {
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

  private void askAnother() throws CairnException {
    boolean hedging;
    synchronized (this) {
      if (!arrivals.isEmpty()) {
        return;
      }
      if (nextMember == members.size()) {
        throw lastFailure != null
            ? Failures.here(lastFailure)
            : new CairnException(ErrorCode.CHUNK_NOT_FOUND, name() + " has no members");
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
      FetchedRange bytes = verified(arrival.member, arrival.reply);
      environment.counters().bytesRead.add(length);
      environment.suspects().clear(arrival.member.getServer());
      return bytes;
    } catch (CairnException e) {
      arrival.reply.release();
      failed(arrival.member, e);
      return null;
    }
  }

  private FetchedRange verified(Member member, RpcReply reply) throws CairnException {
    ReadChunkReply header = reply.message(ReadChunkReply.parser());
    long skip = offset - header.getOffset();
    long checksumBytes = 4L * header.getChecksumCount();
    if (header.getOffset() % CellChecksums.CELL_BYTES != 0
        || header.getLength() < 0
        || skip < 0
        || skip > Integer.MAX_VALUE
        || header.getChecksumCount() != CellChecksums.pieces(0, header.getLength())
        || reply.payload().readableBytes() != checksumBytes + header.getLength()) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          name() + " server=" + member.getServer() + ": the answered range does not fit");
    }
    if (header.getLength() < skip + length) {
      throw new CairnException(
          ErrorCode.CHUNK_NOT_FOUND,
          name() + " server=" + member.getServer() + " has only " + header.getReplicaLength());
    }
    int checksumIndex = reply.payload().readerIndex();
    int dataIndex = checksumIndex + (int) checksumBytes;
    int bad =
        CellChecksums.firstBadCell(reply.payload(), checksumIndex, dataIndex, header.getLength());
    if (bad >= 0) {
      throw corrupt(member, header.getOffset() + (long) bad * CellChecksums.CELL_BYTES);
    }
    return new FetchedRange(reply.payload(), dataIndex + (int) skip, length);
  }

  private CairnException corrupt(Member member, long at) {
    String problem = "checksum of the cell at " + at + " differs";
    environment.counters().badReplicas.increment();
    reader.reporter().report(chunk.getChunk(), member.getServer(), problem);
    return new CairnException(
        ErrorCode.CHUNK_CORRUPT, name() + " server=" + member.getServer() + ": " + problem);
  }

  private void failed(Member member, CairnException failure) {
    lastFailure = failure;
    switch (failure.code()) {
      // Other refusals are about this chunk, not about the server.
      case CONNECTION_LOST, UNAVAILABLE, TIMED_OUT ->
          environment.suspects().add(member.getServer());
      default -> {}
    }
    boolean goesOn;
    synchronized (this) {
      goesOn = outstanding > 0 || !arrivals.isEmpty() || nextMember < members.size();
    }
    if (goesOn) {
      environment.counters().readFailovers.increment();
      environment
          .events()
          .readFailedOver(
              new ChunkId(chunk.getChunk()).toString(), member.getName(), failure.getMessage());
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

  private String name() {
    return new ChunkId(chunk.getChunk()) + " [" + offset + ", " + (offset + length) + ")";
  }
}
