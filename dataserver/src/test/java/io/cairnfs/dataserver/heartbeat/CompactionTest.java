package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
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
import io.cairnfs.rpc.frame.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import java.io.ByteArrayOutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.RejectedExecutionException;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;

/** Bytes of sealed chunks go into a new one, whatever single holders do. */
class CompactionTest {
  private static final long TARGET = ChunkId.of(0, 1, 100).value();
  private static final int POOL = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value();

  private final Servers servers = new Servers();
  private final List<CompactResult> results = new ArrayList<>();

  /** Data servers by port; the stream goes to one that keeps what it gets. */
  private static final class Servers implements RpcClient, ClientStream {
    private final Map<Long, byte[]> chunks = new HashMap<>();
    private final List<Integer> asked = new ArrayList<>();
    private final List<PacketHeader> headers = new ArrayList<>();
    private final ByteArrayOutputStream written = new ByteArrayOutputStream();
    private final CompletableFuture<RpcReply> finished = new CompletableFuture<>();
    private WriteChunkRequest opening;
    private StreamListener listener;
    private int badPort = -1;
    private boolean acknowledging = true;

    /** What the disk of the first member keeps; empty: what was written. */
    private Optional<byte[]> kept = Optional.empty();

    private int readBack;
    private boolean cancelled;

    @Override
    public CompletableFuture<RpcReply> call(
        HostPort address, Method method, MessageLite message, Duration timeout) {
      ReadChunkRequest request = (ReadChunkRequest) message;
      byte[] bytes = chunks.get(request.getChunk());
      asked.add(address.port());
      if (address.port() == 9) {
        return CompletableFuture.failedFuture(
            new CairnException(ErrorCode.UNAVAILABLE, "nobody listens"));
      }
      int from = (int) (request.getOffset() / Cells.SIZE * Cells.SIZE);
      int end = (int) Math.min(request.getLimit(), bytes.length);
      ByteBuf payload = Unpooled.buffer();
      int cells = 0;
      for (int cell = from; cell < end; cell += Cells.SIZE, cells++) {
        CRC32C crc = new CRC32C();
        crc.update(bytes, cell, Math.min(Cells.SIZE, end - cell));
        payload.writeInt((int) crc.getValue());
      }
      payload.writeBytes(bytes, from, end - from);
      if (address.port() == badPort) {
        payload.setByte(payload.writerIndex() - 1, payload.getByte(payload.writerIndex() - 1) + 1);
      }
      ReadChunkReply header =
          ReadChunkReply.newBuilder()
              .setOffset(from)
              .setLength(end - from)
              .setChecksumCount(cells)
              .build();
      return CompletableFuture.completedFuture(new RpcReply(header.toByteString(), payload));
    }

    DiskContent readBack(ChunkId chunk, long length, ReadPace pace) throws CairnException {
      assertThat(chunk).isEqualTo(new ChunkId(opening.getChunk()));
      readBack++;
      byte[] bytes = kept.orElse(written.toByteArray());
      if (bytes.length < length) {
        throw new CairnException(ErrorCode.CHUNK_CORRUPT, "file ends at " + bytes.length);
      }
      int[] cells = new int[Cells.count(length)];
      for (int i = 0; i < cells.length; i++) {
        cells[i] = Crc32c.of(bytes, i * Cells.SIZE, Cells.bytesIn(i, length));
      }
      return new DiskContent(cells, Crc32c.of(bytes, 0, (int) length));
    }

    @Override
    public ClientStream openStream(
        HostPort address, Method method, MessageLite request, StreamListener heard) {
      opening = (WriteChunkRequest) request;
      listener = heard;
      return this;
    }

    void ready() {
      listener.onAck(PacketAck.newBuilder().setReady(true).build().toByteString());
    }

    @Override
    public void send(MessageLite message, ByteBuf payload) {
      PacketHeader header = (PacketHeader) message;
      assertThat(header.getOffset()).isEqualTo(written.size());
      assertThat(header.getChecksums().size())
          .isEqualTo(Integer.BYTES * Cells.count(payload.readableBytes()));
      headers.add(header);
      byte[] bytes = new byte[payload.readableBytes()];
      payload.readBytes(bytes);
      payload.release();
      written.writeBytes(bytes);
      if (acknowledging) {
        acknowledge();
      }
    }

    void acknowledge() {
      listener.onAck(PacketAck.newBuilder().setSequence(headers.size()).build().toByteString());
    }

    @Override
    public void cancel() {
      cancelled = true;
    }

    @Override
    public CompletableFuture<RpcReply> finished() {
      return finished;
    }

    @Override
    public boolean isWritable() {
      return true;
    }

    @Override
    public EventLoop eventLoop() {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<RpcReply> call(
        HostPort address, Method method, MessageLite request, ByteBuf payload, Duration timeout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public <T extends MessageLite> CompletableFuture<T> call(
        HostPort address, Method method, MessageLite request, Parser<T> reply, Duration timeout) {
      throw new UnsupportedOperationException();
    }

    @Override
    public CompletableFuture<Peer> connect(HostPort address) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void close() {}
  }

  private byte[] source(long chunk, int length) {
    byte[] bytes = new byte[length];
    new Random(chunk).nextBytes(bytes);
    servers.chunks.put(chunk, bytes);
    return bytes;
  }

  private static Member member(int port) {
    return Member.newBuilder().setServer(port).setHost("h").setPort(port).build();
  }

  private static CompactPiece times(int coefficient, long chunk, long length) {
    return piece(chunk, 0, length, 0).toBuilder().setCoefficient(coefficient).build();
  }

  private static long cell(int cell) {
    return ChunkId.of(POOL, 1, 64 + cell).value();
  }

  private static CompactPiece piece(long chunk, long offset, long length, long target) {
    return CompactPiece.newBuilder()
        .setChunk(chunk)
        .setOffset(offset)
        .setLength(length)
        .setTargetOffset(target)
        .build();
  }

  private CompactTask.Builder task(CompactPiece... pieces) {
    CompactTask.Builder task =
        CompactTask.newBuilder()
            .setChunk(
                ChunkLocation.newBuilder()
                    .setChunk(TARGET)
                    .setEpoch(1)
                    .setReplication(2)
                    .setMaxLength(64 << 20)
                    .addMembers(member(1))
                    .addMembers(member(2)))
            .addAllPieces(Arrays.asList(pieces));
    servers.chunks.forEach(
        (chunk, bytes) ->
            task.addSources(
                ChunkLocation.newBuilder()
                    .setChunk(chunk)
                    .setLength(bytes.length)
                    .addMembers(member(3))
                    .addMembers(member(4))));
    return task;
  }

  private Compaction begin(CompactTask.Builder task) {
    Compaction compaction =
        new Compaction(
            task.build(), servers, Runnable::run, ReadPace.FREE, servers::readBack, results::add);
    compaction.start();
    return compaction;
  }

  private ErrorCode failure() {
    assertThat(results).hasSize(1);
    assertThat(servers.cancelled).isTrue();
    return ErrorCode.ofNumber(results.get(0).getErrorCode());
  }

  @Test
  void piecesLieWhereTheTaskSays() {
    byte[] one = source(11, 10_000);
    byte[] two = source(12, 5_000);
    begin(task(piece(11, 100, 50, 0), piece(12, 4_000, 1_000, 50), piece(11, 0, 9_999, 4_096)));
    assertThat(servers.opening.getDownstreamList()).containsExactly(member(2));
    assertThat(servers.headers).isEmpty();
    servers.ready();
    byte[] expected = new byte[4_096 + 9_999];
    System.arraycopy(one, 100, expected, 0, 50);
    System.arraycopy(two, 4_000, expected, 50, 1_000);
    System.arraycopy(one, 0, expected, 4_096, 9_999);
    assertThat(servers.written.toByteArray()).isEqualTo(expected);
    assertThat(servers.headers.get(0).getFlags())
        .isEqualTo(PacketFlag.PACKET_SYNC_VALUE | PacketFlag.PACKET_CLOSE_VALUE);
    assertThat(results)
        .containsExactly(
            CompactResult.newBuilder().setChunk(TARGET).setLength(expected.length).build());
    assertThat(servers.cancelled).isFalse();
  }

  @Test
  void muchGoesInSeveralPacketsOfWhichFewAreUnderWay() {
    byte[] bytes = source(11, 5_500_000);
    servers.acknowledging = false;
    begin(task(piece(11, 500_000, 5_000_000, 0)));
    servers.ready();
    assertThat(servers.headers).hasSize(3);
    servers.acknowledge();
    assertThat(servers.headers).hasSize(5);
    assertThat(servers.headers).extracting(PacketHeader::getFlags).startsWith(0, 0, 0, 0);
    assertThat(results).isEmpty();
    servers.acknowledge();
    assertThat(results).hasSize(1);
    assertThat(servers.written.toByteArray())
        .isEqualTo(Arrays.copyOfRange(bytes, 500_000, 5_500_000));
  }

  @Test
  void aHolderWithOtherBytesIsNotBelieved() {
    byte[] bytes = source(11, 10_000);
    servers.badPort = 3;
    begin(task(piece(11, 0, 10_000, 0)));
    servers.ready();
    assertThat(servers.asked).containsExactly(3, 4);
    assertThat(servers.written.toByteArray()).isEqualTo(bytes);
  }

  @Test
  void withoutAGoodHolderNothingIsMade() {
    source(11, 10_000);
    CompactTask.Builder task = task(piece(11, 0, 10_000, 0));
    task.getSourcesBuilder(0).clearMembers().addMembers(member(9));
    begin(task);
    servers.ready();
    assertThat(failure()).isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    assertThat(servers.headers).isEmpty();
  }

  @Test
  void aMemberThatFailsEndsIt() {
    source(11, 10_000);
    servers.acknowledging = false;
    begin(task(piece(11, 0, 10_000, 0)));
    servers.ready();
    servers.listener.onAck(
        PacketAck.newBuilder()
            .setFailedServer(2)
            .setErrorCode(ErrorCode.IO_ERROR.number())
            .build()
            .toByteString());
    assertThat(failure()).isEqualTo(ErrorCode.PIPELINE_FAILED);
    servers.acknowledge();
    assertThat(results).hasSize(1);
  }

  @Test
  void aBrokenStreamEndsIt() {
    source(11, 10_000);
    begin(task(piece(11, 0, 10_000, 0)));
    servers.finished.completeExceptionally(
        new CairnException(ErrorCode.CONNECTION_LOST, "it broke"));
    assertThat(failure()).isEqualTo(ErrorCode.CONNECTION_LOST);
    servers.ready();
    assertThat(servers.asked).isEmpty();
  }

  @Test
  void withoutAThreadItIsGivenUp() {
    source(11, 10_000);
    Compaction compaction =
        new Compaction(
            task(piece(11, 0, 10_000, 0)).build(),
            servers,
            step -> {
              throw new RejectedExecutionException("full");
            },
            ReadPace.FREE,
            servers::readBack,
            results::add);
    compaction.start();
    servers.ready();
    assertThat(failure()).isEqualTo(ErrorCode.BUSY);
  }

  @Test
  void aTaskThatDoesNotFitIsRefused() {
    begin(task());
    assertThat(results).hasSize(1);
    assertThat(ErrorCode.ofNumber(results.get(0).getErrorCode())).isEqualTo(ErrorCode.MALFORMED);
    assertThat(servers.opening).isNull();
  }

  /** Of cells that differ in length: a shorter one is followed by zeros. */
  @Test
  void aParityCellIsTheSumOfTheDataCells() {
    byte[][] data = {source(cell(0), 2_600_000), source(cell(1), 1_500_001), source(cell(2), 7)};
    ErasureCode code = ErasureCode.of(CodingPolicy.RS_3_2);
    int length = data[0].length;
    byte[] expected = new byte[length];
    List<CompactPiece> pieces = new ArrayList<>();
    for (int i = 0; i < data.length; i++) {
      int coefficient = code.coefficient(4, i);
      for (int at = 0; at < data[i].length; at++) {
        expected[at] ^= (byte) GaloisField.multiply(coefficient, data[i][at] & 0xff);
      }
      pieces.add(times(coefficient, cell(i), i == 2 ? length : data[i].length));
    }
    CompactTask.Builder task = task(pieces.toArray(CompactPiece[]::new)).setReadBack(true);
    task.getChunkBuilder().setChunk(cell(4));
    begin(task);
    servers.ready();
    assertThat(servers.written.toByteArray()).isEqualTo(expected);
    assertThat(servers.headers).hasSize(3);
    assertThat(results)
        .containsExactly(
            CompactResult.newBuilder()
                .setChunk(cell(4))
                .setLength(length)
                .setChecksum(Crc32c.of(expected, 0, length))
                .build());
  }

  @Test
  void onlyCellsAreFollowedByZeros() {
    source(11, 5_000);
    begin(task(piece(11, 4_000, 2_000, 0)));
    servers.ready();
    assertThat(failure()).isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
  }

  @Test
  void piecesMayOverlapInAnyOrder() {
    byte[] one = source(11, 9_000);
    byte[] two = source(12, 9_000);
    begin(task(piece(11, 0, 3_000, 5_000), piece(12, 1_000, 8_000, 0), times(3, 11, 100)));
    servers.ready();
    byte[] expected = Arrays.copyOfRange(two, 1_000, 9_000);
    for (int i = 0; i < 3_000; i++) {
      expected[5_000 + i] ^= one[i];
    }
    for (int i = 0; i < 100; i++) {
      expected[i] ^= (byte) GaloisField.multiply(3, one[i] & 0xff);
    }
    assertThat(servers.written.toByteArray()).isEqualTo(expected);
  }

  @Test
  void whatTheDiskKeepsIsReadBackOnceAfterAllIsWritten() {
    byte[] bytes = source(11, 3_000_000);
    servers.acknowledging = false;
    begin(task(piece(11, 0, 3_000_000, 0)).setReadBack(true));
    servers.ready();
    assertThat(servers.readBack).isZero();
    servers.acknowledge();
    servers.acknowledge();
    assertThat(servers.readBack).isEqualTo(1);
    assertThat(results).hasSize(1);
    assertThat(results.get(0).getChecksum()).isEqualTo(Crc32c.of(bytes, 0, bytes.length));
  }

  @Test
  void aDiskThatKeepsOtherBytesIsNotBelieved() {
    byte[] kept = source(11, 10_000).clone();
    kept[9_000]++;
    servers.kept = Optional.of(kept);
    begin(task(piece(11, 0, 10_000, 0)).setReadBack(true));
    servers.ready();
    assertThat(failure()).isEqualTo(ErrorCode.CHUNK_CORRUPT);
    assertThat(results.get(0).getErrorMessage()).contains("cell at 8192", "sent was");
  }

  @Test
  void aDiskThatKeepsTooLittleIsNotBelieved() {
    servers.kept = Optional.of(new byte[5]);
    source(11, 10_000);
    begin(task(piece(11, 0, 10_000, 0)).setReadBack(true));
    servers.ready();
    assertThat(failure()).isEqualTo(ErrorCode.CHUNK_CORRUPT);
    assertThat(results.get(0).getErrorMessage()).contains("file ends at 5");
  }

  @Test
  void aFactorOutsideTheFieldIsRefused() {
    source(11, 10_000);
    begin(task(times(256, 11, 10)));
    assertThat(ErrorCode.ofNumber(results.get(0).getErrorCode())).isEqualTo(ErrorCode.MALFORMED);
  }
}
