package io.cairnfs.fuse.vfs;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.common.time.ManualClock;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class CacheMemoryTest {
  private static final long INODE = 40;

  private final ManualClock clock = new ManualClock(0);
  private final CacheMemory memory = new CacheMemory(clock);

  private static FileStatus file(int mode) {
    return new FileStatus(
        CairnPath.of(""),
        INODE,
        FileType.FILE,
        mode,
        "ann",
        "ann",
        0,
        1,
        1,
        1,
        1,
        3,
        0,
        1,
        CairnPath.of(""),
        false,
        false,
        0);
  }

  @Test
  void aFileOfWhichNothingWasHeardMayHaveSetIdBits() {
    assertThat(memory.isKnownWithoutSetId(INODE)).isFalse();
  }

  @Test
  void aFileWithoutSetIdBitsIsNotAskedAboutForASecond() {
    memory.tell(file(0755));
    assertThat(memory.isKnownWithoutSetId(INODE)).isTrue();
    clock.advance(Duration.ofMillis(999));
    assertThat(memory.isKnownWithoutSetId(INODE)).isTrue();
    clock.advance(Duration.ofMillis(1));
    assertThat(memory.isKnownWithoutSetId(INODE)).isFalse();
  }

  @Test
  void bitsThatAreSetAreKnownAtOnce() {
    memory.tell(file(0755));
    memory.tell(file(04755));
    assertThat(memory.isKnownWithoutSetId(INODE)).isFalse();
    memory.learn(file(0755));
    assertThat(memory.isKnownWithoutSetId(INODE)).isTrue();
    memory.learn(file(02755));
    assertThat(memory.isKnownWithoutSetId(INODE)).isFalse();
  }

  @Test
  void whatIsLearntIsNotWhatTheKernelWasTold() {
    memory.learn(file(0755));
    assertThat(memory.isOutdated(file(0755))).isTrue();
    memory.tell(file(0755));
    assertThat(memory.isOutdated(file(0755))).isFalse();
  }
}
