package io.cairnfs.metaserver.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Allocate;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DeleteTree;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Unlink;
import java.io.IOException;
import org.junit.jupiter.api.Test;

final class SpaceGuardTest {
  private static final Operation MKDIR =
      Operation.newBuilder().setMkdir(Mkdir.getDefaultInstance()).build();
  private static final Operation UNLINK =
      Operation.newBuilder().setUnlink(Unlink.getDefaultInstance()).build();

  private long free = 1000;
  private boolean broken;
  private final SpaceGuard guard = new SpaceGuard("/data", this::freeBytes, 500);

  private long freeBytes() throws IOException {
    if (broken) {
      throw new IOException("gone");
    }
    return free;
  }

  private void assertRefused(Operation operation) {
    assertThatThrownBy(() -> guard.admit(operation))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NO_SPACE));
  }

  @Test
  void aFullDiskAdmitsOnlyWhatFreesAndRecoversByItself() {
    guard.look();
    assertThatCode(() -> guard.admit(MKDIR)).doesNotThrowAnyException();
    free = 499;
    guard.look();
    assertRefused(MKDIR);
    assertRefused(Operation.newBuilder().setCreate(Create.getDefaultInstance()).build());
    assertRefused(Operation.newBuilder().setAllocate(Allocate.getDefaultInstance()).build());
    assertRefused(Operation.getDefaultInstance());
    assertThatCode(() -> guard.admit(UNLINK)).doesNotThrowAnyException();
    assertThatCode(
            () ->
                guard.admit(
                    Operation.newBuilder().setDeleteTree(DeleteTree.getDefaultInstance()).build()))
        .doesNotThrowAnyException();
    free = 500;
    guard.look();
    assertThatCode(() -> guard.admit(MKDIR)).doesNotThrowAnyException();
  }

  @Test
  void aDiskThatCannotBeAskedCountsAsFull() {
    broken = true;
    guard.look();
    assertRefused(MKDIR);
    assertThatCode(() -> guard.admit(UNLINK)).doesNotThrowAnyException();
  }
}
