package io.cairnfs.metaserver.repair;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.chunk.ChunkRecord;
import io.cairnfs.proto.command.SettleChunk;
import io.cairnfs.proto.types.ChunkState;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SettleDecisionTest {
  /** Committed at 40, pipeline 1, 2, 3. */
  private static final ChunkRecord CHUNK =
      new ChunkRecord(
          ChunkId.of(0, 3, 7),
          ChunkState.SETTLING,
          2,
          3,
          40,
          1000,
          5,
          6,
          true,
          false,
          List.of(1, 2, 3),
          9,
          0);

  private static FenceAnswer continuous(int server, long length) {
    return new FenceAnswer(server, true, length, true);
  }

  private static FenceAnswer restarted(int server, long length) {
    return new FenceAnswer(server, true, length, false);
  }

  private static SettleDecision decide(Set<Integer> out, FenceAnswer... answers) {
    return SettleDecision.of(CHUNK, List.of(answers), out);
  }

  private static SettleChunk settled(SettleDecision decision) {
    assertThat(decision).isInstanceOf(SettleDecision.Settle.class);
    return ((SettleDecision.Settle) decision).command();
  }

  private static String waiting(SettleDecision decision) {
    assertThat(decision).isInstanceOf(SettleDecision.Wait.class);
    return ((SettleDecision.Wait) decision).reason();
  }

  @Test
  void hazardA2TheLongestValidPrefixCountsNotTheShortest() {
    // C lost power and was cut to its last sync; A and B hold what was flushed.
    SettleChunk command =
        settled(decide(Set.of(), continuous(1, 100), continuous(2, 100), restarted(3, 40)));
    assertThat(command.getLength()).isEqualTo(100);
    assertThat(command.getHoldersList()).containsExactly(1, 2);
    assertThat(command.getEpoch()).isEqualTo(2);
    assertThat(command.getPossibleLoss()).isFalse();
  }

  @Test
  void hazardA2OneContinuousMemberIsEnough() {
    assertThat(settled(decide(Set.of(), continuous(2, 90))).getLength()).isEqualTo(90);
  }

  @Test
  void hazardA2AMemberThatRestartedIsNotEnoughWhileOthersMayBeContinuous() {
    assertThat(waiting(decide(Set.of(), restarted(3, 100)))).contains("silent are [1, 2]");
    assertThat(waiting(decide(Set.of(1), restarted(3, 100)))).contains("silent are [2]");
    assertThat(waiting(decide(Set.of()))).contains("[1, 2, 3]");
  }

  @Test
  void hazardA2WhereAllAnsweredNobodyNeedsToBeContinuous() {
    SettleChunk command =
        settled(decide(Set.of(), restarted(1, 60), restarted(2, 70), restarted(3, 40)));
    assertThat(command.getLength()).isEqualTo(70);
    assertThat(command.getHoldersList()).containsExactly(2);
    assertThat(command.getPossibleLoss()).isFalse();
  }

  @Test
  void hazardA2SilentServersThatAreOutArePossibleLoss() {
    SettleChunk command = settled(decide(Set.of(1, 2), restarted(3, 50)));
    assertThat(command.getLength()).isEqualTo(50);
    assertThat(command.getPossibleLoss()).isTrue();
  }

  @Test
  void hazardA2NeverBelowTheCommittedLength() {
    // A volume was re-created: 0 bytes where 40 were synced.
    assertThat(waiting(decide(Set.of(), restarted(1, 0), restarted(2, 39), restarted(3, 0))))
        .contains("[39, 40) is missing");
    FenceAnswer nothing = new FenceAnswer(1, false, 0, false);
    assertThat(waiting(decide(Set.of(2, 3), nothing))).contains("missing");
  }

  /** Nobody would ever answer, and the file could never be written again. */
  @Test
  void whereAllMembersAreOutForGoodTheCommittedLengthCounts() {
    SettleChunk command = settled(decide(Set.of(1, 2, 3)));
    assertThat(command.getLength()).isEqualTo(40);
    assertThat(command.getHoldersList()).isEmpty();
    assertThat(command.getPossibleLoss()).isTrue();
  }

  /** Struck out while it was asked: what it holds is there all the same. */
  @Test
  void anAnswerCountsEvenWhenItsServerIsOutByNow() {
    SettleChunk command = settled(decide(Set.of(1, 2, 3), continuous(1, 90), restarted(2, 60)));
    assertThat(command.getLength()).isEqualTo(90);
    assertThat(command.getHoldersList()).containsExactly(1);
    assertThat(command.getPossibleLoss()).isFalse();
  }

  @Test
  void whoIsNotInThePipelineHasNoSay() {
    assertThat(waiting(decide(Set.of(), continuous(9, 500)))).contains("[1, 2, 3]");
  }

  @Test
  void aReplicaBeyondTheMaximumIsCutThere() {
    assertThat(settled(decide(Set.of(), continuous(1, 5000))).getLength()).isEqualTo(1000);
  }
}
