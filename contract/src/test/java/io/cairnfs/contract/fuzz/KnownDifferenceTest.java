package io.cairnfs.contract.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

final class KnownDifferenceTest {
  private static final Pattern ROW = Pattern.compile("^\\| `([A-Z_]+)` \\|", Pattern.MULTILINE);

  private static Outcome done(Map<String, String> answer, Map<String, String> hints) {
    return Outcome.done(new TreeMap<>(answer), new TreeMap<>(hints));
  }

  private static Outcome refused(int errno, Map<String, String> hints) {
    return Outcome.refused(errno, "errno " + errno, new TreeMap<>(hints));
  }

  private static List<KnownDifference> explaining(Step step, Outcome linux, Outcome cairn) {
    return Arrays.stream(KnownDifference.values())
        .filter(each -> each.explains(step, linux, cairn))
        .toList();
  }

  @Test
  void theDocumentedDifferencesAreTheseAndNoOthers() throws IOException {
    String text = Files.readString(Path.of("../docs/semantics.md"));
    List<String> documented =
        ROW.matcher(text).results().map((MatchResult row) -> row.group(1)).toList();
    assertThat(documented)
        .containsExactlyInAnyOrderElementsOf(
            Arrays.stream(KnownDifference.values()).map(Enum::name).toList());
  }

  @Test
  void anotherErrnoIsNoKnownDifference() {
    for (Kind kind : Kind.values()) {
      Step step = Step.on("ann", kind, "a");
      assertThat(explaining(step, refused(2, Map.of()), refused(13, Map.of()))).isEmpty();
      assertThat(explaining(step, refused(13, Map.of()), done(Map.of(), Map.of()))).isEmpty();
      assertThat(explaining(step, done(Map.of(), Map.of()), refused(13, Map.of()))).isEmpty();
    }
  }

  @Test
  void anExactAnswerIsExplainedByTheBlocks() {
    Map<String, String> hints = Map.of("map", "d-", "size", "8192");
    Step step = Step.onHandle("ann", Kind.SEEK_DATA, 0).number(50);
    Outcome linux = done(Map.of("position", "50"), hints);
    assertThat(explaining(step, linux, done(Map.of("position", "100"), hints)))
        .containsExactly(KnownDifference.DATA_IN_BLOCKS);
    assertThat(explaining(step, linux, done(Map.of("position", "20"), hints))).isEmpty();
    Outcome wrong = done(Map.of("position", "4096"), hints);
    assertThat(explaining(step, wrong, done(Map.of("position", "100"), hints))).isEmpty();
  }

  @Test
  void holesThatAreDataToLinuxAreExplainedAndNotTheReverse() {
    Step step = Step.onHandle("ann", Kind.SEEK_DATA, 0);
    Outcome data = done(Map.of("position", "0"), Map.of("map", "dd", "size", "8192"));
    Outcome hole = done(Map.of("position", "4096"), Map.of("map", "-d", "size", "8192"));
    assertThat(explaining(step, data, hole)).containsExactly(KnownDifference.ZEROS_ARE_A_HOLE);
    assertThat(explaining(step, hole, data))
        .containsExactly(KnownDifference.SMALL_FILES_HAVE_NO_HOLES);
    Outcome large = done(Map.of("position", "0"), Map.of("map", "d".repeat(9), "size", "36864"));
    Outcome holed =
        done(Map.of("position", "4096"), Map.of("map", "-" + "d".repeat(8), "size", "36864"));
    assertThat(explaining(step, holed, large)).isEmpty();
  }

  @Test
  void aFileIsNeverTakenForADirectory() {
    Outcome linux = done(Map.of("type", "f", "size", "5", "links", "2"), Map.of());
    Outcome cairn = done(Map.of("type", "f", "size", "0", "links", "1"), Map.of());
    for (KnownDifference each : KnownDifference.values()) {
      assertThat(each.adjusted(Step.on("ann", Kind.STAT, "a"), linux, cairn)).isEqualTo(cairn);
    }
  }
}
