package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.ByteString;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.DataServerAddress;
import io.cairnfs.client.FileExtent;
import io.cairnfs.client.FileType;
import io.cairnfs.client.cluster.NoClusterException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.RepairEntry;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Stripe;
import io.cairnfs.shell.check.FsckCommand;
import io.cairnfs.shell.testing.FakeAdministration;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class FsckTest {
  private static final int LENGTH = 5000;
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 5);
  private static final CairnPath FILE = CairnPath.of("/d/f");

  private final MemoryFileSystem memory =
      new MemoryFileSystem(new ManualClock(1), "root", "supergroup", 3, 128L << 20);
  private final FakeAdministration administration = new FakeAdministration();

  @BeforeEach
  void oneFileOnThreeServers() throws IOException {
    var unusedDirectory = memory.mkdirs(CairnPath.of("/d"), 0755);
    var unused =
        memory.createWithContent(FILE, ByteBuffer.allocate(LENGTH), CreateOptions.defaults());
    var unusedToo =
        memory.createWithContent(
            CairnPath.of("/tiny"), ByteBuffer.allocate(3), CreateOptions.defaults());
    memory.symlink("/link", "/d/f");
    memory.special("/fifo", FileType.FIFO);
    memory.setAdministration(administration);
    place(0, LENGTH);
    row(ChunkState.SEALED, LENGTH);
    for (int server = 1; server <= 3; server++) {
      replica(server, ReplicaState.REPLICA_SEALED, LENGTH);
    }
  }

  private static HostPort address(int server) {
    return new HostPort("127.0.0.1", 7710 + server);
  }

  private void place(long chunkOffset, long length) {
    List<DataServerAddress> members =
        List.of(1, 2, 3).stream()
            .map(
                server ->
                    new DataServerAddress(
                        new ServerId(server),
                        "d" + server,
                        address(server),
                        DataServerAddress.Health.UP))
            .toList();
    memory.setExtents(
        Map.of(FILE, List.of(new FileExtent(0, length, CHUNK, chunkOffset, 3, members))));
  }

  private void row(ChunkState state, long length, int... lacking) {
    ChunkResult.Builder row =
        ChunkResult.newBuilder()
            .setLocation(
                ChunkLocation.newBuilder()
                    .setChunk(CHUNK.value())
                    .setState(state)
                    .setLength(length)
                    .setReplication(3));
    for (int server : lacking) {
      row.addRepair(RepairEntry.newBuilder().setServer(server).setSince(9));
    }
    administration.chunks.put(CHUNK, row.build());
  }

  private void replica(int server, ReplicaState state, long length) {
    administration.replicas.put(
        address(server),
        Map.of(
            CHUNK,
            ReplicaReport.newBuilder()
                .setChunk(CHUNK.value())
                .setState(state)
                .setLength(length)
                .build()));
  }

  private ShellRun.Result run(String... words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output output = new Output(out);
    Output errors = new Output(err);
    int code = new FsckCommand(() -> memory, output, errors).run(List.of(words));
    output.flush();
    errors.flush();
    return new ShellRun.Result(
        code, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
  }

  private static String lastLine(ShellRun.Result result) {
    List<String> lines = result.out().lines().toList();
    return lines.get(lines.size() - 1);
  }

  @Test
  void everythingThereIsHealthy() {
    ShellRun.Result result = run();
    assertThat(result.code()).isZero();
    assertThat(lastLine(result)).isEqualTo("The filesystem under path '/' is HEALTHY");
    assertThat(result.out())
        .contains("Total dirs:                2\n")
        .contains("Total files:               2\n")
        .contains("Total symlinks:            1\n")
        .contains("Total special nodes:       1\n")
        .contains("Total size (bytes):        5003\n")
        .contains("Replicas found:            3\n")
        .doesNotContain("/d/f");
  }

  @Test
  void filesBlocksAndLocationsAreShownOnDemand() {
    assertThat(run("-files").out())
        .contains("/d/f 5000 bytes, replication=3, 1 extent(s): OK\n")
        .contains("/tiny 3 bytes, replication=3, inline: OK\n")
        .doesNotContain("chunk=");
    assertThat(run("-files", "-blocks").out())
        .contains("    0. chunk=0.17.5 offset=0 len=5000 repl=3\n");
    assertThat(run("-files", "-blocks", "-locations").out())
        .contains("[d1@127.0.0.1:7711, d2@127.0.0.1:7712, d3@127.0.0.1:7713]");
  }

  @Test
  void aMissingReplicaIsUnderReplicated() {
    administration.replicas.put(address(2), Map.of());
    ShellRun.Result result = run();
    assertThat(result.code()).isEqualTo(1);
    assertThat(lastLine(result))
        .isEqualTo(
            "The filesystem under path '/' is UNDER-REPLICATED: 1 of 1 chunks lack 1 replicas");
    assertThat(result.out()).contains("/d/f 5000 bytes, replication=3, 1 extent(s): UNDER-");
  }

  @Test
  void aShortReplicaDoesNotCount() {
    replica(3, ReplicaState.REPLICA_SEALED, LENGTH - 1);
    assertThat(run().code()).isEqualTo(1);
  }

  @Test
  void aReplicaThatIsToBeRepairedDoesNotCount() {
    row(ChunkState.SEALED, LENGTH, 1, 2);
    assertThat(lastLine(run())).contains("1 of 1 chunks lack 2 replicas");
  }

  @Test
  void aSilentServerHasNoReplicasAndIsNamed() {
    administration.replicas.remove(address(1));
    ShellRun.Result result = run();
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.out()).contains("UNREACHABLE d1 (127.0.0.1:7711): connection refused\n");
  }

  @Test
  void anOpenChunkMayHaveLongerAndShorterReplicas() {
    row(ChunkState.OPEN, LENGTH);
    replica(1, ReplicaState.REPLICA_OPEN, LENGTH + 100);
    replica(2, ReplicaState.REPLICA_CLOSED, LENGTH);
    assertThat(run().code()).isZero();
  }

  @Test
  void noReplicaIsCorrupt() {
    for (int server = 1; server <= 3; server++) {
      administration.replicas.put(address(server), Map.of());
    }
    ShellRun.Result result = run("/d");
    assertThat(result.code()).isEqualTo(2);
    assertThat(lastLine(result))
        .isEqualTo(
            "The filesystem under path '/d' is CORRUPT: 1 of 1 files cannot be read, 1 chunks are"
                + " lost, 0 records contradict each other");
    assertThat(result.out())
        .contains("LOST bytes 0..5000, chunk=0.17.5: no replica has these bytes\n");
  }

  @Test
  void anExtentBeyondItsChunkIsCorrupt() {
    place(10, LENGTH);
    ShellRun.Result result = run();
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.out()).contains("ends at 5010 of a chunk of 5000 bytes");
  }

  @Test
  void anExtentBeyondItsFileIsCorrupt() {
    row(ChunkState.SEALED, LENGTH + 1);
    for (int server = 1; server <= 3; server++) {
      replica(server, ReplicaState.REPLICA_SEALED, LENGTH + 1);
    }
    place(0, LENGTH + 1);
    assertThat(run().out()).contains("beyond the file's end at 5000");
  }

  @Test
  void aChunkWithoutARowIsCorrupt() {
    administration.chunks.clear();
    assertThat(run().out()).contains("there is no such chunk");
  }

  @Test
  void theMetaserversOwnTablesAreCheckedFromTheRoot() {
    administration.pages =
        List.of(
            CheckPageResult.newBuilder()
                .addViolations("inode=7: 2 links, 1 name")
                .setMore(true)
                .setCursor(ByteString.copyFromUtf8("next"))
                .build(),
            CheckPageResult.newBuilder().addViolations("inode=8: orphan").build());
    ShellRun.Result result = run();
    assertThat(result.code()).isEqualTo(2);
    assertThat(result.out())
        .contains("VIOLATION inode=7: 2 links, 1 name\nVIOLATION inode=8: orphan\n");
    assertThat(lastLine(result)).contains("2 records contradict each other");
    assertThat(run("/d").code()).isZero();
  }

  @Test
  void jsonSaysTheSame() throws IOException {
    administration.replicas.put(address(2), Map.of());
    ShellRun.Result result = run("--json", "-files", "-blocks", "-locations");
    assertThat(result.code()).isEqualTo(1);
    JsonNode json = new ObjectMapper().readTree(result.out());
    assertThat(json.get("status").asText()).isEqualTo("UNDER-REPLICATED");
    assertThat(json.get("missingReplicas").asInt()).isEqualTo(1);
    assertThat(json.at("/checkedFiles/0/path").asText()).isEqualTo("/d/f");
    assertThat(json.at("/checkedFiles/0/extents/0/locations/2").asText())
        .isEqualTo("d3@127.0.0.1:7713");
    assertThat(json.get("summary").asText()).contains("UNDER-REPLICATED");
  }

  @Test
  void whoeverCannotLookSaysSo() {
    memory.failNext("walk", "/nope", ErrorCode.NOT_FOUND);
    ShellRun.Result result = run("/nope");
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.err()).startsWith("fsck: could not look at /nope: ");
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Output errors = new Output(err);
    int code =
        new FsckCommand(
                () -> {
                  throw new NoClusterException("no cluster");
                },
                errors,
                errors)
            .run(List.of());
    errors.flush();
    assertThat(code).isEqualTo(255);
    assertThat(err.toString(StandardCharsets.UTF_8)).isEqualTo("fsck: no cluster\n");
  }

  @Test
  void misuseIs255() {
    assertThat(run("-x").err()).startsWith("fsck: unknown option -x\nUsage: cairn fsck ");
    assertThat(run("relative").code()).isEqualTo(255);
    assertThat(run("/a", "/b").code()).isEqualTo(255);
    assertThat(run("--help").code()).isZero();
    assertThat(run("--help").out()).contains("-locations");
  }

  /** Two data cells, of which server 1 has the first one, and a parity cell on server 3. */
  private void codedFile() {
    ChunkId first = ChunkId.of(PoolId.coded(CodingPolicy.XOR_2_1, StorageClass.ANY).value(), 3, 64);
    Stripe.Builder stripe = Stripe.newBuilder().setDataCells(2).setParityCells(1);
    administration.replicas.clear();
    for (int cell = 0; cell < 3; cell++) {
      ChunkId chunk = first.withCell(cell);
      int server = cell + 1;
      stripe
          .addCellsBuilder()
          .setChunk(chunk.value())
          .setLength(LENGTH)
          .addMembersBuilder()
          .setServer(server)
          .setName("d" + server)
          .setHost(address(server).host())
          .setPort(address(server).port());
      administration.replicas.put(
          address(server),
          Map.of(
              chunk,
              ReplicaReport.newBuilder()
                  .setChunk(chunk.value())
                  .setState(ReplicaState.REPLICA_SEALED)
                  .setLength(LENGTH)
                  .build()));
    }
    administration.chunks.put(
        first,
        ChunkResult.newBuilder()
            .setLocation(
                ChunkLocation.newBuilder()
                    .setChunk(first.value())
                    .setState(ChunkState.SEALED)
                    .setLength(LENGTH)
                    .setReplication(1)
                    .setStripe(stripe))
            .build());
    DataServerAddress member =
        new DataServerAddress(new ServerId(1), "d1", address(1), DataServerAddress.Health.UP);
    memory.setExtents(
        Map.of(FILE, List.of(new FileExtent(0, LENGTH, first, 0, 1, List.of(member)))));
  }

  @Test
  void aLostCellThatOthersGiveBackIsMissingButCorruptsNoFile() {
    codedFile();
    assertThat(run().code()).isZero();
    administration.replicas.put(address(1), Map.of());
    ShellRun.Result result = run();
    assertThat(lastLine(result))
        .isEqualTo(
            "The filesystem under path '/' is UNDER-REPLICATED: 1 of 1 chunks lack 1 replicas");
    assertThat(result.out())
        .contains("Under-replicated chunks:   1")
        .contains("Replicas found:            0");
  }

  @Test
  void aLostCellWithoutEnoughOthersCorruptsItsFile() {
    codedFile();
    administration.replicas.put(address(1), Map.of());
    administration.replicas.put(address(3), Map.of());
    ShellRun.Result result = run();
    assertThat(lastLine(result))
        .isEqualTo(
            "The filesystem under path '/' is CORRUPT: 1 of 2 files cannot be read, 1 chunks are lost,"
                + " 0 records contradict each other");
    assertThat(result.out()).contains("no replica has these bytes");
  }
}
