package io.cairnfs.common.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DirectoryLockTest {
  @TempDir Path directory;

  @Test
  void aSecondOwnerIsRefusedUntilTheFirstLetsGo() throws Exception {
    DirectoryLock first = DirectoryLock.take(directory);
    assertThatThrownBy(() -> DirectoryLock.take(directory))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.BUSY))
        .hasMessageContaining(directory.toString());
    first.close();
    DirectoryLock.take(directory).close();
  }
}
