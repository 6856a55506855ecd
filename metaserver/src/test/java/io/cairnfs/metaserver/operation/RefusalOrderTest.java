package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.RenameMode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where a call is refused for two reasons, Linux' is told. */
class RefusalOrderTest {
  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeSomething() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.mkdir("ann", "/tmp/d/sub", 0755));
    ok(cluster.write("ann", "/tmp/d/f", "hello"));
    ok(cluster.write("bob", "/tmp/bobs", "hello"));
  }

  private ErrorCode renamed(String user, String from, String to, RenameMode mode) {
    return error(cluster.rename(user, from, to, mode));
  }

  @Test
  void theRightsOfTheDirectoryComeBeforeTheTypeOfWhatIsRemoved() {
    assertThat(error(cluster.unlink("bob", "/tmp/d/sub"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.rmdir("bob", "/tmp/d/f"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.unlink("ann", "/tmp/d/sub"))).isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(error(cluster.rmdir("ann", "/tmp/d/f"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
  }

  @Test
  void whatAStickyDirectoryRefusesIsNotPermitted() {
    assertThat(error(cluster.unlink("ann", "/tmp/bobs"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(renamed("ann", "/tmp/bobs", "/tmp/x", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(renamed("ann", "/tmp/d/f", "/tmp/bobs", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
  }

  @Test
  void bothWaysComeBeforeWhatIsMovedAlong() {
    assertThat(renamed("ann", "/tmp/none", "/tmp/bobs/x", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(renamed("ann", "/tmp/none", "/tmp/bobs", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void existenceComesBeforeRights() {
    assertThat(renamed("bob", "/tmp/d/f", "/tmp/bobs", RenameMode.NO_REPLACE))
        .isEqualTo(ErrorCode.EXISTS);
    assertThat(renamed("bob", "/tmp/d/f", "/tmp/none", RenameMode.EXCHANGE))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(renamed("bob", "/tmp/d/f", "/tmp/none", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void whoInsistsOnANewFileIsToldThatTheDirectoryExists() {
    Create.Builder create = creation("/tmp/d", "x");
    assertThat(error(cluster.create("ann", create))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.create("ann", create.setOverwrite(true))))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
  }

  @Test
  void circlesComeBeforeRightsAndTypes() {
    assertThat(renamed("bob", "/tmp/d", "/tmp/d/sub/x", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(renamed("bob", "/tmp/d/f", "/tmp/d", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.NOT_EMPTY);
    assertThat(renamed("ann", "/tmp/d/sub", "/tmp/d", RenameMode.EXCHANGE))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(renamed("ann", "/tmp/d", "/tmp/d", RenameMode.NO_REPLACE))
        .isEqualTo(ErrorCode.EXISTS);
  }

  @Test
  void rightsComeBeforeTheTypesOfWhatIsReplaced() {
    ok(cluster.mkdir("bob", "/tmp/b", 0755));
    assertThat(renamed("bob", "/tmp/b", "/tmp/d/f", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(renamed("ann", "/tmp/d/f", "/tmp/d/sub", RenameMode.REPLACE))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
  }
}
