package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Accessed;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAttributes;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class ModeAndTimeTest {
  private static final long DAY = Duration.ofDays(1).toNanos();

  private final TestCluster cluster = new TestCluster();

  private int mode(String path) {
    return cluster.attributes(path).getMode();
  }

  private void chmod(String path, int mode) {
    ok(cluster.setAttributes(ROOT_USER, path, SetAttributes.newBuilder().setMode(mode)));
  }

  @Test
  void umaskTakesBitsFromWhatIsMade() {
    Mkdir.Builder mkdir =
        Mkdir.newBuilder()
            .setTarget(path("/tmp/a/b"))
            .setMode(0777)
            .setUmask(0277)
            .setParents(true);
    ok(cluster.run("ann", Operation.newBuilder().setMkdir(mkdir)));
    assertThat(mode("/tmp/a/b")).isEqualTo(0500);
    assertThat(mode("/tmp/a")).isEqualTo(0700);
    Create.Builder create = creation("/tmp/a/c/f", "x").setMode(0666).setUmask(027);
    ok(cluster.create("ann", create.setParents(true)));
    assertThat(mode("/tmp/a/c/f")).isEqualTo(0640);
    assertThat(mode("/tmp/a/c")).isEqualTo(0750);
    assertThat(error(cluster.create("ann", creation("/tmp/a/g", "x").setUmask(01000))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void replacingAFilesContentClearsItsSetIdBits() {
    ok(cluster.create("ann", creation("/tmp/f", "x").setMode(0644)));
    chmod("/tmp/f", 06777);
    ok(cluster.write(ROOT_USER, "/tmp/f", "as root"));
    assertThat(mode("/tmp/f")).isEqualTo(06777);
    ok(cluster.write("ann", "/tmp/f", "as ann"));
    assertThat(mode("/tmp/f")).isEqualTo(0777);
  }

  @Test
  void setGroupIdWithoutExecuteStaysForMembersOnly() {
    ok(cluster.create("ann", creation("/tmp/f", "x").setMode(0644)));
    chmod("/tmp/f", 02666);
    ok(cluster.write("bob", "/tmp/f", "a member"));
    assertThat(mode("/tmp/f")).isEqualTo(02666);
    ok(cluster.write("eve", "/tmp/f", "a guest"));
    assertThat(mode("/tmp/f")).isEqualTo(0666);
  }

  @Test
  void inASetGroupIdDirectoryTheGroupIsInheritedButNotItsRights() {
    ok(cluster.mkdir(ROOT_USER, "/shared", 02777));
    ok(cluster.setAttributes(ROOT_USER, "/shared", SetAttributes.newBuilder().setGroup("staff")));
    ok(cluster.create("ann", creation("/shared/ann", "x").setMode(02755)));
    ok(cluster.create("eve", creation("/shared/eve", "x").setMode(02755)));
    ok(cluster.create("eve", creation("/shared/plain", "x").setMode(02644)));
    ok(cluster.mkdir("eve", "/shared/dir", 0755));
    assertThat(cluster.attributes("/shared/eve").getGroup()).isEqualTo("staff");
    assertThat(mode("/shared/ann")).isEqualTo(02755);
    assertThat(mode("/shared/eve")).isEqualTo(0755);
    assertThat(mode("/shared/plain")).isEqualTo(02644);
    assertThat(mode("/shared/dir")).isEqualTo(02755);
  }

  private CommandReply accessed(long stamp, String user, Long... inodes) {
    return cluster.runAt(
        stamp,
        user,
        cluster.call(
            user,
            Operation.newBuilder()
                .setAccessed(Accessed.newBuilder().addAllInodes(List.of(inodes)))));
  }

  private long atime(String path) {
    return cluster.attributes(path).getAtimeNanos();
  }

  @Test
  void accessTimesAreSetAfterAChangeAndAfterADayOnly() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    long inode = cluster.attributes("/tmp/f").getInode();
    long changed = cluster.attributes("/tmp/f").getCtimeNanos();
    ok(accessed(10_000, "bob", inode));
    assertThat(atime("/tmp/f")).isEqualTo(10_000);
    assertThat(cluster.attributes("/tmp/f").getCtimeNanos()).isEqualTo(changed);
    ok(accessed(20_000, "bob", inode));
    assertThat(atime("/tmp/f")).isEqualTo(10_000);
    assertThat(cluster.written()).isLessThan(5);
    ok(accessed(10_000 + DAY - 1, "bob", inode));
    assertThat(atime("/tmp/f")).isEqualTo(10_000);
    ok(accessed(10_000 + DAY, "bob", inode));
    assertThat(atime("/tmp/f")).isEqualTo(10_000 + DAY);
    ok(cluster.write("ann", "/tmp/f", "y"));
    ok(accessed(DAY + 50_000, "bob", inode));
    assertThat(atime("/tmp/f")).isEqualTo(DAY + 50_000);
  }

  @Test
  void whatCannotHaveBeenReadIsPassedOver() {
    ok(cluster.create("ann", creation("/tmp/f", "x").setMode(0600)));
    ok(cluster.write("ann", "/tmp/g", "x"));
    long secret = cluster.attributes("/tmp/f").getInode();
    long open = cluster.attributes("/tmp/g").getInode();
    long before = atime("/tmp/f");
    ok(accessed(10_000, "bob", secret, -1L, 0L, 999L, open));
    assertThat(atime("/tmp/f")).isEqualTo(before);
    assertThat(atime("/tmp/g")).isEqualTo(10_000);
    assertThat(error(accessed(20_000, "bob", Collections.nCopies(1025, open).toArray(Long[]::new))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
