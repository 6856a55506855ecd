package io.cairnfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.common.time.ManualClock;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class DirectoryMemoryTest {
  private static final long DIRECTORY = 7;
  private static final Duration SECOND = Duration.ofSeconds(1);

  private final ManualClock clock = new ManualClock(0);
  private final DirectoryMemory memory = new DirectoryMemory(clock);

  private static FileStatus status(FileType type, long changedNanos) {
    return new FileStatus(
        CairnPath.of(""),
        DIRECTORY,
        type,
        0755,
        "u",
        "g",
        0,
        changedNanos,
        1,
        changedNanos,
        1,
        0,
        0,
        1,
        CairnPath.of(""),
        false,
        false,
        0);
  }

  private void learn(long changedNanos) {
    memory.learn(status(FileType.DIRECTORY, changedNanos), memory.count(), clock.monotonicNanos());
  }

  private Optional<Long> changed() {
    return memory.find(DIRECTORY, SECOND).map(found -> found.status().changeTimeNanos());
  }

  @Test
  void aDirectoryIsKnownForAWhile() {
    learn(5);
    clock.advance(Duration.ofMillis(999));
    assertThat(memory.find(DIRECTORY, SECOND).orElseThrow().age())
        .isEqualTo(Duration.ofMillis(999));
    assertThat(memory.find(DIRECTORY, Duration.ZERO)).isEmpty();
    learn(5);
    clock.advance(SECOND);
    assertThat(changed()).isEmpty();
  }

  @Test
  void filesAreNotRemembered() {
    memory.learn(status(FileType.FILE, 5), memory.count(), clock.monotonicNanos());
    assertThat(changed()).isEmpty();
  }

  @Test
  void aNameThatIsMadeChangesTheTimes() {
    learn(5);
    clock.advance(Duration.ofMillis(600));
    DirectoryMemory.Naming naming = memory.naming(DIRECTORY);
    assertThat(changed()).isEmpty();
    naming.done(9);
    FileStatus now = memory.find(DIRECTORY, SECOND).orElseThrow().status();
    assertThat(now.changeTimeNanos()).isEqualTo(9);
    assertThat(now.modificationTimeNanos()).isEqualTo(9);
    assertThat(now.accessTimeNanos()).isEqualTo(1);
    clock.advance(Duration.ofMillis(400));
    assertThat(changed()).isEmpty();
  }

  @Test
  void aNameThatMayNotHaveBeenMadeLeavesNothing() {
    learn(5);
    DirectoryMemory.Naming unused = memory.naming(DIRECTORY);
    assertThat(changed()).isEmpty();
  }

  @Test
  void whatWasAskedForBeforeAChangeIsForgotten() {
    long before = memory.count();
    memory.changed(DIRECTORY);
    memory.learn(status(FileType.DIRECTORY, 5), before, clock.monotonicNanos());
    assertThat(changed()).isEmpty();
    before = memory.count();
    memory.changed();
    memory.learn(status(FileType.DIRECTORY, 5), before, clock.monotonicNanos());
    assertThat(changed()).isEmpty();
    before = memory.count();
    memory.changed(DIRECTORY + 1);
    memory.learn(status(FileType.DIRECTORY, 5), before, clock.monotonicNanos());
    assertThat(changed()).hasValue(5L);
  }

  @Test
  void aChangeWhileANameIsMadeForgetsBoth() {
    learn(5);
    DirectoryMemory.Naming naming = memory.naming(DIRECTORY);
    memory.changed(DIRECTORY);
    naming.done(9);
    assertThat(changed()).isEmpty();
  }
}
