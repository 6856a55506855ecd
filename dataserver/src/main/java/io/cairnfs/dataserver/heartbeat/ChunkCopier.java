package io.cairnfs.dataserver.heartbeat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.dataserver.storage.ReplicaCopy;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.Verification;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.netty.buffer.ByteBuf;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Copies a SEALED chunk from the first source that gives it whole and verified, unless a good
 * replica is here already; the next bytes are asked for while the last ones are written. A cell
 * that no source gives is computed from others of its stripe. Blocks.
 */
final class ChunkCopier {
  private static final int READ_BYTES = 1 << 20;
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

  private final ReplicaStore store;
  private final RpcClient client;
  private final ReadPace pace;
  private final Runnable sourceIsSlowed;
  private final Counter copiedBytes;

  /**
   * @param sourceIsSlowed hears that clients of a source wait for what is read there
   * @param copiedBytes counts those of copies that were kept
   */
  ChunkCopier(
      ReplicaStore store,
      RpcClient client,
      ReadPace pace,
      Runnable sourceIsSlowed,
      Counter copiedBytes) {
    this.store = store;
    this.client = client;
    this.pace = pace;
    this.sourceIsSlowed = sourceIsSlowed;
    this.copiedBytes = copiedBytes;
  }

  /**
   * @throws CairnException what the last source, or the own disk, refused
   */
  void copy(CopyTask task) throws CairnException, InterruptedException {
    ChunkId chunk = new ChunkId(task.getChunk());
    if (task.getSourcesCount() == 0) {
      if (!task.hasStripe()) {
        requireHere(chunk, task.getLength());
        return;
      }
      requireNotSealing(chunk, task.getLength());
    }
    CairnException last =
        new CairnException(ErrorCode.CHUNK_NOT_FOUND, chunk + " was copied from nowhere");
    for (Member source : task.getSourcesList()) {
      Optional<ReplicaCopy> begun = begin(task);
      if (begun.isEmpty()) {
        return;
      }
      try (ReplicaCopy copy = begun.get()) {
        copyFrom(source, task, copy);
        copy.finish();
        copiedBytes.add(task.getLength());
        return;
      } catch (CairnException e) {
        if (e.code() == ErrorCode.NO_SPACE || e.code() == ErrorCode.VOLUME_FAILED) {
          throw e;
        }
        last =
            new CairnException(
                e.code(), "from server=" + source.getServer() + ": " + e.getMessage(), e);
      }
    }
    if (!task.hasStripe()) {
      throw last;
    }
    compute(task);
  }

  /** Empty where a good replica is here already. */
  private Optional<ReplicaCopy> begin(CopyTask task) throws CairnException {
    return store.beginCopy(
        new ChunkId(task.getChunk()),
        task.getLength(),
        task.getEpoch(),
        Math.max(1, task.getReplication()),
        pace);
  }

  /**
   * @throws CairnException RETRY while what is here waits to be sealed
   */
  private void requireNotSealing(ChunkId chunk, long length) throws CairnException {
    ReplicaStatus status = store.status(chunk).orElse(null);
    if (status != null
        && status.state() != State.SEALED
        && status.length() >= length
        && !store.isBad(chunk)) {
      throw new CairnException(ErrorCode.RETRY, chunk + " is not sealed yet");
    }
  }

  /** From other cells; the next range is read while the last one is written. */
  private void compute(CopyTask task) throws CairnException, InterruptedException {
    CellRecovery recovery = new CellRecovery(task, client, sourceIsSlowed);
    Optional<ReplicaCopy> begun = begin(task);
    if (begun.isEmpty()) {
      return;
    }
    try (ReplicaCopy copy = begun.get()) {
      CompletableFuture<byte[]> next = nextRange(recovery, task, 0);
      while (!copy.isComplete()) {
        byte[] bytes = awaitRange(next);
        long end = copy.length() + bytes.length;
        if (end < task.getLength()) {
          next = nextRange(recovery, task, end);
        }
        recovery.append(copy, bytes);
      }
      copy.finish();
      copiedBytes.add(task.getLength());
    }
  }

  /** Each cell may be asked of several servers, one after the other. */
  private static byte[] awaitRange(CompletableFuture<byte[]> range)
      throws CairnException, InterruptedException {
    try {
      return await(range, READ_TIMEOUT.multipliedBy(ChunkId.MAX_CELLS));
    } catch (TimeoutException e) {
      throw new CairnException(ErrorCode.TIMED_OUT, "no answer at all", e);
    }
  }

  private CompletableFuture<byte[]> nextRange(CellRecovery recovery, CopyTask task, long offset) {
    int bytes = (int) Math.min(READ_BYTES, task.getLength() - offset);
    pace.beforeRead(recovery.bytesToRead(bytes));
    return recovery.read(offset, bytes);
  }

  /**
   * No other server has the chunk: what is here is to be kept.
   *
   * @throws CairnException CHUNK_NOT_FOUND, CHUNK_CORRUPT; RETRY while it waits to be sealed
   */
  private void requireHere(ChunkId chunk, long length) throws CairnException {
    ReplicaStatus status = store.status(chunk).orElse(null);
    if (status == null || status.length() < length) {
      throw new CairnException(
          ErrorCode.CHUNK_NOT_FOUND, chunk + " has no source to copy from, and is not here");
    }
    if (status.state() != State.SEALED) {
      throw new CairnException(ErrorCode.RETRY, chunk + " is not sealed yet");
    }
    Verification check = store.verify(chunk, length, pace);
    if (!check.good()) {
      throw new CairnException(ErrorCode.CHUNK_CORRUPT, chunk + ": " + check.problem());
    }
  }

  private void copyFrom(Member source, CopyTask task, ReplicaCopy copy)
      throws CairnException, InterruptedException {
    if (copy.isComplete()) {
      return;
    }
    HostPort address = new HostPort(source.getHost(), source.getPort());
    CompletableFuture<RpcReply> answer = ask(address, task, 0);
    try {
      long asked = READ_BYTES;
      while (true) {
        RpcReply reply = await(answer);
        try {
          answer = null;
          if (asked < task.getLength()) {
            answer = ask(address, task, asked);
            asked += READ_BYTES;
          }
          take(reply, copy);
        } finally {
          reply.release();
        }
        if (copy.isComplete()) {
          return;
        }
        if (answer == null) {
          throw new CairnException(
              ErrorCode.CHUNK_CORRUPT,
              "ends at " + copy.length() + ", expected are " + task.getLength());
        }
      }
    } finally {
      drop(answer);
    }
  }

  private CompletableFuture<RpcReply> ask(HostPort address, CopyTask task, long offset) {
    int bytes = (int) Math.min(READ_BYTES, task.getLength() - offset);
    pace.beforeRead(bytes);
    ReadChunkRequest request =
        ReadChunkRequest.newBuilder()
            .setChunk(task.getChunk())
            .setOffset(offset)
            .setLength(bytes)
            .setToken(task.getToken())
            .setKnownLength(task.getLength())
            .setLimit(task.getLength())
            .setBackground(true)
            .build();
    return client.call(address, Method.READ_CHUNK, request, READ_TIMEOUT);
  }

  private void take(RpcReply reply, ReplicaCopy copy) throws CairnException {
    ReadChunkReply header = reply.message(ReadChunkReply.parser());
    if (header.getClientsSlowed()) {
      sourceIsSlowed.run();
    }
    ByteBuf payload = reply.payload();
    if (header.getOffset() != copy.length()
        || header.getChecksumCount() < 0
        || payload.readableBytes() != 4L * header.getChecksumCount() + header.getLength()
        || header.getLength() == 0) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          "answered "
              + header.getLength()
              + " bytes at "
              + header.getOffset()
              + ", wanted were those at "
              + copy.length());
    }
    int[] checksums = new int[header.getChecksumCount()];
    for (int i = 0; i < checksums.length; i++) {
      checksums[i] = payload.readInt();
    }
    copy.append(payload.nioBuffer(), checksums);
  }

  private static RpcReply await(CompletableFuture<RpcReply> answer)
      throws CairnException, InterruptedException {
    try {
      return await(answer, READ_TIMEOUT.multipliedBy(2));
    } catch (TimeoutException e) {
      drop(answer);
      throw new CairnException(ErrorCode.TIMED_OUT, "no answer at all", e);
    }
  }

  private static <T> T await(CompletableFuture<T> answer, Duration longest)
      throws CairnException, InterruptedException, TimeoutException {
    try {
      return answer.get(longest.toMillis(), TimeUnit.MILLISECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof CairnException refusal) {
        throw refusal;
      }
      throw new IllegalStateException("a read failed unexpectedly", e.getCause());
    }
  }

  /** An answer nobody waits for any more must still be released. */
  private static void drop(CompletableFuture<RpcReply> answer) {
    if (answer != null) {
      CompletableFuture<Void> unused = answer.thenAccept(RpcReply::release);
    }
  }
}
