package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.proto.command.Bootstrap;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.ExtentContent;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import org.junit.jupiter.api.Test;

class NamespaceOperationsTest {
  private final TestCluster cluster = new TestCluster();

  @Test
  void bootstrapMakesTheFirstDirectories() {
    assertThat(cluster.attributes("/").getMode()).isEqualTo(0755);
    assertThat(cluster.attributes("/").getLinkCount()).isEqualTo(4);
    assertThat(cluster.attributes("/tmp").getMode()).isEqualTo(01777);
    assertThat(cluster.attributes("/user").getOwner()).isEqualTo(ROOT_USER);
    assertThat(Counter.DIRECTORIES.in(cluster.store)).isEqualTo(3);
  }

  @Test
  void bootstrapIsDoneOnceForOneCluster() {
    Bootstrap.Builder same = Bootstrap.newBuilder().setClusterId("c1");
    assertThat(ok(cluster.run(ROOT_USER, Command.newBuilder().setBootstrap(same))).getChanged())
        .isFalse();
    Bootstrap.Builder other = Bootstrap.newBuilder().setClusterId("c2");
    assertThat(error(cluster.run(ROOT_USER, Command.newBuilder().setBootstrap(other))))
        .isEqualTo(ErrorCode.EXISTS);
  }

  @Test
  void mkdirCountsLinksAndTimes() {
    CommandReply reply = ok(cluster.mkdir("ann", "/tmp/a", 0750));
    Attributes made = reply.getResult().getAttributes();
    assertThat(made.getType()).isEqualTo(FileType.DIRECTORY);
    assertThat(made.getMode()).isEqualTo(0750);
    assertThat(made.getOwner()).isEqualTo("ann");
    assertThat(made.getGroup()).isEqualTo("staff");
    assertThat(made.getLinkCount()).isEqualTo(2);
    assertThat(made.getChangeIndex()).isEqualTo(reply.getLogIndex());
    Attributes parent = cluster.attributes("/tmp");
    assertThat(parent.getLinkCount()).isEqualTo(3);
    assertThat(parent.getMtimeNanos()).isEqualTo(made.getMtimeNanos());
    assertThat(parent.getCtimeNanos()).isEqualTo(made.getMtimeNanos());
  }

  @Test
  void mkdirOnWhatExists() {
    ok(cluster.mkdir("ann", "/tmp/a", 0755));
    ok(cluster.write("ann", "/tmp/f", "x"));
    assertThat(error(cluster.mkdir("ann", "/tmp/a", 0755))).isEqualTo(ErrorCode.EXISTS);
    ok(cluster.mkdirs("ann", "/tmp/a"));
    assertThat(error(cluster.mkdirs("ann", "/tmp/f"))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.mkdirs("ann", "/tmp/f/b"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(error(cluster.mkdir("ann", "/", 0755))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.mkdir("ann", "/tmp/none/b", 0755))).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void mkdirsMakesWhatIsMissingWithOwnerRights() {
    Mkdir.Builder request =
        Mkdir.newBuilder().setTarget(path("/tmp/a/b/c")).setMode(0555).setParents(true);
    ok(cluster.run("ann", Operation.newBuilder().setMkdir(request)));
    assertThat(cluster.attributes("/tmp/a").getMode()).isEqualTo(0755);
    assertThat(cluster.attributes("/tmp/a/b").getMode()).isEqualTo(0755);
    assertThat(cluster.attributes("/tmp/a/b/c").getMode()).isEqualTo(0555);
  }

  @Test
  void mkdirsThatFailsHalfwayLeavesNothing() {
    ok(cluster.mkdir(ROOT_USER, "/tmp/a", 0755));
    String name = "n".repeat(256);
    assertThat(error(cluster.mkdirs(ROOT_USER, "/tmp/a/b/c/" + name)))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
    assertThat(error(cluster.mkdirs("bob", "/tmp/a/b"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    // Makes /tmp/x and /tmp/x/y before it finds that the mode is impossible to create below.
    ok(cluster.mkdir("ann", "/tmp/x", 0555));
    assertThat(error(cluster.mkdirs("bob", "/tmp/x/y/z"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(cluster.stat("/tmp/x/y")).isEmpty();
    assertThat(cluster.stat("/tmp/a/b")).isEmpty();
  }

  @Test
  void anErrorTakesBackEverythingTheCommandDid() {
    long directories = Counter.DIRECTORIES.in(cluster.store);
    long inodes = Counter.INODE_ID.in(cluster.store);
    Create.Builder create =
        Create.newBuilder()
            .setTarget(path("/tmp/new/dir/f"))
            .setParents(true)
            .setMode(0644)
            .setExtents(ExtentContent.newBuilder().setLength(5));
    assertThat(error(cluster.create("ann", create))).isEqualTo(ErrorCode.CHUNK_NOT_FOUND);
    assertThat(cluster.stat("/tmp/new")).isEmpty();
    assertThat(Counter.DIRECTORIES.in(cluster.store)).isEqualTo(directories);
    assertThat(Counter.INODE_ID.in(cluster.store)).isEqualTo(inodes);
    assertThat(cluster.attributes("/tmp").getLinkCount()).isEqualTo(2);
  }

  @Test
  void everybodyMayMakeHisOwnHomeOnly() {
    assertThat(error(cluster.mkdir("ann", "/user/bob", 0755)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.mkdir("ann", "/user/an", 0755)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.mkdirs("ann", "/user/ann"));
    assertThat(cluster.attributes("/user/ann").getOwner()).isEqualTo("ann");
    ok(cluster.mkdir(ROOT_USER, "/other", 0755));
    assertThat(error(cluster.mkdir("ann", "/other/ann", 0755)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void badPathsAreNamed() {
    assertThat(error(cluster.mkdir("ann", "/tmp/" + "x".repeat(256), 0755)))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
    ok(cluster.mkdir("ann", "/tmp/" + "x".repeat(255), 0755));
    assertThat(error(cluster.mkdir("ann", "/tmp/" + "x/".repeat(2500), 0755)))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
    assertThat(error(cluster.mkdir("ann", "/tmp/./a", 0755))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.mkdir("ann", "/tmp/..", 0755))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.mkdir("ann", "/tmp/a\0b", 0755)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.mkdir("ann", "//tmp///a\nb/", 0755));
    assertThat(cluster.stat("/tmp/a\nb")).isPresent();
    NodeRef invalidUtf8 =
        NodeRef.newBuilder()
            .setPath(ByteString.copyFrom(new byte[] {'t', 'm', 'p', '/', (byte) 0xc3, 0x28}))
            .build();
    ok(
        cluster.run(
            "ann",
            Operation.newBuilder()
                .setMkdir(Mkdir.newBuilder().setTarget(invalidUtf8).setMode(0755))));
    assertThat(error(cluster.mkdir("ann", "/tmp/m", 010000))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void createWithContentIsCompleteAtOnce() {
    CommandReply reply = ok(cluster.write("ann", "/tmp/f", "hello"));
    Attributes file = reply.getResult().getCreate().getAttributes();
    assertThat(file.getLength()).isEqualTo(5);
    assertThat(file.getBeingWritten()).isFalse();
    assertThat(file.getReplication()).isEqualTo(3);
    assertThat(file.getChunkBytes()).isEqualTo(1 << 20);
    assertThat(reply.getResult().getCreate().getLease()).isZero();
    assertThat(cluster.content("/tmp/f")).isEqualTo("hello");
    assertThat(Counter.FILES.in(cluster.store)).isEqualTo(1);
  }

  @Test
  void createRefusesWhatItCannotKeep() {
    assertThat(error(cluster.create("ann", creation("/tmp/f", "x".repeat(17)))))
        .isEqualTo(ErrorCode.TOO_LARGE);
    assertThat(error(cluster.create("ann", creation("/tmp/f", "x").setReplication(17))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.create("ann", creation("/tmp/f", "x").setChunkBytes(5000))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.create("ann", creation("/tmp", "x")))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.create("ann", creation("/tmp", "x").setOverwrite(true))))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(error(cluster.create("ann", creation("/f", "x"))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void createWithoutOverwriteNeedsAFreeName() {
    ok(cluster.write("ann", "/tmp/f", "one"));
    assertThat(error(cluster.create("ann", creation("/tmp/f", "two")))).isEqualTo(ErrorCode.EXISTS);
    long inode = cluster.attributes("/tmp/f").getInode();
    ok(cluster.write("ann", "/tmp/f", "two"));
    assertThat(cluster.content("/tmp/f")).isEqualTo("two");
    assertThat(cluster.attributes("/tmp/f").getInode()).isEqualTo(inode);
    ok(cluster.write("ann", "/tmp/f", ""));
    assertThat(cluster.attributes("/tmp/f").getLength()).isZero();
    assertThat(cluster.content("/tmp/f")).isEmpty();
    assertThat(error(cluster.write("bob", "/tmp/f", "x"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void createWithoutContentGrantsTheWriteLease() {
    Create.Builder create = Create.newBuilder().setTarget(path("/tmp/f")).setMode(0666);
    CommandReply reply = ok(cluster.create("ann", create));
    long lease = reply.getResult().getCreate().getLease();
    long inode = reply.getResult().getCreate().getAttributes().getInode();
    assertThat(lease).isPositive();
    assertThat(cluster.attributes("/tmp/f").getBeingWritten()).isTrue();
    assertThat(error(cluster.openForWrite("bob", "/tmp/f"))).isEqualTo(ErrorCode.BEING_WRITTEN);
    assertThat(error(cluster.write("bob", "/tmp/f", "x"))).isEqualTo(ErrorCode.BEING_WRITTEN);
    assertThat(error(release("bob", inode, lease))).isEqualTo(ErrorCode.LEASE_LOST);
    assertThat(error(release("ann", inode, lease + 1))).isEqualTo(ErrorCode.LEASE_LOST);
    ok(release("ann", inode, lease));
    assertThat(error(release("ann", inode, lease))).isEqualTo(ErrorCode.LEASE_LOST);
    assertThat(cluster.attributes("/tmp/f").getBeingWritten()).isFalse();
    long next = ok(cluster.openForWrite("bob", "/tmp/f")).getResult().getCreate().getLease();
    assertThat(next).isGreaterThan(lease);
  }

  private CommandReply release(String user, long inode, long lease) {
    return cluster.run(
        user,
        Operation.newBuilder().setRelease(Release.newBuilder().setInode(inode).setLease(lease)));
  }

  @Test
  void theEndOfASessionFreesItsLeases() {
    ok(cluster.create("ann", Create.newBuilder().setTarget(path("/tmp/f")).setMode(0666)));
    ok(cluster.create("bob", Create.newBuilder().setTarget(path("/tmp/g")).setMode(0666)));
    long inode = cluster.attributes("/tmp/f").getInode();
    long session = cluster.session("ann");
    assertThat(ok(cluster.expire(session)).getChanged()).isTrue();
    assertThat(cluster.attributes("/tmp/f").getBeingWritten()).isFalse();
    assertThat(cluster.attributes("/tmp/g").getBeingWritten()).isTrue();
    assertThat(cluster.chunks.calls)
        .endsWith("end writing inode=" + inode + " session=" + session, "end session=" + session);
    assertThat(error(cluster.mkdir("ann", "/tmp/late", 0755))).isEqualTo(ErrorCode.SESSION_EXPIRED);
    assertThat(ok(cluster.expire(session)).getChanged()).isFalse();
    ok(cluster.closeSession("bob"));
    assertThat(cluster.attributes("/tmp/g").getBeingWritten()).isFalse();
    assertThat(Counter.SESSIONS.in(cluster.store)).isZero();
  }

  @Test
  void renameMovesDirectoriesAndCountsLinks() {
    ok(cluster.mkdirs("ann", "/tmp/a/sub"));
    ok(cluster.mkdirs("ann", "/tmp/b"));
    ok(cluster.write("ann", "/tmp/a/sub/f", "x"));
    long inode = cluster.attributes("/tmp/a/sub").getInode();
    ok(cluster.rename("ann", "/tmp/a/sub", "/tmp/b/moved"));
    assertThat(cluster.attributes("/tmp/b/moved").getInode()).isEqualTo(inode);
    assertThat(cluster.attributes("/tmp/b/moved").getParent())
        .isEqualTo(cluster.attributes("/tmp/b").getInode());
    assertThat(cluster.content("/tmp/b/moved/f")).isEqualTo("x");
    assertThat(cluster.stat("/tmp/a/sub")).isEmpty();
    assertThat(cluster.attributes("/tmp/a").getLinkCount()).isEqualTo(2);
    assertThat(cluster.attributes("/tmp/b").getLinkCount()).isEqualTo(3);
  }

  @Test
  void renameReplacesItsLikeOnly() {
    ok(cluster.mkdirs("ann", "/tmp/empty"));
    ok(cluster.mkdirs("ann", "/tmp/full/x"));
    ok(cluster.mkdirs("ann", "/tmp/dir"));
    ok(cluster.write("ann", "/tmp/f", "f"));
    ok(cluster.write("ann", "/tmp/g", "g"));
    assertThat(error(cluster.rename("ann", "/tmp/f", "/tmp/empty")))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(error(cluster.rename("ann", "/tmp/dir", "/tmp/f")))
        .isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(error(cluster.rename("ann", "/tmp/dir", "/tmp/full")))
        .isEqualTo(ErrorCode.NOT_EMPTY);
    assertThat(error(cluster.rename("ann", "/tmp/f", "/tmp/g", RenameMode.NO_REPLACE)))
        .isEqualTo(ErrorCode.EXISTS);
    ok(cluster.rename("ann", "/tmp/dir", "/tmp/empty"));
    ok(cluster.rename("ann", "/tmp/f", "/tmp/g"));
    assertThat(cluster.content("/tmp/g")).isEqualTo("f");
    assertThat(cluster.stat("/tmp/f")).isEmpty();
    ok(cluster.rename("ann", "/tmp/g", "/tmp/g"));
    assertThat(error(cluster.rename("ann", "/tmp/g", "/tmp/g", RenameMode.NO_REPLACE)))
        .isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.rename("ann", "/tmp/none", "/tmp/h"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.rename("ann", "/tmp/g", "/tmp/none/h")))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.rename("ann", "/tmp/g", "/"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.rename(ROOT_USER, "/", "/tmp/h")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aDirectoryDoesNotMoveBelowItself() {
    ok(cluster.mkdirs("ann", "/tmp/a/b/c"));
    assertThat(error(cluster.rename("ann", "/tmp/a", "/tmp/a/b/c/d")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.rename("ann", "/tmp/a", "/tmp/a/x")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.rename("ann", "/tmp/a/b/c", "/tmp/a/c"));
  }

  @Test
  void theStickyRuleHoldsForEveryRemoval() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    ok(cluster.mkdirs("ann", "/tmp/d"));
    ok(cluster.mkdirs("bob", "/tmp/mine"));
    ok(cluster.write("bob", "/tmp/own", "y"));
    assertThat(error(cluster.unlink("bob", "/tmp/f"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.rmdir("bob", "/tmp/d"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.rename("bob", "/tmp/f", "/tmp/mine/f")))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.rename("bob", "/tmp/own", "/tmp/f")))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.deleteTree("bob", "/tmp/d"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    ok(cluster.unlink("ann", "/tmp/f"));
    ok(cluster.unlink(ROOT_USER, "/tmp/own"));
  }

  @Test
  void searchPermissionIsNeededOnEveryDirectory() {
    ok(cluster.mkdir("ann", "/tmp/closed", 0700));
    ok(cluster.mkdir("ann", "/tmp/closed/open", 0777));
    ok(cluster.write("ann", "/tmp/closed/open/f", "x"));
    assertThat(error(cluster.unlink("bob", "/tmp/closed/open/f")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.write("bob", "/tmp/closed/open/g", "x")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.setAttributes("ann", "/tmp/closed", SetAttributes.newBuilder().setMode(0710)));
    ok(cluster.write("bob", "/tmp/closed/open/g", "x"));
    assertThat(error(cluster.write("eve", "/tmp/closed/open/h", "x")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.setAttributes("ann", "/tmp/closed", SetAttributes.newBuilder().setMode(0077)));
    assertThat(error(cluster.write("ann", "/tmp/closed/open/h", "x")))
        .as("the owner has the owner's bits, not the others'")
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void aSetGroupIdDirectoryHandsItsGroupDown() {
    ok(cluster.mkdir("ann", "/tmp/team", 0775));
    ok(cluster.setAttributes("ann", "/tmp/team", SetAttributes.newBuilder().setGroup("red")));
    ok(cluster.setAttributes("ann", "/tmp/team", SetAttributes.newBuilder().setMode(02777)));
    ok(cluster.mkdir("bob", "/tmp/team/d", 0755));
    ok(cluster.write("bob", "/tmp/team/d/f", "x"));
    assertThat(cluster.attributes("/tmp/team/d").getGroup()).isEqualTo("red");
    assertThat(cluster.attributes("/tmp/team/d").getMode()).isEqualTo(02755);
    assertThat(cluster.attributes("/tmp/team/d/f").getGroup()).isEqualTo("red");
    assertThat(cluster.attributes("/tmp/team/d/f").getMode()).isEqualTo(0644);
  }

  @Test
  void attributesChangeForThoseWhoMay() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    SetAttributes.Builder mode = SetAttributes.newBuilder().setMode(06755);
    assertThat(error(cluster.setAttributes("bob", "/tmp/f", mode)))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    ok(cluster.setAttributes("ann", "/tmp/f", mode));
    assertThat(cluster.attributes("/tmp/f").getMode()).isEqualTo(06755);
    SetAttributes.Builder owner = SetAttributes.newBuilder().setOwner("bob");
    assertThat(error(cluster.setAttributes("ann", "/tmp/f", owner)))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(
            error(
                cluster.setAttributes(
                    "ann", "/tmp/f", SetAttributes.newBuilder().setGroup("wheel"))))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    ok(cluster.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setGroup("red")));
    assertThat(cluster.attributes("/tmp/f").getMode()).as("set-id bits go").isEqualTo(0755);
    ok(cluster.setAttributes(ROOT_USER, "/tmp/f", owner));
    assertThat(cluster.attributes("/tmp/f").getOwner()).isEqualTo("bob");
    ok(cluster.setAttributes("bob", "/tmp/f", SetAttributes.newBuilder().setMode(02755)));
    assertThat(cluster.attributes("/tmp/f").getMode()).as("bob is not in red").isEqualTo(0755);
  }

  @Test
  void whatChangesHandsLosesItsSetIdBitsWhoeverGivesIt() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    ok(cluster.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(06755)));
    ok(cluster.setAttributes(ROOT_USER, "/tmp/f", SetAttributes.newBuilder().setOwner("bob")));
    assertThat(cluster.attributes("/tmp/f").getMode()).isEqualTo(0755);
    ok(
        cluster.setAttributes(
            ROOT_USER, "/tmp/f", SetAttributes.newBuilder().setOwner("ann").setMode(06755)));
    assertThat(cluster.attributes("/tmp/f").getMode()).as("asked for").isEqualTo(06755);
    ok(cluster.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setOwner("ann")));
    assertThat(cluster.attributes("/tmp/f").getMode()).as("to himself").isEqualTo(0755);
    ok(cluster.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setMode(02644)));
    ok(cluster.setAttributes(ROOT_USER, "/tmp/f", SetAttributes.newBuilder().setOwner("bob")));
    assertThat(cluster.attributes("/tmp/f").getMode()).as("runs as nobody").isEqualTo(02644);
  }

  @Test
  void whoIsNotInADirectorysGroupCannotHandItOn() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.setAttributes(ROOT_USER, "/tmp/d", SetAttributes.newBuilder().setGroup("strange")));
    ok(cluster.setAttributes("ann", "/tmp/d", SetAttributes.newBuilder().setMode(02755)));
    assertThat(cluster.attributes("/tmp/d").getMode()).isEqualTo(0755);
  }

  @Test
  void timesAndReplicationNeedTheRightToWrite() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    SetAttributes.Builder times =
        SetAttributes.newBuilder().setMtimeNanos(-5).setAtimeNanos(7_000_000_000L);
    assertThat(error(cluster.setAttributes("bob", "/tmp/f", times)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.setAttributes("ann", "/tmp/f", times));
    assertThat(cluster.attributes("/tmp/f").getMtimeNanos()).isEqualTo(-5);
    assertThat(cluster.attributes("/tmp/f").getAtimeNanos()).isEqualTo(7_000_000_000L);
    SetAttributes.Builder replication = SetAttributes.newBuilder().setReplication(2);
    assertThat(error(cluster.setAttributes("bob", "/tmp/f", replication)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.setAttributes("ann", "/tmp/f", replication));
    assertThat(cluster.attributes("/tmp/f").getReplication()).isEqualTo(2);
    assertThat(cluster.chunks.calls).contains("replication 2");
    assertThat(error(cluster.setAttributes(ROOT_USER, "/tmp", replication)))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(
            error(
                cluster.setAttributes(
                    "ann", "/tmp/f", SetAttributes.newBuilder().setReplication(0))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(
            error(cluster.setAttributes("ann", "/tmp/f", SetAttributes.newBuilder().setOwner(""))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aFailedChangeOfAttributesChangesNone() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    SetAttributes.Builder both = SetAttributes.newBuilder().setMode(0600).setOwner("bob");
    assertThat(error(cluster.setAttributes("ann", "/tmp/f", both)))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(cluster.attributes("/tmp/f").getMode()).isEqualTo(0644);
  }

  @Test
  void rmdirAndUnlinkKeepToTheirKind() {
    ok(cluster.mkdirs("ann", "/tmp/d/e"));
    ok(cluster.write("ann", "/tmp/f", "x"));
    assertThat(error(cluster.rmdir("ann", "/tmp/f"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(error(cluster.rmdir("ann", "/tmp/d"))).isEqualTo(ErrorCode.NOT_EMPTY);
    assertThat(error(cluster.unlink("ann", "/tmp/d"))).isEqualTo(ErrorCode.IS_A_DIRECTORY);
    assertThat(error(cluster.unlink("ann", "/tmp/none"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.rmdir(ROOT_USER, "/"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.unlink("ann", "/tmp/f/x"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    ok(cluster.rmdir("ann", "/tmp/d/e"));
    assertThat(cluster.attributes("/tmp/d").getLinkCount()).isEqualTo(2);
    ok(cluster.rmdir("ann", "/tmp/d"));
    assertThat(cluster.stat("/tmp/d")).isEmpty();
  }

  @Test
  void commandsAreTimedInOrderWhateverTheStamps() {
    Command.Builder late =
        cluster.call(
            "ann",
            Operation.newBuilder()
                .setMkdir(Mkdir.newBuilder().setTarget(path("/tmp/a")).setMode(0755)));
    ok(cluster.run("ann", late));
    long before = cluster.attributes("/tmp/a").getMtimeNanos();
    // A leader whose clock is behind.
    Command.Builder behind =
        cluster.call(
            "ann",
            Operation.newBuilder()
                .setMkdir(Mkdir.newBuilder().setTarget(path("/tmp/b")).setMode(0755)));
    ok(cluster.runAt(1, "ann", behind));
    assertThat(cluster.attributes("/tmp/b").getMtimeNanos()).isEqualTo(before + 1);
  }
}
