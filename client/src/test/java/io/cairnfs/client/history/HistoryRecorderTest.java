package io.cairnfs.client.history;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.proto.metadata.Done;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.types.NodeRef;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class HistoryRecorderTest {
  private static final NodeRef TARGET =
      NodeRef.newBuilder().setPath(ByteString.copyFromUtf8("a")).build();
  private static final Operation MKDIR =
      Operation.newBuilder().setMkdir(Mkdir.newBuilder().setTarget(TARGET)).build();
  private static final ReadRequest STAT =
      ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(TARGET)).build();
  private static final OperationResult DONE =
      OperationResult.newBuilder().setDone(Done.getDefaultInstance()).build();

  @TempDir private Path directory;
  private final ManualClock clock = new ManualClock(0);

  private Path file() {
    return directory.resolve("history");
  }

  private HistoryRecorder recorder() {
    return new HistoryRecorder(file(), "ann", "c1", clock);
  }

  private List<RecordedCall> read() throws Exception {
    return HistoryFile.read(file()).calls();
  }

  @Test
  void callsAreReadAsTheyWereMade() throws Exception {
    try (HistoryRecorder recorder = recorder()) {
      long mutation = recorder.mutationSent(7, 3, 2, MKDIR);
      clock.advance(Duration.ofNanos(10));
      long read = recorder.readSent(STAT);
      clock.advance(Duration.ofNanos(10));
      recorder.refused(
          read, new CairnException(ErrorCode.NOT_FOUND, "no such thing").atLogIndex(41));
      recorder.answered(mutation, 42, DONE);
      assertThat(recorder.mutationSent(7, 4, 2, MKDIR)).isEqualTo(3);
    }
    HistoryFile history = HistoryFile.read(file());
    assertThat(history.header().user()).isEqualTo("ann");
    assertThat(history.header().client()).isEqualTo("c1");
    assertThat(history.tornBytes()).isZero();
    RecordedCall mutation = history.calls().get(0);
    assertThat(mutation.kind()).isEqualTo(RecordedCall.Kind.MUTATION);
    assertThat(mutation.session()).isEqualTo(7);
    assertThat(mutation.call()).isEqualTo(3);
    assertThat(mutation.lowWater()).isEqualTo(2);
    assertThat(Operation.parseFrom(mutation.request())).isEqualTo(MKDIR);
    RecordedCall.End done = mutation.end().orElseThrow();
    assertThat(done.nanos() - mutation.sentNanos()).isEqualTo(20);
    assertThat(done.logIndex()).isEqualTo(42);
    assertThat(done.errorCode()).isZero();
    assertThat(OperationResult.parseFrom(done.result())).isEqualTo(DONE);
    RecordedCall read = history.calls().get(1);
    assertThat(read.kind()).isEqualTo(RecordedCall.Kind.READ);
    assertThat(ReadRequest.parseFrom(read.request())).isEqualTo(STAT);
    assertThat(read.end().orElseThrow().errorCode()).isEqualTo(ErrorCode.NOT_FOUND.number());
    assertThat(read.end().orElseThrow().logIndex()).isEqualTo(41);
    assertThat(history.calls().get(2).end()).isEmpty();
  }

  @Test
  void bytesOfTheFormatStay() throws Exception {
    try (HistoryRecorder recorder = recorder()) {
      recorder.answered(recorder.mutationSent(7, 3, 2, MKDIR), 42, DONE);
      recorder.refused(
          recorder.readSent(STAT), new CairnException(ErrorCode.NOT_FOUND, "no").atLogIndex(41));
    }
    byte[] bytes = Files.readAllBytes(file());
    int header = 16 + 2 + 3 + 2 + 2 + 2 + HistoryFile.read(file()).header().clock().length();
    assertThat(HexFormat.of().formatHex(bytes, 0, 8)).isEqualTo("4352484900000002");
    assertThat(HexFormat.of().formatHex(bytes, 16, 25)).isEqualTo("0003616e6e00026331");
    assertThat(HexFormat.of().formatHex(bytes, header, bytes.length)).isEqualTo(GOLDEN);
  }

  private static final String GOLDEN =
      "00000030ea757c5e010000000000000001000000000000000000000000000000"
          + "07000000000000000300000000000000020a050a03120161"
          + "0000001bd1b95379030000000000000001000000000000000000000000000000"
          + "2a3a00"
          + "00000018bf3770c202000000000000000200000000000000000a050a03120161"
          + "0000001fe7a3b06c040000000000000002000000000000000000000000000000"
          + "29000000016e6f";

  @Test
  void aTornTailIsCutAtEveryLength() throws Exception {
    try (HistoryRecorder recorder = recorder()) {
      recorder.answered(recorder.mutationSent(7, 3, 2, MKDIR), 42, DONE);
    }
    byte[] whole = Files.readAllBytes(file());
    int last = 8 + 17 + 8 + DONE.getSerializedSize();
    for (int cut = 1; cut <= last; cut++) {
      Files.write(file(), Arrays.copyOf(whole, whole.length - cut));
      HistoryFile history = HistoryFile.read(file());
      assertThat(history.calls()).hasSize(1);
      assertThat(history.calls().get(0).end()).isEmpty();
      assertThat(history.tornBytes()).isEqualTo(last - cut);
    }
    whole[whole.length - 1] ^= 1;
    Files.write(file(), whole);
    assertThat(read().get(0).end()).isEmpty();
  }

  @Test
  void damageBeforeTheLastRecordIsReported() throws Exception {
    try (HistoryRecorder recorder = recorder()) {
      recorder.answered(recorder.mutationSent(7, 3, 2, MKDIR), 42, DONE);
    }
    byte[] whole = Files.readAllBytes(file());
    int last = 8 + 17 + 8 + DONE.getSerializedSize();
    int first = whole.length - last - (8 + 41 + MKDIR.getSerializedSize());
    for (int at = 0; at < whole.length - last; at++) {
      if (at >= first && at < first + 4) {
        // A record that says to be longer than the file is taken for a torn one.
        continue;
      }
      byte[] damaged = whole.clone();
      damaged[at] ^= 0x40;
      Files.write(file(), damaged);
      assertThatThrownBy(this::read)
          .as("byte " + at)
          .isInstanceOf(CairnException.class)
          .hasMessageContaining(file().toString());
    }
  }

  @Test
  void anEmptyFileIsNoHistory() throws Exception {
    Files.createFile(file());
    assertThatThrownBy(this::read).isInstanceOf(CorruptionException.class);
  }

  @Test
  void anAnswerToWhatWasNeverSentIsDamage() throws Exception {
    try (HistoryRecorder recorder = recorder()) {
      long number = recorder.readSent(STAT);
      recorder.answered(number, 1, DONE);
      recorder.answered(number, 1, DONE);
    }
    assertThatThrownBy(this::read).hasMessageContaining("a call that waits");
  }

  @Test
  void noCallIsLetThroughOnceTheFileCannotBeWritten() throws Exception {
    Files.createFile(file());
    try (HistoryRecorder recorder = recorder()) {
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(() -> recorder.readSent(STAT))
            .isInstanceOfSatisfying(
                CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.EXISTS));
      }
    }
    HistoryRecorder nowhere =
        new HistoryRecorder(directory.resolve("missing/history"), "ann", "c1", clock);
    assertThatThrownBy(() -> nowhere.mutationSent(1, 1, 1, MKDIR))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.IO_ERROR));
  }

  @Test
  void afterTheEndNothingIsSentAndLateAnswersAreLeftOut() throws Exception {
    HistoryRecorder recorder = recorder();
    long number = recorder.readSent(STAT);
    recorder.close();
    recorder.answered(number, 1, DONE);
    assertThatThrownBy(() -> recorder.readSent(STAT))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CANCELLED));
    assertThat(read().get(0).end()).isEmpty();
  }

  @Test
  void aMachineWithoutABootIdHasAnUnknownClock() throws Exception {
    assertThat(HistoryHeader.clockOf(directory.resolve("none"))).isEmpty();
    Files.writeString(directory.resolve("boot"), "abc\n");
    assertThat(HistoryHeader.clockOf(directory.resolve("boot"))).isEqualTo("abc");
  }
}
