package io.cairnfs.common.disk;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SystemDiskTest {
  private static final int BYTES = 700_001;

  @TempDir Path directory;

  private static byte[] content() {
    byte[] content = new byte[BYTES];
    new Random(1).nextBytes(content);
    return content;
  }

  @Test
  void uncachedReadsGiveTheSameBytesAtAnyPlace() throws Exception {
    byte[] content = content();
    Path unused = Files.write(directory.resolve("f"), content);
    try (DiskFile file = new SystemDisk(directory).openUncached("f")) {
      assertThat(file.size()).isEqualTo(BYTES);
      for (int from : new int[] {0, 1, 4095, 4096, 262_144, 262_145, 699_999, BYTES}) {
        ByteBuffer target = ByteBuffer.allocate(BYTES + 10).position(3);
        assertThat(file.read(target, from)).isEqualTo(BYTES - from);
        assertThat(target.position()).isEqualTo(3 + BYTES - from);
        assertThat(Arrays.copyOfRange(target.array(), 3, 3 + BYTES - from))
            .isEqualTo(Arrays.copyOfRange(content, from, BYTES));
      }
      ByteBuffer few = ByteBuffer.allocateDirect(5);
      assertThat(file.read(few, 8_190)).isEqualTo(5);
      assertThat(few.flip()).isEqualTo(ByteBuffer.wrap(content, 8_190, 5));
      assertThat(file.read(ByteBuffer.allocate(5), BYTES + 9_000L)).isZero();
    }
  }

  @Test
  void anUncachedFileIsOnlyRead() throws Exception {
    Path unused = Files.write(directory.resolve("f"), content());
    ByteBuffer one = ByteBuffer.allocate(1);
    try (DiskFile file = new SystemDisk(directory).openUncached("f")) {
      assertThatThrownBy(() -> file.write(one, 0)).isInstanceOf(Exception.class);
      assertThatThrownBy(() -> file.truncate(0)).isInstanceOf(Exception.class);
    }
    assertThat(Files.size(directory.resolve("f"))).isEqualTo(BYTES);
  }

  @Test
  void whatIsNotThereCannotBeOpened() {
    assertThatThrownBy(() -> new SystemDisk(directory).openUncached("f"))
        .isInstanceOf(NoSuchFileException.class);
  }
}
