package io.cairnfs.simulation.model;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.store.MemoryHome;
import io.cairnfs.metaserver.store.RocksHome;
import io.cairnfs.metaserver.store.RocksOptions;
import io.cairnfs.simulation.model.CommandSource.Operations;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A few seeds, on memory and on disk. */
class NamespaceModelTest {
  @TempDir Path directory;
  private final NoExtents chunks = new NoExtents();

  private static RandomGenerator random(long seed) {
    return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
  }

  private MetadataStateMachine inMemory() throws IOException {
    return new MetadataStateMachine(new MemoryHome(), new ChunkExtents(), 64);
  }

  private MetadataStateMachine onDisk(String name) throws IOException {
    return new MetadataStateMachine(
        new RocksHome(directory.resolve(name), RocksOptions.SMALL), new ChunkExtents(), 64);
  }

  @Test
  void theStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .as("outcomes that must occur for the comparison to mean something")
        .containsKeys(
            "STAT OK",
            "STAT NOT_FOUND",
            "LIST OK",
            "LIST PERMISSION_DENIED",
            "OPEN OK",
            "OPEN IS_A_DIRECTORY",
            "OPEN PERMISSION_DENIED",
            "MKDIR OK",
            "MKDIR EXISTS",
            "MKDIR NOT_FOUND",
            "MKDIR PERMISSION_DENIED",
            "CREATE OK",
            "CREATE EXISTS",
            "CREATE TOO_LARGE",
            "CREATE IS_A_DIRECTORY",
            "CREATE NOT_A_DIRECTORY",
            "CREATE NAME_TOO_LONG",
            "CREATE BEING_WRITTEN",
            "RENAME OK",
            "RENAME NOT_EMPTY",
            "RENAME INVALID_ARGUMENT",
            "RENAME EXISTS",
            "RENAME IS_A_DIRECTORY",
            "RENAME NOT_A_DIRECTORY",
            "UNLINK OK",
            "RMDIR OK",
            "RMDIR NOT_EMPTY",
            "DELETE_TREE OK",
            "SET_ATTRIBUTES OK",
            "SET_ATTRIBUTES NOT_PERMITTED",
            "RELEASE OK",
            "RELEASE LEASE_LOST",
            "OPEN_FOR_WRITE OK",
            "CLOSE_SESSION OK",
            "CREATE SESSION_EXPIRED",
            "CREATE STALE_CALL",
            "CREATE BUSY",
            "RETRY");
  }

  @Test
  void withLinksTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.LINKS);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "SYMLINK OK",
            "SYMLINK EXISTS",
            "SYMLINK NAME_TOO_LONG",
            "SYMLINK PERMISSION_DENIED",
            "LINK OK",
            "LINK EXISTS",
            "LINK NOT_PERMITTED",
            "LINK NOT_FOUND",
            "STAT NAME_TOO_LONG",
            "CREATE SYMLINK_LOOP",
            "SET_ATTRIBUTES UNSUPPORTED");
  }

  @Test
  void withAttributesTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.ATTRIBUTES);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "SET_XATTR OK",
            "SET_XATTR EXISTS",
            "SET_XATTR ATTRIBUTE_NOT_FOUND",
            "SET_XATTR NOT_PERMITTED",
            "SET_XATTR PERMISSION_DENIED",
            "SET_XATTR UNSUPPORTED",
            "SET_XATTR INVALID_ARGUMENT",
            "SET_XATTR NAME_TOO_LONG",
            "SET_XATTR VALUE_TOO_LARGE",
            "REMOVE_XATTR OK",
            "REMOVE_XATTR ATTRIBUTE_NOT_FOUND",
            "XATTRS OK",
            "XATTRS PERMISSION_DENIED",
            "ACCESSED OK",
            "MKDIR INVALID_ARGUMENT");
  }

  @Test
  void withAclsTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.ACLS);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys("SET_ACL OK", "SET_ACL INVALID_ARGUMENT", "SET_ACL NOT_PERMITTED", "ACL OK");
  }

  @Test
  void withLocksTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.LOCKS);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "LOCK OK",
            "LOCK LOCKED",
            "LOCK DEADLOCK",
            "LOCK PERMISSION_DENIED",
            "UNLOCK OK",
            "STOP_WAITING OK",
            "RELEASE_LOCKS OK",
            "RECOVER_LEASE OK",
            "MKDIR FENCED_OUT");
  }

  @Test
  void withRecallsTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.RECALLS);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "SET_LENGTH OK", "SET_LENGTH RETRY", "SET_LENGTH CONTENT_CHANGED", "REVOKE_LEASE OK");
  }

  @Test
  void withLeasedDirectoriesTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 10; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.DIRECTORIES);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "LEASE_DIRECTORY OK",
            "LEASE_DIRECTORY RETRY",
            "LEASE_DIRECTORY TOO_LARGE",
            "LEASE_DIRECTORY PERMISSION_DENIED",
            "MKDIR RETRY",
            "DELETE_TREE RETRY",
            "STAT RETRY",
            "LIST RETRY",
            "BATCHED MKDIR",
            "BATCHED CREATE",
            "BATCHED SYMLINK",
            "BATCHED UNLINK",
            "BATCHED RMDIR",
            "BATCHED RENAME",
            "BATCHED SET_ATTRIBUTES",
            "BATCHED COMMIT",
            "BATCH ENDED BY EXISTS",
            "BATCH ENDED BY LEASE_LOST",
            "BATCH ENDED BY INVALID_ARGUMENT",
            "REVOKE_LEASE OK");
  }

  @Test
  void withNodesTheStateMachineAnswersAsTheModelDoes() throws IOException {
    Map<String, Integer> seen = new TreeMap<>();
    for (long seed = 1; seed <= 6; seed++) {
      try (MetadataStateMachine machine = inMemory()) {
        NamespaceSimulation simulation =
            new NamespaceSimulation(random(seed), List.of(machine), chunks, Operations.NODES);
        try {
          simulation.run(700);
        } catch (AssertionError e) {
          throw new AssertionError("seed " + seed, e);
        }
        simulation.seen().forEach((what, count) -> seen.merge(what, count, Integer::sum));
      }
    }
    assertThat(seen)
        .containsKeys(
            "MAKE_NODE OK",
            "MAKE_NODE EXISTS",
            "MAKE_NODE NOT_PERMITTED",
            "MAKE_NODE PERMISSION_DENIED",
            "MAKE_NODE INVALID_ARGUMENT",
            "CREATE INVALID_ARGUMENT",
            "OPEN INVALID_ARGUMENT",
            "SET_XATTR NOT_PERMITTED",
            "SET_ATTRIBUTES STALE_HANDLE",
            "LINK NOT_FOUND");
    assertThat(seen.get("HANDLED OK")).as("changes of files without a name").isPositive();
  }

  @Test
  void memoryAndDiskStayEqualAndSoDoesWhatIsRebuiltFromACheckpoint() throws IOException {
    Path checkpoint = Files.createDirectory(directory.resolve("checkpoint"));
    try (MetadataStateMachine memory = inMemory();
        MetadataStateMachine disk = onDisk("disk");
        MetadataStateMachine rebuilt = onDisk("rebuilt")) {
      NamespaceSimulation simulation =
          new NamespaceSimulation(random(99), List.of(memory, disk), chunks);
      simulation.run(200);
      List<byte[]> log = simulation.log();
      int half = log.size() / 2;
      for (int i = 0; i < half; i++) {
        rebuilt.apply(i + 1, 1, log.get(i));
      }
      rebuilt.checkpoint(checkpoint);
      rebuilt.apply(half + 1, 1, log.get(half));
      rebuilt.install(checkpoint);
      for (int i = half; i < log.size(); i++) {
        rebuilt.apply(i + 1, 1, log.get(i));
      }
      assertThat(rebuilt.applied()).isEqualTo(disk.applied());
    }
  }
}
