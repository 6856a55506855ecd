package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ShrinkingTest {
  @Test
  void whatIsNotNeededForTheFailureIsLeftOut() throws IOException {
    Step first = Step.on("ann", Kind.MKDIR, "first");
    Step second = Step.on("bob", Kind.RMDIR, "second");
    List<Step> steps = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      steps.add(Step.on("eve", Kind.STAT, "n" + i));
    }
    steps.add(33, first);
    steps.add(77, second);
    List<Step> shortest =
        new Shrinking(
                tried ->
                    tried.contains(first)
                        && tried.contains(second)
                        && tried.indexOf(first) < tried.indexOf(second))
            .shortest(steps);
    assertThat(shortest).containsExactly(first, second);
  }
}
