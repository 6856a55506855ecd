package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.dataserver.storage.DiskContent;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.proto.dataserver.CompactResult;
import io.cairnfs.proto.dataserver.CompactTask;
import io.cairnfs.proto.dataserver.PacketAck;
import io.cairnfs.proto.dataserver.PacketFlag;
import io.cairnfs.proto.dataserver.PacketHeader;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.dataserver.WriteChunkRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.CompactPiece;
import io.cairnfs.proto.types.Member;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Copies ranges of chunks into a new chunk: reads them from any holder, verifies every cell, and
 * sends them as a writer does, down the chunk's pipeline, which begins at this server. Ranges may
 * be multiplied, and added where they overlap: a parity cell is the sum of the data cells. Done
 * when every member has all of it on its disk, and, if the leader asks for it, when this server's
 * disk has given it back. A member that fails ends it: the leader plans anew.
 *
 * <p>Safe for any thread; only the executor is held back by the pace.
 */
public final class Compaction implements StreamListener {
  private static final Logger logger = LoggerFactory.getLogger(Compaction.class);
  private static final int PACKET_BYTES = 1 << 20;
  private static final int MAX_COEFFICIENT = 255;
  private static final int READS = 32;
  private static final int UNACKNOWLEDGED = 3;
  private static final Duration READ_TIMEOUT = Duration.ofSeconds(10);

  private final CompactTask task;
  private final RpcClient client;
  private final Executor executor;
  private final ReadPace pace;
  private final OwnDisk ownDisk;
  private final Consumer<CompactResult> done;
  private final Map<Long, ChunkLocation> sources = new HashMap<>();

  /** By their places in the new chunk. */
  private final List<CompactPiece> pieces;

  private final long length;

  /** Of each cell that was sent. */
  private final int[] sentCells;

  private volatile ClientStream stream;

  @GuardedBy("this")
  private boolean ready;

  @GuardedBy("this")
  private boolean over;

  /** Bytes that were sent; the piece that comes next. */
  @GuardedBy("this")
  private long sentLength;

  @GuardedBy("this")
  private int nextPiece;

  @GuardedBy("this")
  private long sentPackets;

  @GuardedBy("this")
  private long acknowledgedPackets;

  @GuardedBy("this")
  private boolean written;

  /** A packet is being filled. */
  @GuardedBy("this")
  private boolean filling;

  /** What this server's disk keeps of a chunk. */
  @FunctionalInterface
  public interface OwnDisk {
    /** Blocks. */
    DiskContent read(ChunkId chunk, long length, ReadPace pace) throws CairnException;
  }

  /** One packet's bytes, and where they come from. */
  private static final class Filling {
    final long offset;
    final ByteBuf bytes;
    final List<Segment> segments = new ArrayList<>();
    int asked;
    int missing;

    Filling(long offset, int length) {
      this.offset = offset;
      this.bytes = Unpooled.buffer(length, length).writeZero(length);
    }

    int bytesToRead() {
      return segments.stream().mapToInt(Segment::length).sum();
    }
  }

  private record Segment(ChunkLocation source, long offset, int length, int at, int coefficient) {}

  /**
   * @param executor where bytes are asked for, at the pace
   * @param ownDisk where the chunk is read back
   * @param done hears once how it went
   */
  public Compaction(
      CompactTask task,
      RpcClient client,
      Executor executor,
      ReadPace pace,
      OwnDisk ownDisk,
      Consumer<CompactResult> done) {
    this.task = task;
    this.client = client;
    this.executor = executor;
    this.pace = pace;
    this.ownDisk = ownDisk;
    this.done = done;
    this.pieces = new ArrayList<>(task.getPiecesList());
    pieces.sort(Comparator.comparingLong(CompactPiece::getTargetOffset));
    long end = 0;
    for (CompactPiece piece : pieces) {
      end = Math.max(end, piece.getTargetOffset() + piece.getLength());
    }
    this.length = end;
    this.sentCells = new int[fits() ? Cells.count(length) : 0];
    task.getSourcesList().forEach(source -> sources.put(source.getChunk(), source));
  }

  private boolean fits() {
    return length > 0
        && length <= task.getChunk().getMaxLength()
        && task.getChunk().getMembersCount() > 0
        && pieces.stream().allMatch(piece -> piece.getCoefficient() <= MAX_COEFFICIENT);
  }

  private ChunkId chunk() {
    return new ChunkId(task.getChunk().getChunk());
  }

  public void start() {
    ChunkLocation chunk = task.getChunk();
    if (!fits()) {
      fail(new CairnException(ErrorCode.MALFORMED, chunk() + ": " + length + " bytes to compact"));
      return;
    }
    Member head = chunk.getMembers(0);
    // Whoever hears the first answer waits until the stream is known.
    synchronized (this) {
      stream =
          client.openStream(
              new HostPort(head.getHost(), head.getPort()),
              Method.WRITE_CHUNK,
              WriteChunkRequest.newBuilder()
                  .setChunk(chunk.getChunk())
                  .setEpoch(chunk.getEpoch())
                  .setMaxLength(chunk.getMaxLength())
                  .setReplication(chunk.getReplication())
                  .setToken(chunk.getToken())
                  .addAllDownstream(chunk.getMembersList().subList(1, chunk.getMembersCount()))
                  .build(),
              this);
    }
    var unused =
        stream
            .finished()
            .whenComplete(
                (reply, failure) -> {
                  if (failure == null) {
                    reply.release();
                  } else {
                    fail(failure);
                  }
                });
  }

  @Override
  public void onWritable() {
    // Few packets are under way at once.
  }

  @Override
  public void onAck(ByteString message) {
    PacketAck ack;
    try {
      ack = PacketAck.parseFrom(message);
    } catch (InvalidProtocolBufferException e) {
      fail(new CairnException(ErrorCode.MALFORMED, chunk() + ": an acknowledgement", e));
      return;
    }
    if (ack.getErrorCode() != 0) {
      fail(
          new CairnException(
              ErrorCode.PIPELINE_FAILED,
              "server=" + ack.getFailedServer() + ": " + ack.getErrorMessage()));
      return;
    }
    boolean complete;
    synchronized (this) {
      ready |= ack.getReady();
      acknowledgedPackets = Math.max(acknowledgedPackets, ack.getSequence());
      complete = !written && sentLength == length && acknowledgedPackets == sentPackets;
      written |= complete;
    }
    if (complete) {
      written();
    } else {
      fillNext();
    }
  }

  /** Every member has all of it on its disk, or says so. */
  private void written() {
    if (task.getReadBack()) {
      execute(this::readBack);
    } else {
      finish(CompactResult.newBuilder().setLength(length));
    }
  }

  private void readBack() {
    try {
      DiskContent content = ownDisk.read(chunk(), length, pace);
      int[] found = content.cells();
      int bad = Arrays.mismatch(found, sentCells);
      if (bad >= 0) {
        throw new CairnException(
            ErrorCode.CHUNK_CORRUPT,
            String.format(
                "%s read back: cell at %d has checksum %08x, sent was %08x",
                chunk(), (long) bad * Cells.SIZE, found[bad], sentCells[bad]));
      }
      finish(CompactResult.newBuilder().setLength(length).setChecksum(content.checksum()));
    } catch (CairnException e) {
      fail(e);
    }
  }

  /** Begins the next packet unless one is being filled, or too many are not acknowledged. */
  private void fillNext() {
    synchronized (this) {
      boolean possible =
          ready
              && !over
              && !filling
              && sentLength < length
              && sentPackets - acknowledgedPackets < UNACKNOWLEDGED;
      if (!possible) {
        return;
      }
      filling = true;
    }
    execute(
        () -> {
          Filling packet = nextPacket();
          pace.beforeRead(Math.max(packet.bytes.readableBytes(), packet.bytesToRead()));
          if (packet.segments.isEmpty()) {
            send(packet);
          } else {
            readMore(packet);
          }
        });
  }

  private void execute(Runnable step) {
    try {
      executor.execute(step);
    } catch (RejectedExecutionException e) {
      fail(new CairnException(ErrorCode.BUSY, chunk() + ": too much other work", e));
    }
  }

  private synchronized Filling nextPacket() {
    long from = sentLength;
    long end = Math.min(length, from + PACKET_BYTES);
    Filling packet = new Filling(from, (int) (end - from));
    for (int at = nextPiece; at < pieces.size(); at++) {
      CompactPiece piece = pieces.get(at);
      if (piece.getTargetOffset() >= end) {
        break;
      }
      addSegment(packet, piece, Math.max(from, piece.getTargetOffset()), end);
    }
    while (nextPiece < pieces.size() && targetEnd(pieces.get(nextPiece)) <= end) {
      nextPiece++;
    }
    packet.missing = packet.segments.size();
    return packet;
  }

  private static long targetEnd(CompactPiece piece) {
    return piece.getTargetOffset() + piece.getLength();
  }

  /** What of the piece lies in {@code [begin, end)} of the new chunk, if anything. */
  private void addSegment(Filling packet, CompactPiece piece, long begin, long end) {
    ChunkLocation source =
        sources.getOrDefault(piece.getChunk(), ChunkLocation.getDefaultInstance());
    long offset = piece.getOffset() + begin - piece.getTargetOffset();
    long length = Math.min(end, targetEnd(piece)) - begin;
    if (chunk().isCell() && new ChunkId(piece.getChunk()).isCell()) {
      // Zeros follow a cell that is shorter than others.
      length = Math.min(length, source.getLength() - offset);
    }
    if (length > 0) {
      packet.segments.add(
          new Segment(
              source,
              offset,
              (int) length,
              (int) (begin - packet.offset),
              Math.max(1, piece.getCoefficient())));
    }
  }

  private void readMore(Filling packet) {
    List<Segment> now = new ArrayList<>();
    synchronized (this) {
      int answered = packet.segments.size() - packet.missing;
      while (!over && packet.asked < packet.segments.size() && packet.asked - answered < READS) {
        now.add(packet.segments.get(packet.asked));
        packet.asked++;
      }
    }
    now.forEach(segment -> read(packet, segment, 0));
  }

  private void read(Filling packet, Segment segment, int holder) {
    ChunkLocation source = segment.source();
    if (holder >= source.getMembersCount()) {
      fail(
          new CairnException(
              ErrorCode.CHUNK_NOT_FOUND,
              new ChunkId(source.getChunk()) + " cannot be read from any of its holders"));
      return;
    }
    Member member = source.getMembers(holder);
    long end = segment.offset() + segment.length();
    ReadChunkRequest request =
        ReadChunkRequest.newBuilder()
            .setChunk(source.getChunk())
            .setOffset(segment.offset())
            .setLength(segment.length())
            .setToken(source.getToken())
            .setKnownLength(source.getLength())
            .setLimit(end)
            .setBackground(true)
            .build();
    var unused =
        client
            .call(
                new HostPort(member.getHost(), member.getPort()),
                Method.READ_CHUNK,
                request,
                READ_TIMEOUT)
            .whenComplete(
                (reply, failure) -> {
                  Optional<String> trouble =
                      failure == null
                          ? take(packet, segment, reply)
                          : Optional.of(String.valueOf(failure.getMessage()));
                  if (trouble.isPresent()) {
                    logger.warn(
                        "{} server={} cannot be read for a compaction: {}",
                        new ChunkId(source.getChunk()),
                        member.getServer(),
                        trouble.get());
                    read(packet, segment, holder + 1);
                  } else {
                    taken(packet);
                  }
                });
  }

  /** What is wrong, unless these are the verified bytes that were asked for. */
  private Optional<String> take(Filling packet, Segment segment, RpcReply reply) {
    try {
      ReadChunkReply header = reply.message(ReadChunkReply.parser());
      ByteBuf payload = reply.payload();
      long skip = segment.offset() - header.getOffset();
      int checksumBytes = Integer.BYTES * header.getChecksumCount();
      boolean fits =
          header.getOffset() % Cells.SIZE == 0
              && skip >= 0
              && header.getLength() >= skip + segment.length()
              && header.getChecksumCount() == Cells.count(header.getLength())
              && payload.readableBytes() == checksumBytes + header.getLength();
      if (!fits) {
        return Optional.of("the answer does not fit the question");
      }
      int from = payload.readerIndex();
      ByteBuffer data = payload.nioBuffer(from + checksumBytes, header.getLength());
      List<Integer> checksums = checksums(data);
      for (int cell = 0; cell < checksums.size(); cell++) {
        if (checksums.get(cell) != payload.getInt(from + Integer.BYTES * cell)) {
          return Optional.of(
              "bad checksum at offset " + (header.getOffset() + (long) cell * Cells.SIZE));
        }
      }
      ByteBuffer bytes = payload.nioBuffer(from + checksumBytes + (int) skip, segment.length());
      synchronized (this) {
        GaloisField.multiplyAdd(
            segment.coefficient(),
            bytes,
            packet.bytes.array(),
            packet.bytes.arrayOffset() + segment.at());
      }
      return Optional.empty();
    } catch (CairnException e) {
      return Optional.of(String.valueOf(e.getMessage()));
    } finally {
      reply.release();
    }
  }

  /** Of each cell of bytes that begin at a cell's border. */
  private static List<Integer> checksums(ByteBuffer bytes) {
    List<Integer> checksums = new ArrayList<>();
    CRC32C crc = new CRC32C();
    int end = bytes.limit();
    while (bytes.position() < end) {
      bytes.limit(Math.min(end, bytes.position() + Cells.SIZE));
      crc.reset();
      crc.update(bytes);
      checksums.add((int) crc.getValue());
    }
    return checksums;
  }

  private void taken(Filling packet) {
    boolean full;
    synchronized (this) {
      packet.missing--;
      full = packet.missing == 0;
    }
    if (full) {
      execute(() -> send(packet));
    } else {
      readMore(packet);
    }
  }

  private void send(Filling packet) {
    List<Integer> checksums = checksums(packet.bytes.nioBuffer());
    ByteBuffer onWire = ByteBuffer.allocate(Integer.BYTES * checksums.size());
    int cell = Cells.indexOf(packet.offset);
    for (int checksum : checksums) {
      onWire.putInt(checksum);
      sentCells[cell++] = checksum;
    }
    PacketHeader.Builder header =
        PacketHeader.newBuilder()
            .setOffset(packet.offset)
            .setChecksums(UnsafeByteOperations.unsafeWrap(onWire.flip()));
    synchronized (this) {
      if (over) {
        return;
      }
      sentPackets++;
      sentLength += packet.bytes.readableBytes();
      header.setSequence(sentPackets);
      if (sentLength == length) {
        header.setFlags(PacketFlag.PACKET_SYNC_VALUE | PacketFlag.PACKET_CLOSE_VALUE);
      }
      filling = false;
    }
    stream.send(header.build(), packet.bytes);
    fillNext();
  }

  private void fail(Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    ErrorCode code = cause instanceof CairnException own ? own.code() : ErrorCode.IO_ERROR;
    finish(
        CompactResult.newBuilder()
            .setErrorCode(code.number())
            .setErrorMessage(String.valueOf(cause.getMessage())));
  }

  private void finish(CompactResult.Builder result) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    ClientStream opened = stream;
    if (result.getErrorCode() != 0 && opened != null) {
      opened.cancel();
    }
    done.accept(result.setChunk(task.getChunk().getChunk()).build());
  }
}
