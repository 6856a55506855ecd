package io.cairnfs.simulation.history;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.client.history.RecordedCall;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.raft.log.StoredLog;
import io.cairnfs.simulation.history.Findings.Looked;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Good histories of many calls pass both checks; each single lie in them is found. */
class MutatedHistoryTest {
  private static final int CLIENTS = 3;
  private static final int TRIES = 25;

  @TempDir static Path directory;
  private static List<HistoryFile> good;
  private final SplittableRandom random = new SplittableRandom(5);

  @BeforeAll
  static void make() throws IOException {
    ExampleRun.make(directory, CLIENTS, 3_000, 7);
    good = new ArrayList<>();
    for (int i = 0; i < CLIENTS; i++) {
      good.add(HistoryFile.read(ExampleRun.history(directory, i)));
    }
  }

  private static Findings replay(List<HistoryFile> histories) throws IOException {
    return HistoryCheck.check(
        histories, new StoredLog(new SystemDisk(ExampleRun.log(directory)), "")::read);
  }

  @Test
  void theHistoriesAreGoodAsTheyAre() throws Exception {
    Findings replayed = replay(good);
    assertThat(replayed.texts()).isEmpty();
    assertThat(replayed.of(Looked.CALLS)).isGreaterThan(3_000);
    assertThat(replayed.of(Looked.MUTATIONS_REFUSED)).isPositive();
    assertThat(replayed.of(Looked.READS_REFUSED_AND_COMPARED)).isPositive();
    assertThat(replayed.of(Looked.CALLS_LOGGED_TWICE)).isPositive();
    assertThat(replayed.of(Looked.UNKNOWN_OUTCOMES_THAT_TOOK_EFFECT)).isPositive();
    Findings searched = OrderSearch.check(good);
    assertThat(searched.texts()).isEmpty();
    assertThat(searched.of(Looked.SEARCH_LEFT_UNDECIDED)).isZero();
    assertThat(searched.of(Looked.SEARCHED_CALLS)).isGreaterThan(2_900);
  }

  /** Changes one call that fits, anywhere. */
  private List<HistoryFile> changed(
      Predicate<RecordedCall> fits, UnaryOperator<RecordedCall> change) {
    int which = random.nextInt(CLIENTS);
    List<RecordedCall> calls = new ArrayList<>(good.get(which).calls());
    int from = random.nextInt(calls.size() / 2);
    int place = from;
    while (!fits.test(calls.get(place))) {
      place++;
    }
    calls.set(place, change.apply(calls.get(place)));
    List<HistoryFile> histories = new ArrayList<>(good);
    histories.set(
        which, new HistoryFile(good.get(which).path(), good.get(which).header(), calls, 0));
    return histories;
  }

  private static boolean isAnswered(RecordedCall call) {
    return call.end().isPresent() && call.end().get().errorCode() == 0;
  }

  private static RecordedCall.End end(RecordedCall call) {
    return call.end().orElseThrow();
  }

  private static boolean makesAFile(RecordedCall call) {
    try {
      return isAnswered(call)
          && call.kind() == RecordedCall.Kind.MUTATION
          && Operation.parseFrom(call.request()).hasCreate()
          && !Operation.parseFrom(call.request()).getCreate().getOverwrite();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  @Test
  void anAnswerOfAnotherCallIsFound() throws Exception {
    for (int i = 0; i < TRIES; i++) {
      RecordedCall other =
          good.get(0).calls().stream()
              .filter(MutatedHistoryTest::makesAFile)
              .skip(random.nextInt(50))
              .findFirst()
              .orElseThrow();
      List<HistoryFile> histories =
          changed(
              call -> makesAFile(call) && !call.equals(other),
              call ->
                  call.withEnd(
                      new RecordedCall.End(
                          end(call).nanos(), end(call).logIndex(), 0, end(other).result())));
      assertThat(replay(histories).isEmpty()).isFalse();
    }
  }

  @Test
  void aShiftedIndexIsFound() throws Exception {
    for (int i = 0; i < TRIES; i++) {
      long by = random.nextBoolean() ? 1 : -1;
      List<HistoryFile> histories =
          changed(
              call -> isAnswered(call) && call.kind() == RecordedCall.Kind.MUTATION,
              call ->
                  call.withEnd(
                      new RecordedCall.End(
                          end(call).nanos(), end(call).logIndex() + by, 0, end(call).result())));
      assertThat(replay(histories).isEmpty()).isFalse();
    }
  }

  @Test
  void aSuccessMadeARefusalIsFoundByBoth() throws Exception {
    int bySearch = 0;
    for (int i = 0; i < TRIES; i++) {
      List<HistoryFile> histories =
          changed(
              MutatedHistoryTest::makesAFile,
              call ->
                  call.withEnd(
                      new RecordedCall.End(
                          end(call).nanos(),
                          end(call).logIndex(),
                          ErrorCode.EXISTS.number(),
                          end(call).result())));
      assertThat(replay(histories).isEmpty()).isFalse();
      bySearch += OrderSearch.check(histories).isEmpty() ? 0 : 1;
    }
    // Beside another call that made the name, the refusal may be right.
    assertThat(bySearch).isGreaterThan(TRIES * 4 / 5);
  }

  @Test
  void aCallMovedInTimeIsFound() throws Exception {
    for (int i = 0; i < TRIES; i++) {
      long by = 5_000_000;
      List<HistoryFile> histories =
          changed(
              call -> isAnswered(call) && call.kind() == RecordedCall.Kind.MUTATION,
              call ->
                  HandMadeRun.at(
                      call,
                      call.sentNanos() + by,
                      Optional.of(
                          new RecordedCall.End(
                              end(call).nanos() + by,
                              end(call).logIndex(),
                              0,
                              end(call).result()))));
      assertThat(replay(histories).isEmpty()).isFalse();
    }
  }
}
