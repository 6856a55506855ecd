package io.cairnfs.dataserver.heartbeat;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.dataserver.CopyResult;
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
}
