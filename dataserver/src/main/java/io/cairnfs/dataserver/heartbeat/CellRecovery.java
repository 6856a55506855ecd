package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.coding.CellSum;
import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.coding.RangeSum;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.dataserver.storage.ReplicaCopy;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.StripeCell;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A cell that nobody gives, computed from others of its stripe, range by range: as many as the code
 * needs are read, those first that the leader names first, and every answer is verified. One that
 * fails is not read again; another takes its place from that range on. Ranges are asked for one
 * after the other, from the start; any thread may complete them. Nothing here waits.
 */
public final class CellRecovery {
  private static final Logger logger = LoggerFactory.getLogger(CellRecovery.class);
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

  private final ChunkId wanted;
  private final long length;
  private final int expected;
  private final ErasureCode code;
  private final RpcClient client;
  private final Runnable sourceIsSlowed;
  private final Map<Integer, StripeCell> cells = new HashMap<>();
  private final Map<Integer, Long> lengths = new HashMap<>();
  private final CRC32C computed = new CRC32C();

  /** Cells that may be read, the best first, with those of their members that have not failed. */
  @GuardedBy("this")
  private final Map<Integer, List<Member>> readable = new LinkedHashMap<>();

  @GuardedBy("this")
  private final List<String> failures = new ArrayList<>();

  /**
   * @param task of a cell, with its stripe
   * @param sourceIsSlowed hears that clients of a source wait for what is read there
   * @throws CairnException UNSUPPORTED when the code is not known here; MALFORMED
   */
  public CellRecovery(CopyTask task, RpcClient client, Runnable sourceIsSlowed)
      throws CairnException {
    this.wanted = new ChunkId(task.getChunk());
    this.length = task.getLength();
    this.expected = task.getChecksum();
    this.client = client;
    this.sourceIsSlowed = sourceIsSlowed;
    CodingPolicy policy =
        new PoolId(wanted.pool())
            .policy()
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.UNSUPPORTED, wanted + " is of no erasure code known here"));
    this.code = ErasureCode.of(policy);
    for (StripeCell each : task.getStripe().getCellsList()) {
      ChunkId chunk = new ChunkId(each.getChunk());
      if (chunk.pool() != wanted.pool() || !chunk.withCell(0).equals(wanted.withCell(0))) {
        throw new CairnException(
            ErrorCode.MALFORMED, chunk + " is said to be of the stripe of " + wanted);
      }
      cells.put(chunk.cell(), each);
      lengths.put(chunk.cell(), each.getLength());
      if (chunk.equals(wanted)) {
        continue;
      }
      if (each.getMembersCount() == 0) {
        failures.add("cell " + chunk.cell() + ": nobody has it");
      } else {
        readable.put(chunk.cell(), new ArrayList<>(each.getMembersList()));
      }
    }
  }

  /** How much of other cells is read at most so that a range of {@code bytes} can be computed. */
  public int bytesToRead(int bytes) {
    return bytes * code.policy().dataCells();
  }

  /**
   * The bytes of the next range.
   *
   * @return fails with CHUNK_NOT_FOUND, or what the last cell failed with, when too few cells give
   *     theirs: the message names what was tried
   */
  public CompletableFuture<byte[]> read(long offset, int bytes) {
    Range range = new Range(offset, bytes);
    range.go();
    return range.result;
  }

  /**
   * Adds a computed range to the copy; the ranges in order.
   *
   * @throws CairnException as the copy refuses it; CHUNK_CORRUPT when with this range the whole has
   *     another checksum than the metadata says: nothing of it may be kept
   */
  public void append(ReplicaCopy copy, byte[] bytes) throws CairnException {
    computed.update(bytes);
    if (copy.length() + bytes.length == length && (int) computed.getValue() != expected) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          String.format(
              "%s, cell %d computed from others of its stripe, has checksum %08x, expected %08x",
              wanted, wanted.cell(), (int) computed.getValue(), expected));
    }
    int[] checksums = new int[Cells.count(bytes.length)];
    for (int i = 0; i < checksums.length; i++) {
      checksums[i] = Crc32c.of(bytes, i * Cells.SIZE, Cells.bytesIn(i, bytes.length));
    }
    copy.append(ByteBuffer.wrap(bytes), checksums);
  }

  private synchronized List<Integer> readable() {
    return List.copyOf(readable.keySet());
  }

  private synchronized Member holder(int cell) {
    return readable.get(cell).get(0);
  }

  /** The next of its holders is asked from now on; false when there is none. */
  private synchronized boolean failed(int cell, Member member, Throwable failure) {
    String problem = "cell " + cell + " of server=" + member.getServer() + ": " + message(failure);
    logger.warn("{} is computed without {}", wanted, problem);
    failures.add(problem);
    List<Member> holders = readable.get(cell);
    boolean unused = holders.remove(member);
    if (holders.isEmpty()) {
      readable.remove(cell);
      return false;
    }
    return true;
  }

  private static String message(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    return String.valueOf(cause.getMessage());
  }

  private synchronized CairnException tooFew() {
    return new CairnException(
        ErrorCode.CHUNK_NOT_FOUND,
        wanted + " cell " + wanted.cell() + " cannot be computed: " + String.join("; ", failures));
  }

  /** One range of the wanted cell, and of those that it is the sum of. */
  private final class Range {
    private final long offset;
    private final int bytes;
    private final CompletableFuture<byte[]> result = new CompletableFuture<>();

    @GuardedBy("this")
    private final RangeSum sum;

    /** Verified; of each cell that was read. */
    @GuardedBy("this")
    private final Map<Integer, byte[]> parts = new HashMap<>();

    Range(long offset, int bytes) {
      this.offset = offset;
      this.bytes = bytes;
      this.sum = new RangeSum(code, wanted.cell(), lengths, readable(), offset, bytes);
    }

    /** Reads what is needed and not asked for yet, or completes. */
    void go() {
      List<Integer> toRead;
      boolean complete;
      boolean hopeless;
      synchronized (this) {
        toRead = sum.toRead();
        complete = sum.isComplete();
        hopeless = sum.isHopeless();
      }
      if (hopeless) {
        boolean unused = result.completeExceptionally(tooFew());
      } else if (complete) {
        boolean unused = result.complete(computed());
      } else {
        toRead.forEach(this::read);
      }
    }

    private synchronized byte[] computed() {
      byte[] target = new byte[bytes];
      for (CellSum.Term term : sum.sum().terms()) {
        byte[] part = parts.get(term.cell());
        GaloisField.multiplyAdd(term.coefficient(), part, 0, target, 0, part.length);
      }
      return target;
    }

    private void read(int cell) {
      StripeCell source = cells.get(cell);
      Member member = holder(cell);
      int wantedBytes = bytes(cell);
      ReadChunkRequest request =
          ReadChunkRequest.newBuilder()
              .setChunk(source.getChunk())
              .setOffset(offset)
              .setLength(wantedBytes)
              .setToken(source.getToken())
              .setKnownLength(source.getLength())
              .setLimit(offset + wantedBytes)
              .setBackground(true)
              .build();
      var unused =
          client
              .call(
                  new HostPort(member.getHost(), member.getPort()),
                  Method.READ_CHUNK,
                  request,
                  READ_TIMEOUT)
              .thenApply(reply -> verified(reply, wantedBytes))
              .whenComplete((part, failure) -> arrived(cell, member, part, failure));
    }

    private synchronized int bytes(int cell) {
      return sum.bytes(cell);
    }

    private byte[] verified(RpcReply reply, int wantedBytes) {
      try {
        return SourceRange.verified(reply, offset, wantedBytes, sourceIsSlowed);
      } catch (CairnException e) {
        throw new CompletionException(e);
      } finally {
        reply.release();
      }
    }

    private void arrived(int cell, Member member, byte[] part, Throwable failure) {
      if (failure == null) {
        synchronized (this) {
          parts.put(cell, part);
          sum.read(cell);
        }
      } else if (failed(cell, member, failure)) {
        read(cell);
        return;
      } else {
        synchronized (this) {
          sum.failed(cell);
        }
      }
      go();
    }
  }
}
