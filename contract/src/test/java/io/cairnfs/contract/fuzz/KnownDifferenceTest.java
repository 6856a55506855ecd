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
  void anEmptyMaskExplainsWhatOnlyCairnRefusesToWhomAnAclNames() {
    Outcome refused = refused(13, Map.of());
    Step write = Step.on("ann+", Kind.TRUNCATE, "a");
    String masked = "bob user::rwx,user:ann:rw-,group::---,mask::---,other::-w-";
    Outcome linux = done(Map.of(), Map.of(KnownDifference.WAY, "root user::rwx;" + masked));
    assertThat(explaining(write, linux, refused)).containsExactly(KnownDifference.EMPTY_MASK);
    assertThat(explaining(write.by("eve"), linux, refused)).isEmpty();
    assertThat(explaining(write.by("bob"), linux, refused)).isEmpty();
    assertThat(explaining(write, linux, refused(1, Map.of()))).isEmpty();
    assertThat(explaining(write, refused(13, linux.hints()), done(Map.of(), Map.of()))).isEmpty();
    Outcome open = done(Map.of(), Map.of(KnownDifference.WAY, masked.replace("---", "--x")));
    assertThat(explaining(write, open, refused)).isEmpty();
    String inherited = "bob user::rwx,default:user:ann:rw-,default:mask::---,other::-w-";
    Outcome below = done(Map.of(), Map.of(KnownDifference.WAY, inherited));
    assertThat(explaining(write, below, refused)).isEmpty();
    assertThat(KnownDifference.EMPTY_MASK.endsSequence(write, linux)).isTrue();
    assertThat(KnownDifference.EMPTY_MASK.endsSequence(Step.on("ann", Kind.STAT, "a"), linux))
        .isFalse();
  }

  @Test
  void whatOnlyAMountRefusesIsNotExcusedInTheJavaApi() {
    Step stat = Step.onHandle("ann", Kind.FSTAT, 0);
    Outcome removed = done(Map.of("type", "d", "links", "0"), Map.of());
    Outcome stale = Outcome.refused(116, "errno 116: statx", new TreeMap<>());
    assertThat(explaining(stat, removed, stale)).containsExactly(KnownDifference.REMOVED_DIRECTORY);
    assertThat(explaining(stat, removed, refused(116, Map.of()))).isEmpty();
    Outcome there = done(Map.of("type", "d", "links", "2"), Map.of());
    assertThat(explaining(stat, there, stale)).isEmpty();
    Step copy = Step.onHandle("ann", Kind.COPY_RANGE, 0).words(List.of("1", "0"));
    assertThat(explaining(copy, refused(21, Map.of()), stale))
        .containsExactly(KnownDifference.REMOVED_DIRECTORY);
    assertThat(explaining(copy, refused(9, Map.of()), stale)).isEmpty();
  }

  @Test
  void onlyALinkInAStickyDirectoryIsForbiddenInsteadOfNotFollowed() {
    Step open = Step.on("ann", Kind.OPEN, "a/l").words(List.of("WRITE", "CREATE", "NO_FOLLOW"));
    Outcome linux = refused(13, Map.of("there", "l"));
    assertThat(explaining(open, linux, refused(40, Map.of())))
        .containsExactly(KnownDifference.STICKY_SYMLINKS);
    assertThat(explaining(open, refused(13, Map.of("there", "f")), refused(40, Map.of())))
        .isEmpty();
    assertThat(explaining(open.words(List.of("WRITE", "CREATE")), linux, refused(40, Map.of())))
        .isEmpty();
  }

  @Test
  void anExactAnswerIsExplainedByTheBlocks() {
    Map<String, String> hints = Map.of("map", "d-", "size", "8192");
    Step step = Step.onHandle("ann", Kind.SEEK_DATA, 0).number(50);
    Outcome linux = done(Map.of("position", "50"), hints);
    assertThat(explaining(step, linux, done(Map.of("position", "100"), hints)))
        .containsExactly(KnownDifference.DATA_IN_BLOCKS);
    assertThat(explaining(step, linux, done(Map.of("position", "20"), hints))).isEmpty();
    for (String beyond : List.of("4096", "999999")) {
      assertThat(explaining(step, linux, done(Map.of("position", beyond), hints))).isEmpty();
    }
    Map<String, String> more = Map.of("map", "dd-d", "size", "16384");
    Outcome atOnce = done(Map.of("position", "50"), more);
    assertThat(explaining(step, atOnce, done(Map.of("position", "5000"), more)))
        .containsExactly(KnownDifference.DATA_IN_BLOCKS);
    assertThat(explaining(step, atOnce, done(Map.of("position", "13000"), more))).isEmpty();
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
    Outcome grown = done(Map.of("position", "0"), Map.of("map", "dddd-----", "size", "36864"));
    Outcome holed = done(Map.of("position", "16384"), Map.of("map", "----ddddd", "size", "36864"));
    assertThat(explaining(step, holed, grown))
        .containsExactly(KnownDifference.SMALL_FILES_HAVE_NO_HOLES);
    Outcome far = done(Map.of("position", "0"), Map.of("map", "ddddd----", "size", "36864"));
    Outcome further =
        done(Map.of("position", "20480"), Map.of("map", "-----dddd", "size", "36864"));
    assertThat(explaining(step, further, far)).isEmpty();
  }

  @Test
  void whoeverHasToCopyWhatCannotBeJoinedIsExplainedAndNothingElse() {
    Step concat = Step.on("ann", Kind.CONCAT, "c").other("d");
    Outcome linux = done(Map.of("joined", "at once"), Map.of());
    Outcome copied = done(Map.of("joined", "by a copy"), Map.of());
    assertThat(KnownDifference.SMALL_FILES_ARE_COPIED.adjusted(concat, linux, copied))
        .isEqualTo(linux);
    Outcome refused = refused(95, Map.of());
    assertThat(KnownDifference.SMALL_FILES_ARE_COPIED.adjusted(concat, linux, refused))
        .isEqualTo(refused);
    assertThat(explaining(concat, linux, refused)).isEmpty();
    Step copy = Step.onHandle("ann", Kind.COPY_RANGE, 0).words(List.of("1", "0"));
    assertThat(explaining(copy, refused(9, Map.of()), refused(22, Map.of())))
        .containsExactly(KnownDifference.NOT_OPENED_FOR_IT);
    assertThat(explaining(copy, done(Map.of(), Map.of()), refused(22, Map.of()))).isEmpty();
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
