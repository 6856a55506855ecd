package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import com.google.protobuf.MessageLite;
import com.google.protobuf.Parser;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.coding.ErasureCode;
import io.cairnfs.common.coding.GaloisField;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.dataserver.storage.Cells;
import io.cairnfs.dataserver.storage.ReadPace;
import io.cairnfs.dataserver.storage.ReadRange;
import io.cairnfs.dataserver.storage.ReplicaRead;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.ServerIdentity;
import io.cairnfs.dataserver.storage.VolumeOptions;
import io.cairnfs.dataserver.storage.VolumeSet;
import io.cairnfs.dataserver.storage.VolumeSource;
import io.cairnfs.proto.dataserver.CopyTask;
import io.cairnfs.proto.dataserver.ReadChunkReply;
import io.cairnfs.proto.dataserver.ReadChunkRequest;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.Stripe;
import io.cairnfs.proto.types.StripeCell;
import io.cairnfs.rpc.client.ClientStream;
import io.cairnfs.rpc.client.RpcClient;
import io.cairnfs.rpc.client.RpcReply;
import io.cairnfs.rpc.client.StreamListener;
import io.cairnfs.rpc.frame.Peer;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A lost cell of RS-3-2 comes back from any three others, and never otherwise. */
class CellRecoveryTest {
  private static final int POOL = PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value();
  private static final ChunkId FIRST = ChunkId.of(POOL, 3, 7 * ChunkId.MAX_CELLS);
  private static final int MIB = 1 << 20;
  private static final int PORT = 100;

  private final SimulatedDisk disk = new SimulatedDisk("v1");
  private final Servers servers = new Servers();
  private final Counter copied = new MetricRegistry().counter("copied");
  private final List<Integer> paced = new ArrayList<>();
  private ReplicaStore store;
  private ChunkCopier copier;

  /** Of three data cells the last is short. */
  private final byte[][] cells = stripe(2 * MIB + 12_345, 2 * MIB + 12_000, 70_000);

  /** Cell {@code i} is on server {@code i}, and perhaps on one of 10 + i. */
  private final class Servers implements RpcClient {
    private final Map<Integer, Long> asked = new HashMap<>();
    private final Set<Integer> dead = new HashSet<>();
    private final Set<Integer> corrupt = new HashSet<>();

    /** Dead from this offset on. */
    private final Map<Integer, Long> diesAt = new HashMap<>();

    @Override
    public CompletableFuture<RpcReply> call(
        HostPort address, Method method, MessageLite message, Duration timeout) {
      ReadChunkRequest request = (ReadChunkRequest) message;
      int server = address.port() - PORT;
      asked.merge(server, Integer.toUnsignedLong(request.getLength()), Long::sum);
      assertThat(request.getBackground()).isTrue();
      assertThat(request.getToken().toStringUtf8())
          .isEqualTo("t" + new ChunkId(request.getChunk()).cell());
      if (dead.contains(server)
          || diesAt.getOrDefault(server, Long.MAX_VALUE) <= request.getOffset()) {
        return CompletableFuture.failedFuture(
            new CairnException(ErrorCode.UNAVAILABLE, "nobody listens"));
      }
      byte[] bytes = cells[new ChunkId(request.getChunk()).cell()];
      int from = (int) request.getOffset();
      int end = (int) Math.min(request.getLimit(), bytes.length);
      ByteBuf payload = Unpooled.buffer();
      int count = Cells.count(end - from);
      for (int cell = 0; cell < count; cell++) {
        int at = from + cell * Cells.SIZE;
        payload.writeInt(Crc32c.of(bytes, at, Math.min(Cells.SIZE, end - at)));
      }
      payload.writeBytes(bytes, from, end - from);
      if (corrupt.contains(server)) {
        int last = payload.writerIndex() - 1;
        payload.setByte(last, payload.getByte(last) ^ 4);
      }
      ReadChunkReply header =
          ReadChunkReply.newBuilder()
              .setOffset(from)
              .setLength(end - from)
              .setChecksumCount(count)
              .build();
      return CompletableFuture.completedFuture(new RpcReply(header.toByteString(), payload));
    }

    @Override
    public ClientStream openStream(
        HostPort address, Method method, MessageLite request, StreamListener heard) {
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

  private static byte[][] stripe(int... lengths) {
    ErasureCode code = ErasureCode.of(CodingPolicy.RS_3_2);
    byte[][] cells = new byte[5][];
    int longest = Arrays.stream(lengths).max().orElseThrow();
    for (int parity = 3; parity < 5; parity++) {
      cells[parity] = new byte[longest];
    }
    for (int data = 0; data < 3; data++) {
      cells[data] = new byte[lengths[data]];
      new Random(data).nextBytes(cells[data]);
      for (int parity = 3; parity < 5; parity++) {
        GaloisField.multiplyAdd(
            code.coefficient(parity, data), cells[data], 0, cells[parity], 0, lengths[data]);
      }
    }
    return cells;
  }

  @BeforeEach
  void openStore() throws IOException {
    disk.limitCapacity(1L << 40);
    ManualClock clock = new ManualClock(0);
    ServerIdentity identity =
        ServerIdentity.fresh(new Random(1)).withServer(new ServerId(7), "cluster-1");
    VolumeSet volumes =
        VolumeSet.open(
            List.of(new VolumeSource(disk, new VolumeOptions(0, 0), () -> {})),
            identity,
            new Random(1),
            clock);
    volumes.mark(volumes.identity());
    store = ReplicaStore.open(volumes, clock);
    copier = new ChunkCopier(store, servers, paced::add, () -> {}, copied);
  }

  private CopyTask.Builder task(int wanted) {
    Stripe.Builder stripe = Stripe.newBuilder().setDataCells(3).setParityCells(2);
    for (int cell = 0; cell < cells.length; cell++) {
      StripeCell.Builder each =
          stripe
              .addCellsBuilder()
              .setChunk(FIRST.withCell(cell).value())
              .setLength(cells[cell].length)
              .setEpoch(1)
              .setToken(ByteString.copyFromUtf8("t" + cell));
      if (cell != wanted) {
        each.addMembers(member(cell));
      }
    }
    return CopyTask.newBuilder()
        .setChunk(FIRST.withCell(wanted).value())
        .setLength(cells[wanted].length)
        .setEpoch(1)
        .setReplication(1)
        .setToken(ByteString.copyFromUtf8("t" + wanted))
        .setStripe(stripe)
        .setChecksum(Crc32c.of(cells[wanted], 0, cells[wanted].length));
  }

  private static Member member(int server) {
    return Member.newBuilder().setServer(server).setHost("h").setPort(PORT + server).build();
  }

  private byte[] kept(int cell) throws IOException {
    ChunkId chunk = FIRST.withCell(cell);
    assertThat(store.status(chunk).orElseThrow().state()).isEqualTo(ReplicaStatus.State.SEALED);
    byte[] all = new byte[cells[cell].length];
    for (int at = 0; at < all.length; at += MIB) {
      int length = Math.min(MIB, all.length - at);
      try (ReplicaRead read = store.read(chunk, ReadRange.of(at, length, 0, 0))) {
        ByteBuffer target = ByteBuffer.wrap(all, at, length);
        read.read(target, 0);
      }
    }
    assertThat(store.verify(chunk, all.length, ReadPace.FREE).good()).isTrue();
    return all;
  }

  private void assertNothingIsKept(int cell) {
    assertThat(store.status(FIRST.withCell(cell))).isEmpty();
    assertThat(disk.files()).noneMatch(name -> name.startsWith("chunks") && name.contains("."));
    assertThat(copied.value()).isZero();
  }

  @Test
  void anyCellComesBackFromExactlyThreeOthers() throws Exception {
    for (int wanted = 0; wanted < cells.length; wanted++) {
      servers.asked.clear();
      copier.copy(task(wanted).build());
      assertThat(kept(wanted)).isEqualTo(cells[wanted]);
      int lost = wanted;
      assertThat(servers.asked.keySet())
          .containsExactlyElementsOf(
              IntStream.range(0, cells.length)
                  .filter(cell -> cell != lost)
                  .limit(3)
                  .boxed()
                  .toList());
    }
  }

  @Test
  void noMoreIsReadThanTheSumNeeds() throws Exception {
    copier.copy(task(2).build());
    assertThat(kept(2)).isEqualTo(cells[2]);
    assertThat(servers.asked).isEqualTo(Map.of(0, 70_000L, 1, 70_000L, 3, 70_000L));
    assertThat(paced).containsExactly(3 * 70_000);
    assertThat(copied.value()).isEqualTo(70_000);
  }

  @Test
  void aSourceOfTheSameCellIsPreferred() throws Exception {
    copier.copy(task(0).addSources(member(10)).build());
    assertThat(kept(0)).isEqualTo(cells[0]);
    assertThat(servers.asked.keySet()).containsExactly(10);
  }

  @Test
  void withoutAGoodSourceTheCellIsComputed() throws Exception {
    servers.dead.add(10);
    servers.corrupt.add(11);
    copier.copy(task(0).addSources(member(10)).addSources(member(11)).build());
    assertThat(kept(0)).isEqualTo(cells[0]);
  }

  @Test
  void aCellThatFailsOnTheWayIsReplacedFromThereOn() throws Exception {
    servers.diesAt.put(1, (long) MIB);
    copier.copy(task(0).build());
    assertThat(kept(0)).isEqualTo(cells[0]);
    assertThat(servers.asked)
        .containsEntry(1, 2L * MIB)
        .containsEntry(4, cells[4].length - (long) MIB);
  }

  @Test
  void aCellWithOtherBytesIsNotBelieved() throws Exception {
    servers.corrupt.add(3);
    copier.copy(task(0).build());
    assertThat(kept(0)).isEqualTo(cells[0]);
    assertThat(servers.asked).containsEntry(3, (long) MIB);
  }

  @Test
  void anotherHolderOfACellIsAskedFirst() throws Exception {
    servers.dead.add(1);
    CopyTask.Builder task = task(0);
    task.getStripeBuilder().getCellsBuilder(1).addMembers(member(11));
    copier.copy(task.build());
    assertThat(kept(0)).isEqualTo(cells[0]);
    assertThat(servers.asked).containsKey(11);
    // It has failed once, and is not asked for the ranges that follow.
    assertThat(servers.asked.get(1)).isEqualTo(MIB);
  }

  @Test
  void withTooFewCellsNothingIsKept() {
    servers.dead.addAll(List.of(1, 3));
    assertThatThrownBy(() -> copier.copy(task(0).build()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CHUNK_NOT_FOUND))
        .hasMessageContaining("cell 0 cannot be computed")
        .hasMessageContaining("cell 1 of server=1: nobody listens")
        .hasMessageContaining("cell 3 of server=3");
    assertNothingIsKept(0);
  }

  /** Cells that verify, and yet are not what the metadata means. */
  @Test
  void aWholeWithAnotherChecksumIsNotKept() {
    CopyTask.Builder task = task(0);
    int expected = task.getChecksum();
    task.setChecksum(expected + 1);
    assertThatThrownBy(() -> copier.copy(task.build()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CHUNK_CORRUPT))
        .hasMessageContaining("cell 0")
        .hasMessageContaining(String.format("%08x, expected %08x", expected, expected + 1));
    assertNothingIsKept(0);
  }

  @Test
  void aDiskThatIsFullEndsIt() {
    disk.limitCapacity(disk.usedBytes() + (200 << 10));
    assertThatThrownBy(() -> copier.copy(task(0).build())).isInstanceOf(CairnException.class);
    assertThat(store.status(FIRST.withCell(0))).isEmpty();
  }

  @Test
  void whatIsHereAndGoodIsKept() throws Exception {
    copier.copy(task(4).build());
    servers.asked.clear();
    copier.copy(task(4).build());
    assertThat(servers.asked).isEmpty();
  }

  @Test
  void whatIsHereAndBadIsComputedAnew() throws Exception {
    copier.copy(task(1).build());
    String file =
        disk.files().stream().filter(name -> name.endsWith(".data")).findFirst().orElseThrow();
    disk.flipBit(file, 8L * 500_000);
    copier.copy(task(1).build());
    assertThat(kept(1)).isEqualTo(cells[1]);
  }

  @Test
  void aCellOfAnotherStripeIsRefused() {
    CopyTask.Builder task = task(0);
    task.getStripeBuilder()
        .getCellsBuilder(1)
        .setChunk(ChunkId.of(POOL, 3, 8 * ChunkId.MAX_CELLS + 1).value());
    assertThatThrownBy(() -> copier.copy(task.build()))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.MALFORMED));
    assertNothingIsKept(0);
  }
}
