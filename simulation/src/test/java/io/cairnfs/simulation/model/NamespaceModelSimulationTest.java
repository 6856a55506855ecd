package io.cairnfs.simulation.model;

import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.store.MemoryHome;
import io.cairnfs.simulation.model.CommandSource.Operations;
import java.io.IOException;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/**
 * Many seeds of {@link NamespaceSimulation} in memory. {@code -Dcairn.seeds=FROM-TO} chooses
 * others; a failure names its seed.
 */
class NamespaceModelSimulationTest {
  private static final String DEFAULT_SEEDS = "1000-1059";
  private static final int ENTRIES = 1_000;

  @Test
  void everySeedAnswersAsTheModelDoes() throws IOException {
    run(Operations.PLAIN);
  }

  @Test
  void everySeedWithLinksAnswersAsTheModelDoes() throws IOException {
    run(Operations.LINKS);
  }

  @Test
  void everySeedWithAttributesAnswersAsTheModelDoes() throws IOException {
    run(Operations.ATTRIBUTES);
  }

  @Test
  void everySeedWithAclsAnswersAsTheModelDoes() throws IOException {
    run(Operations.ACLS);
  }

  @Test
  void everySeedWithLocksAnswersAsTheModelDoes() throws IOException {
    run(Operations.LOCKS);
  }

  @Test
  void everySeedWithRecallsAnswersAsTheModelDoes() throws IOException {
    run(Operations.RECALLS);
  }

  @Test
  void everySeedOnBehalfOfOthersAnswersAsTheModelDoes() throws IOException {
    run(Operations.BEHALF);
  }

  @Test
  void everySeedWithNodesAnswersAsTheModelDoes() throws IOException {
    run(Operations.NODES);
  }

  @Test
  void everySeedWithLeasedDirectoriesAnswersAsTheModelDoes() throws IOException {
    run(Operations.DIRECTORIES);
  }

  private static void run(Operations operations) throws IOException {
    String[] range = System.getProperty("cairn.seeds", DEFAULT_SEEDS).split("-", 2);
    long last = Long.parseLong(range[range.length - 1]);
    NoExtents chunks = new NoExtents();
    for (long seed = Long.parseLong(range[0]); seed <= last; seed++) {
      RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
      try (MetadataStateMachine machine =
          new MetadataStateMachine(new MemoryHome(), new ChunkExtents(), 64)) {
        new NamespaceSimulation(random, List.of(machine), chunks, operations).run(ENTRIES);
      } catch (AssertionError e) {
        throw new AssertionError("seed " + seed, e);
      }
    }
  }
}
