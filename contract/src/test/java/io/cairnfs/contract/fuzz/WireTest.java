package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What goes to a helper process comes back as it was. */
final class WireTest {
  private static final Surroundings PLAIN = new Surroundings(true, false, false);

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

  private DataInputStream in() {
    return new DataInputStream(new ByteArrayInputStream(bytes.toByteArray()));
  }

  @Test
  void stepsComeThrough() throws IOException {
    StepSource source = new StepSource(new SplittableRandom(1), Cast.ofUsers(3), PLAIN);
    for (int i = 0; i < 1000; i++) {
      Step step = source.next();
      bytes.reset();
      step.write(new DataOutputStream(bytes));
      assertThat(Step.read(in())).isEqualTo(step);
    }
  }

  @Test
  void outcomesComeThrough() throws IOException {
    Outcome outcome =
        new Outcome(
            5, "why", new TreeMap<>(Map.of("a", "1", "b", "")), new TreeMap<>(Map.of("h", "2")));
    outcome.write(new DataOutputStream(bytes));
    assertThat(Outcome.read(in())).isEqualTo(outcome);
  }

  @Test
  void equalSeedsGiveEqualSteps() {
    Cast cast = Cast.ofUsers(2);
    StepSource one = new StepSource(new SplittableRandom(5), cast, PLAIN);
    StepSource other = new StepSource(new SplittableRandom(5), cast, PLAIN);
    assertThat(List.of(one.next(), one.next(), one.next()))
        .isEqualTo(List.of(other.next(), other.next(), other.next()));
    assertThat(Step.on("ann", Kind.STAT, "a").toString()).contains("ann").contains("STAT a");
  }

  @Test
  void noStickyDirectoriesAreMadeWhereLinuxProtectsThem() {
    StepSource source =
        new StepSource(
            new SplittableRandom(1), Cast.ofUsers(3), new Surroundings(true, true, true));
    for (int i = 0; i < 5000; i++) {
      Step step = source.next();
      if (step.kind() == Kind.CHMOD || step.kind() == Kind.MKDIR) {
        assertThat(step.number() & 01000).isZero();
      }
    }
  }
}
