package io.cairnfs.metaserver.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.metaserver.operation.NoChunks;
import io.cairnfs.metaserver.store.MemoryHome;
import io.cairnfs.metaserver.store.RocksHome;
import io.cairnfs.metaserver.store.RocksOptions;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.StoreHome;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandBatch;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Unlink;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.raft.StateMachine.Batch;
import io.cairnfs.raft.StateMachine.CheckpointPosition;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MetadataStateMachineTest {
  @TempDir Path directory;

  private MetadataStateMachine machine(StoreHome home) throws IOException {
    return new MetadataStateMachine(home, new NoChunks(), 256);
  }

  private StoreHome rocks(String name) {
    return new RocksHome(directory.resolve(name), RocksOptions.SMALL);
  }

  private static byte[] batch(Command... commands) {
    return CommandBatch.newBuilder().addAllCommands(List.of(commands)).build().toByteArray();
  }

  private static Command.Builder command() {
    return Command.newBuilder().setUser("root").setSuperuser(true).addGroups("supergroup");
  }

  private static Command bootstrap() {
    return command()
        .setBootstrap(
            Bootstrap.newBuilder()
                .setClusterId("c1")
                .setSuperuser("root")
                .setSupergroup("supergroup")
                .setPoolSlots(16)
                .setDefaultReplication(3)
                .setDefaultChunkBytes(1 << 20)
                .setInlineBytes(100))
        .build();
  }

  private static Command openSession() {
    return command()
        .setOpenSession(OpenSession.newBuilder().setNonce(ByteString.copyFromUtf8("12345678")))
        .build();
  }

  private static NodeRef path(String path) {
    return NodeRef.newBuilder().setPath(ByteString.copyFromUtf8(path)).build();
  }

  /** A log: the first entry makes the cluster, each later one holds a few calls. */
  private static List<byte[]> log(int entries) {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(5);
    List<byte[]> log = new ArrayList<>();
    log.add(batch(bootstrap(), openSession()));
    long call = 0;
    for (int i = 1; i < entries; i++) {
      CommandBatch.Builder batch = CommandBatch.newBuilder();
      for (int j = random.nextInt(4); j >= 0; j--) {
        call++;
        batch.addCommands(
            command()
                .setStampNanos(random.nextInt(1000))
                .setSession(1)
                .setCall(call)
                .setLowWater(Math.max(1, call - random.nextInt(3)))
                .setOperation(operation(random)));
      }
      log.add(batch.build().toByteArray());
    }
    return log;
  }

  private static Operation.Builder operation(RandomGenerator random) {
    NodeRef file = path("/d" + random.nextInt(5) + "/f" + random.nextInt(5));
    NodeRef directory = path("/d" + random.nextInt(5));
    return switch (random.nextInt(5)) {
      case 0 -> Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(directory));
      case 1 -> Operation.newBuilder().setUnlink(Unlink.newBuilder().setTarget(file));
      case 2 -> Operation.newBuilder().setDeleteTree(DeleteTree.newBuilder().setTarget(directory));
      default ->
          Operation.newBuilder()
              .setCreate(
                  Create.newBuilder()
                      .setTarget(file)
                      .setOverwrite(true)
                      .setInline(ByteString.copyFromUtf8("x".repeat(random.nextInt(20)))));
    };
  }

  private static void apply(MetadataStateMachine machine, List<byte[]> log, int from, int to)
      throws IOException {
    for (int i = from; i < to; i++) {
      machine.apply(i + 1, 1, log.get(i));
    }
  }

  @Test
  void memoryAndDiskHoldTheSameRecords() throws IOException {
    List<byte[]> log = log(150);
    try (MetadataStateMachine memory = machine(new MemoryHome());
        MetadataStateMachine disk = machine(rocks("a"))) {
      for (int i = 0; i < log.size(); i++) {
        List<CommandReply> expected = memory.apply(i + 1, 1, log.get(i));
        assertThat(disk.apply(i + 1, 1, log.get(i))).isEqualTo(expected);
        assertThat(disk.applied()).isEqualTo(memory.applied());
        assertThat(disk.digest()).isEqualTo(memory.digest());
      }
      try (StoreView view = disk.view()) {
        assertThat(StoreDigest.recompute(view)).isEqualTo(memory.applied().digest());
      }
    }
  }

  @Test
  void entriesAppliedAtOnceGiveWhatTheyGiveOneByOne() throws IOException {
    List<byte[]> log = log(400);
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(6);
    try (MetadataStateMachine single = machine(new MemoryHome());
        MetadataStateMachine together = machine(rocks("a"))) {
      int at = 0;
      while (at < log.size()) {
        int end = Math.min(log.size(), at + 1 + random.nextInt(20));
        List<List<CommandReply>> expected = new ArrayList<>();
        List<Batch> run = new ArrayList<>();
        for (; at < end; at++) {
          // A new leader in the middle, now and then.
          long term = 1L + at / 50;
          expected.add(single.apply(at + 1, term, log.get(at)));
          run.add(new Batch(at + 1, term, log.get(at)));
        }
        assertThat(together.applyAll(run)).isEqualTo(expected);
        assertThat(together.applied()).isEqualTo(single.applied());
      }
      try (StoreView view = together.view()) {
        assertThat(StoreDigest.recompute(view)).isEqualTo(single.applied().digest());
      }
    }
  }

  @Test
  void aCheckpointAndTheRestOfTheLogGiveTheSameState() throws IOException {
    List<byte[]> log = log(100);
    Path checkpoint = Files.createDirectory(directory.resolve("checkpoint"));
    long expected;
    try (MetadataStateMachine source = machine(rocks("source"))) {
      apply(source, log, 0, 60);
      CheckpointPosition position = source.checkpoint(checkpoint);
      assertThat(position).isEqualTo(new CheckpointPosition(60, 1));
      apply(source, log, 60, 100);
      expected = source.digest();
    }
    try (var files = Files.list(checkpoint)) {
      assertThat(files).allMatch(Files::isRegularFile);
    }
    try (MetadataStateMachine behind = machine(rocks("behind"))) {
      apply(behind, log, 0, 3);
      StoreView old = behind.view();
      behind.install(checkpoint);
      assertThat(behind.appliedIndex()).isEqualTo(60);
      assertThat(behind.appliedTerm()).isEqualTo(1);
      assertThat(old.applied().index()).isEqualTo(3);
      assertThat(StoreDigest.recompute(old)).isEqualTo(old.applied().digest());
      old.close();
      apply(behind, log, 60, 100);
      assertThat(behind.digest()).isEqualTo(expected);
    }
  }

  /** A crash: only what was flushed is there; the log is applied again from there on. */
  @Test
  void replayAfterACrashGivesTheSameState() throws IOException {
    List<byte[]> log = log(80);
    StoreHome home = rocks("crashed");
    Path image = directory.resolve("image");
    long expected;
    try (MetadataStateMachine machine = machine(home);
        StoreView first = machine.view()) {
      // An open view keeps RocksDB from rewriting its files while they are copied.
      assertThat(first.applied().index()).isZero();
      apply(machine, log, 0, 40);
      machine.flush();
      apply(machine, log, 40, 80);
      expected = machine.digest();
      copyTree(directory.resolve("crashed"), image);
    }
    try (MetadataStateMachine recovered = machine(new RocksHome(image, RocksOptions.SMALL))) {
      assertThat(recovered.appliedIndex()).isEqualTo(40);
      apply(recovered, log, 40, 80);
      assertThat(recovered.digest()).isEqualTo(expected);
    }
  }

  private static void copyTree(Path from, Path to) throws IOException {
    try (var paths = Files.walk(from)) {
      for (Path path : paths.toList()) {
        Files.copy(path, to.resolve(from.relativize(path).toString()));
      }
    }
  }

  @Test
  void aCheckpointInMemoryIsInstalledInMemory() throws IOException {
    List<byte[]> log = log(50);
    Path checkpoint = Files.createDirectory(directory.resolve("memory"));
    try (MetadataStateMachine source = machine(new MemoryHome());
        MetadataStateMachine target = machine(new MemoryHome())) {
      apply(source, log, 0, 50);
      source.checkpoint(checkpoint);
      target.install(checkpoint);
      assertThat(target.applied()).isEqualTo(source.applied());
    }
  }

  @Test
  void entriesOfTheEngineOnlyMoveTheIndex() throws IOException {
    try (MetadataStateMachine machine = machine(new MemoryHome())) {
      machine.skip(1, 1);
      machine.apply(2, 1, batch(bootstrap()));
      long digest = machine.digest();
      machine.skip(3, 2);
      assertThat(machine.appliedIndex()).isEqualTo(3);
      assertThat(machine.appliedTerm()).isEqualTo(2);
      assertThat(machine.digest()).isEqualTo(digest);
    }
  }

  @Test
  void anEntryThatIsNoBatchStopsTheReplicaBeforeAnythingIsWritten() throws IOException {
    try (MetadataStateMachine machine = machine(new MemoryHome())) {
      machine.apply(1, 1, batch(bootstrap()));
      assertThatThrownBy(() -> machine.apply(2, 1, new byte[] {1, 2, 3}))
          .isInstanceOf(IllegalStateException.class);
      assertThat(machine.appliedIndex()).isEqualTo(1);
    }
  }

  @Test
  void aRetryInALaterEntryAndAfterARestartGetsTheFirstReply() throws IOException {
    Command mkdir =
        command()
            .setSession(1)
            .setCall(1)
            .setLowWater(1)
            .setOperation(Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(path("/a"))))
            .build();
    StoreHome home = rocks("retry");
    CommandReply first;
    try (MetadataStateMachine machine = machine(home)) {
      machine.apply(1, 1, batch(bootstrap(), openSession()));
      first = machine.apply(2, 1, batch(mkdir)).get(0);
      assertThat(machine.apply(3, 1, batch(mkdir))).containsExactly(first);
      machine.flush();
    }
    try (MetadataStateMachine machine = machine(home)) {
      assertThat(machine.apply(4, 2, batch(mkdir))).containsExactly(first);
      assertThat(first.getErrorCode()).isZero();
    }
  }
}
