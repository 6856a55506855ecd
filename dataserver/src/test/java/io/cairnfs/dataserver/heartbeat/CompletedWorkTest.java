package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.dataserver.CopyResult;
import io.cairnfs.proto.dataserver.CopyTask;
import org.junit.jupiter.api.Test;

class CompletedWorkTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 1);

  private final CompletedWork work = new CompletedWork();

  @Test
  void aCopyIsNamedFromItsBeginningUntilItsResultIs() {
    assertThat(work.beginCopy(CHUNK)).isTrue();
    assertThat(work.report(10).copying()).containsExactly(CHUNK.value());
    CopyResult result = CopyResult.newBuilder().setChunk(CHUNK.value()).build();
    work.copied(result);
    work.end(CHUNK);
    CompletedWork.Report report = work.report(10);
    assertThat(report.copying()).isEmpty();
    assertThat(report.copied()).containsExactly(result);
  }

  @Test
  void aCopyThatMeetsOtherWorkOnItsChunkIsNotNamed() {
    assertThat(work.begin(CHUNK)).isTrue();
    assertThat(work.beginCopy(CHUNK)).isFalse();
    assertThat(work.report(10).copying()).isEmpty();
    work.end(CHUNK);
    assertThat(work.beginCopy(CHUNK)).isTrue();
    assertThat(work.begin(CHUNK)).isFalse();
    assertThat(work.report(10).copying()).containsExactly(CHUNK.value());
  }

  @Test
  void whatIsDeletedIsNotReportedAsCopied() {
    CopyTask task = CopyTask.newBuilder().setChunk(CHUNK.value()).setSince(7).build();
    CopyResult result = CopyResult.newBuilder().setChunk(CHUNK.value()).setSince(7).build();
    work.copied(result);
    assertThat(work.doneBefore(task)).contains(result);
    assertThat(work.beginDelete(CHUNK)).isTrue();
    assertThat(work.report(10).copied()).isEmpty();
    assertThat(work.doneBefore(task)).isEmpty();
    assertThat(work.beginDelete(CHUNK)).isFalse();
    assertThat(work.beginCopy(CHUNK)).isFalse();
    work.deleted(CHUNK);
    work.end(CHUNK);
    assertThat(work.report(10).deleted()).containsExactly(CHUNK.value());
    // Copied anew while the delete waits for its report: both are true.
    assertThat(work.beginCopy(CHUNK)).isTrue();
    work.copied(result);
    assertThat(work.report(10).copied()).containsExactly(result);
  }

  @Test
  void aCopyUnderWayIsNotDeletedBelowItsHands() {
    CopyResult result = CopyResult.newBuilder().setChunk(CHUNK.value()).build();
    assertThat(work.beginCopy(CHUNK)).isTrue();
    work.copied(result);
    assertThat(work.beginDelete(CHUNK)).isFalse();
    assertThat(work.report(10).copied()).containsExactly(result);
  }
}
