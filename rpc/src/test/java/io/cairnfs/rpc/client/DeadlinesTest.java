package io.cairnfs.rpc.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.rpc.Method;
import io.cairnfs.proto.dataserver.ChunkLengthRequest;
import io.netty.buffer.Unpooled;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class DeadlinesTest {
  private final Deadlines deadlines = new Deadlines();

  private static Exchange exchange(long deadline) {
    return new Call<>(
        Method.CHUNK_LENGTH,
        ChunkLengthRequest.getDefaultInstance(),
        Unpooled.EMPTY_BUFFER,
        deadline,
        RpcReply::new,
        new CancellableFuture<>());
  }

  @Test
  void theOnesWhoseTimeHasComeAreTakenOutInOrder() {
    Exchange late = exchange(300);
    Exchange ended = exchange(100);
    Exchange first = exchange(150);
    Exchange second = exchange(200);
    for (Exchange each : List.of(late, ended, second, first)) {
      deadlines.add(each, 4);
    }
    assertThat(deadlines.next()).isEqualTo(100);
    assertThat(ended.end()).isTrue();
    assertThat(deadlines.next()).isEqualTo(150);
    assertThat(deadlines.expired(149)).isEmpty();
    assertThat(deadlines.expired(200)).containsExactly(first, second);
    assertThat(deadlines.next()).isEqualTo(300);
    assertThat(deadlines.expired(300)).containsExactly(late);
    assertThat(deadlines.next()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void endedOnesDoNotPileUp() {
    List<Exchange> outstanding = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      Exchange kept = exchange(1_000_000 + i);
      outstanding.add(kept);
      deadlines.add(kept, i + 1);
    }
    for (int i = 0; i < 100_000; i++) {
      Exchange quick = exchange(2_000_000 + i);
      deadlines.add(quick, 11);
      assertThat(quick.end()).isTrue();
    }
    assertThat(deadlines.size()).isLessThan(200);
    assertThat(deadlines.expired(1_000_009)).containsExactlyElementsOf(outstanding);
  }
}
