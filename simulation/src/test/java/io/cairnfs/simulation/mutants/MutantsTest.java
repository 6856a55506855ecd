package io.cairnfs.simulation.mutants;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.simulation.mutants.Mutant.Finished;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/**
 * The simulator finds every deliberate defect, and finds nothing where there is none: with the same
 * arguments the code as it is passes. From known seeds; with {@code -Dcairn.long=true} also from
 * new ones.
 */
class MutantsTest {
  private static final Path ROOT = Path.of("").toAbsolutePath().getParent();
  private static final Path PATCHES = Path.of("src/mutants");
  private static final int LEAST = 20;
  private static final int LEAST_OF_THE_SYSTEM = 11;
  private static final int FRESH_SEEDS = 20_000;
  private static final int FRESH_SYSTEM_SEEDS = 2_000;

  @TempDir private Path directory;

  @TestFactory
  Stream<DynamicTest> everyMutantIsCaught() throws IOException {
    List<Mutant> mutants = Mutant.in(PATCHES);
    assertThat(mutants).filteredOn(mutant -> !mutant.isOfSystem()).hasSizeGreaterThan(LEAST);
    assertThat(mutants)
        .filteredOn(Mutant::isOfSystem)
        .hasSizeGreaterThanOrEqualTo(LEAST_OF_THE_SYSTEM);
    return mutants.stream()
        .map(mutant -> DynamicTest.dynamicTest(mutant.name(), () -> requireCaught(mutant)));
  }

  private void requireCaught(Mutant mutant) throws IOException, InterruptedException {
    Path work = Files.createTempDirectory(directory, mutant.name());
    Path classes = mutant.compile(ROOT, work);
    Finished sane = Mutant.simulate(List.of(), mutant.arguments());
    assertThat(sane.exitCode()).as("without the defect: %s", sane.output()).isZero();
    Finished mutated = Mutant.simulate(List.of(classes), mutant.arguments());
    assertThat(mutated.exitCode()).as("%s: %s", mutant, mutated.output()).isEqualTo(1);
    assertThat(mutated.output()).contains("FAILED seed");
    if (Boolean.getBoolean("cairn.long")) {
      requireCaughtAfresh(mutant, classes);
    }
  }

  private static void requireCaughtAfresh(Mutant mutant, Path classes)
      throws IOException, InterruptedException {
    List<String> arguments = new ArrayList<>(mutant.arguments());
    int first = 1 + new Random().nextInt(1 << 30);
    arguments.set(arguments.indexOf("--seed") + 1, Integer.toString(first));
    int seeds = mutant.isOfSystem() ? FRESH_SYSTEM_SEEDS : FRESH_SEEDS;
    arguments.set(arguments.indexOf("--seeds") + 1, Integer.toString(seeds));
    Finished found = Mutant.simulate(List.of(classes), arguments);
    assertThat(found.output()).as("%s, %s", mutant.name(), arguments).contains("FAILED seed");
  }

  @Test
  void aPatchThatDoesNotApplyFails() throws IOException {
    Path patch = directory.resolve("stale.patch");
    Files.writeString(
        patch,
        """
        Something that is no longer there.
        Run: --seed 1 --seeds 1

        --- a/raft/src/main/java/io/cairnfs/raft/core/Leader.java
        +++ b/raft/src/main/java/io/cairnfs/raft/core/Leader.java
        @@ -1,3 +1,3 @@
         package io.cairnfs.raft.core;
        -this line is not there
        +nor this
        \s
        """);
    Mutant stale = Mutant.in(directory).get(0);
    Path work = Files.createDirectory(directory.resolve("work"));
    assertThatThrownBy(() -> stale.compile(ROOT, work))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("does not apply any more");
  }
}
