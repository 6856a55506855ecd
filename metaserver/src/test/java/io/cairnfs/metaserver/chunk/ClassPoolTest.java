package io.cairnfs.metaserver.chunk;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.PoolId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.proto.command.AddPool;
import io.cairnfs.proto.command.ClassCapacity;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.PipelineChoice;
import io.cairnfs.proto.command.RegisterServer;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Pools of a class of volumes: on servers that have such ones. */
class ClassPoolTest {
  private static final int SSD = PoolId.replicated(StorageClass.SSD).value();

  private final ChunkCluster cluster = new ChunkCluster(2);

  /** A server with a disk, and an SSD that is a tenth of it all. */
  private static RegisterServer.Builder withSsd(int number) {
    return ChunkCluster.registration(number)
        .setCapacityBytes(1000)
        .addClasses(capacity(StorageClass.SSD, 100))
        .addClasses(capacity(StorageClass.DISK, 900));
  }

  private static ClassCapacity capacity(StorageClass storage, long bytes) {
    return ClassCapacity.newBuilder()
        .setStorageClass(storage.number())
        .setCapacityBytes(bytes)
        .build();
  }

  private int register(RegisterServer.Builder registration) {
    return ok(cluster.run(Command.newBuilder().setRegisterServer(registration))).getServer();
  }

  private void policy(String name) {
    SetStoragePolicy.Builder set =
        SetStoragePolicy.newBuilder().setTarget(path("/tmp")).setPolicy(name);
    ok(cluster.names.run(ROOT_USER, Operation.newBuilder().setSetStoragePolicy(set)));
  }

  private List<SlotRecord> slots(int pool) {
    return SlotTable.ofPool(cluster.store(), pool);
  }

  @Test
  void aPolicyMakesItsPoolOnTheServersOfTheClass() {
    int third = register(withSsd(3));
    int fourth = register(withSsd(4));
    policy("ALL_SSD");
    policy("ALL_SSD");
    assertThat(PoolRecord.all(cluster.store()).stream().map(PoolRecord::id))
        .containsExactly(0, SSD);
    assertThat(slots(SSD))
        .isNotEmpty()
        .allSatisfy(slot -> assertThat(slot.acting()).containsExactlyInAnyOrder(third, fourth));
    int fifth = register(withSsd(5));
    assertThat(slots(SSD)).anySatisfy(slot -> assertThat(slot.acting()).contains(fifth));
    assertThat(slots(SSD)).allSatisfy(slot -> assertThat(slot.acting()).doesNotContain(1, 2));
    assertThat(slots(0)).anySatisfy(slot -> assertThat(slot.acting()).contains(1));
    assertThat(ServerTable.find(cluster.store(), fifth).orElseThrow().weightIn(StorageClass.SSD))
        .isEqualTo(10);
  }

  @Test
  void aPoolThatNobodyHasVolumesForWaits() {
    policy("COLD");
    int pool = PoolId.replicated(StorageClass.ARCHIVE).value();
    assertThat(slots(pool)).allSatisfy(slot -> assertThat(slot.acting()).isEmpty());
    int third =
        register(ChunkCluster.registration(3).addClasses(capacity(StorageClass.ARCHIVE, 100)));
    assertThat(slots(pool)).allSatisfy(slot -> assertThat(slot.acting()).containsExactly(third));
  }

  @Test
  void untaggedVolumesAreDisks() {
    policy("HOT");
    int disk = PoolId.replicated(StorageClass.DISK).value();
    assertThat(slots(disk))
        .allSatisfy(slot -> assertThat(slot.acting()).containsExactlyInAnyOrder(1, 2));
  }

  @Test
  void aServerThatLosesAClassLeavesItsPool() {
    register(withSsd(3));
    int fourth = register(withSsd(4));
    policy("ALL_SSD");
    register(ChunkCluster.registration(3).setCapacityBytes(900));
    assertThat(slots(SSD)).allSatisfy(slot -> assertThat(slot.acting()).containsExactly(fourth));
  }

  @Test
  void chunksAreMadeInTheChosenPool() {
    int third = register(withSsd(3));
    policy("ALL_SSD");
    assertThat(new ChunkId(chunk(ok(allocate(SSD, third)))).pool()).isEqualTo(SSD);
    assertThat(error(allocate(SSD, 1))).isEqualTo(ErrorCode.RETRY);
    int coded = PoolId.coded(CodingPolicy.XOR_2_1, StorageClass.ANY).value();
    assertThat(error(allocate(coded, 1))).isEqualTo(ErrorCode.TOO_FEW_SERVERS);
    ok(cluster.run(Command.newBuilder().setAddPool(AddPool.newBuilder().setPool(coded))));
    assertThat(error(allocate(coded, 1))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  private CommandReply allocate(int pool, int server) {
    Allocate.Builder allocate = Allocate.newBuilder().setReplication(1).setCount(1);
    return cluster.names.run(
        "ann",
        cluster
            .names
            .call("ann", Operation.newBuilder().setAllocate(allocate))
            .setChosenPool(pool)
            .addChosenSlots(2)
            .addPipelines(PipelineChoice.newBuilder().addServers(server)));
  }

  private static long chunk(CommandReply reply) {
    return reply.getResult().getAllocate().getChunks(0).getChunk();
  }

  @Test
  void classesThatDoNotExistAreRefused() {
    CommandReply reply =
        cluster.run(
            Command.newBuilder()
                .setRegisterServer(
                    ChunkCluster.registration(3)
                        .addClasses(ClassCapacity.newBuilder().setStorageClass(9))));
    assertThat(error(reply)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
