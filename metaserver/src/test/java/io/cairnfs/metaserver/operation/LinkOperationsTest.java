package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.HexFormat;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class LinkOperationsTest {
  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeSomething() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.mkdir("ann", "/tmp/e", 0755));
    ok(cluster.write("ann", "/tmp/d/f", "hello"));
  }

  private long inode(String path) {
    return cluster.attributes(path).getInode();
  }

  // Symlinks.

  @Test
  void symlinkHasItsTargetItsLengthAndAllRights() {
    Attributes link = ok(cluster.symlink("bob", "../x", "/tmp/l")).getResult().getAttributes();
    assertThat(link.getType()).isEqualTo(FileType.SYMLINK);
    assertThat(link.getMode()).isEqualTo(0777);
    assertThat(link.getLength()).isEqualTo(4);
    assertThat(link.getLinkCount()).isEqualTo(1);
    assertThat(link.getOwner()).isEqualTo("bob");
    assertThat(link.getSymlinkTarget().toStringUtf8()).isEqualTo("../x");
    assertThat(cluster.attributes("/tmp").getMtimeNanos()).isEqualTo(link.getMtimeNanos());
  }

  @Test
  void symlinkOverSomethingFails() {
    assertThat(error(cluster.symlink("ann", "x", "/tmp/d"))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.symlink("bob", "x", "/tmp/d/l")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.symlink("ann", "nowhere", "/tmp/l"));
    assertThat(error(cluster.symlink("ann", "x", "/tmp/l"))).isEqualTo(ErrorCode.EXISTS);
  }

  @Test
  void symlinkTargetsAreBounded() {
    assertThat(error(cluster.symlink("ann", "", "/tmp/l"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.symlink("ann", "x".repeat(4096), "/tmp/l")))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
    assertThat(error(cluster.symlink("ann", "a\0", "/tmp/l")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.symlink("ann", "x/".repeat(2047), "/tmp/l"));
  }

  @Test
  void pathsLeadThroughSymlinks() {
    ok(cluster.symlink("ann", "d", "/tmp/relative"));
    ok(cluster.symlink("ann", "/tmp/d", "/tmp/absolute"));
    ok(cluster.symlink("ann", "../d/.//", "/tmp/e/up"));
    ok(cluster.symlink("ann", "../../../..", "/tmp/e/root"));
    for (String way : new String[] {"relative", "absolute", "e/up", "e/root/tmp/d"}) {
      assertThat(inode("/tmp/" + way + "/f")).as(way).isEqualTo(inode("/tmp/d/f"));
    }
    ok(cluster.write("ann", "/tmp/e/up/new", "x"));
    assertThat(cluster.content("/tmp/d/new")).isEqualTo("x");
  }

  @Test
  void symlinksToNothingAndThroughFilesAreRefused() {
    ok(cluster.symlink("ann", "nothing", "/tmp/l"));
    ok(cluster.symlink("ann", "d/f/../f", "/tmp/m"));
    assertThat(error(cluster.mkdir("ann", "/tmp/l/x", 0755))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.openForWrite("ann", "/tmp/m"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    ok(cluster.symlink("ann", "n".repeat(256), "/tmp/n"));
    assertThat(error(cluster.openForWrite("ann", "/tmp/n"))).isEqualTo(ErrorCode.NAME_TOO_LONG);
  }

  @Test
  void fortySymlinksAreFollowedAndNotOneMore() {
    ok(cluster.symlink("ann", "d", "/tmp/l1"));
    for (int i = 2; i <= 41; i++) {
      ok(cluster.symlink("ann", "l" + (i - 1), "/tmp/l" + i));
    }
    assertThat(inode("/tmp/l40/f")).isEqualTo(inode("/tmp/d/f"));
    assertThat(error(cluster.openForWrite("ann", "/tmp/l41/f"))).isEqualTo(ErrorCode.SYMLINK_LOOP);
    ok(cluster.symlink("ann", "loop", "/tmp/loop"));
    assertThat(error(cluster.openForWrite("ann", "/tmp/loop"))).isEqualTo(ErrorCode.SYMLINK_LOOP);
    assertThat(error(cluster.openForWrite("ann", "/tmp/loop/x"))).isEqualTo(ErrorCode.SYMLINK_LOOP);
  }

  @Test
  void searchPermissionIsNeededBehindSymlinksToo() {
    ok(cluster.mkdir("ann", "/tmp/secret", 0700));
    ok(cluster.write("ann", "/tmp/secret/f", "x"));
    ok(cluster.symlink("bob", "secret/f", "/tmp/l"));
    ok(cluster.symlink("bob", "secret/../d", "/tmp/m"));
    assertThat(error(cluster.openForWrite("bob", "/tmp/l"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.mkdir("bob", "/tmp/m/x", 0755)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void creationFollowsUnlessItInsistsOnANewFile() {
    ok(cluster.symlink("ann", "d/f", "/tmp/l"));
    ok(cluster.symlink("ann", "d/g", "/tmp/dangling"));
    assertThat(error(cluster.create("ann", creation("/tmp/l", "x")))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.create("ann", creation("/tmp/dangling", "x"))))
        .isEqualTo(ErrorCode.EXISTS);
    ok(cluster.write("ann", "/tmp/l", "new"));
    ok(cluster.write("ann", "/tmp/dangling", "made"));
    assertThat(cluster.content("/tmp/d/f")).isEqualTo("new");
    assertThat(cluster.content("/tmp/d/g")).isEqualTo("made");
    assertThat(cluster.attributes("/tmp/l").getType()).isEqualTo(FileType.SYMLINK);
  }

  @Test
  void aSymlinkByItsInodeIsNoFile() {
    ok(cluster.symlink("ann", "d/f", "/tmp/l"));
    Create.Builder create =
        creation("", "x").setOverwrite(true).setTarget(path(inode("/tmp/l"), ""));
    assertThat(error(cluster.create("ann", create))).isEqualTo(ErrorCode.SYMLINK_LOOP);
  }

  @Test
  void creationMakesWhatASymlinkNamesIfItIsToFollow() {
    ok(cluster.symlink("ann", "d", "/tmp/way"));
    ok(cluster.symlink("ann", "../e/made", "/tmp/d/up"));
    ok(cluster.symlink("ann", "up", "/tmp/d/twice"));
    assertThat(error(cluster.create("ann", creation("/tmp/way/twice", "x"))))
        .isEqualTo(ErrorCode.EXISTS);
    ok(cluster.create("ann", creation("/tmp/way/twice", "first").setFollow(true)));
    assertThat(cluster.content("/tmp/e/made")).isEqualTo("first");
    assertThat(error(cluster.create("ann", creation("/tmp/way/twice", "x").setFollow(true))))
        .isEqualTo(ErrorCode.EXISTS);
    assertThat(cluster.content("/tmp/e/made")).isEqualTo("first");
    ok(cluster.symlink("ann", "circle", "/tmp/circle"));
    assertThat(error(cluster.create("ann", creation("/tmp/circle", "x").setFollow(true))))
        .isEqualTo(ErrorCode.SYMLINK_LOOP);
  }

  @Test
  void mkdirDoesNotFollowButMkdirsAcceptsALinkToADirectory() {
    ok(cluster.symlink("ann", "d", "/tmp/l"));
    ok(cluster.symlink("ann", "d/f", "/tmp/m"));
    ok(cluster.symlink("ann", "nothing", "/tmp/n"));
    assertThat(error(cluster.mkdir("ann", "/tmp/l", 0755))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.mkdir("ann", "/tmp/n", 0755))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.mkdirs("ann", "/tmp/m"))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.mkdirs("ann", "/tmp/n"))).isEqualTo(ErrorCode.EXISTS);
    Mkdir.Builder request = Mkdir.newBuilder().setTarget(path("/tmp/l")).setExistOk(true);
    CommandReply found = ok(cluster.run("ann", Operation.newBuilder().setMkdir(request)));
    assertThat(found.getResult().getAttributes().getInode()).isEqualTo(inode("/tmp/d"));
    ok(cluster.mkdirs("ann", "/tmp/l/x/y"));
    assertThat(cluster.stat("/tmp/d/x/y")).isPresent();
  }

  @Test
  void unlinkAndRenameAreAboutTheLinkItself() {
    ok(cluster.symlink("ann", "d", "/tmp/l"));
    assertThat(error(cluster.rmdir("ann", "/tmp/l"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    ok(cluster.rename("ann", "/tmp/l", "/tmp/m"));
    assertThat(cluster.attributes("/tmp/m").getType()).isEqualTo(FileType.SYMLINK);
    ok(cluster.deleteTree("ann", "/tmp/m"));
    assertThat(cluster.stat("/tmp/m")).isEmpty();
    assertThat(cluster.stat("/tmp/d/f")).isPresent();
    ok(cluster.symlink("ann", "d", "/tmp/l"));
    ok(cluster.unlink("ann", "/tmp/l"));
    assertThat(cluster.stat("/tmp/d/f")).isPresent();
  }

  @Test
  void attributesOfALinkItselfChangeOnlyIfAsked() {
    ok(cluster.symlink("ann", "d/f", "/tmp/l"));
    ok(cluster.setAttributes("ann", "/tmp/l", SetAttributes.newBuilder().setMode(0600)));
    assertThat(cluster.attributes("/tmp/d/f").getMode()).isEqualTo(0600);
    SetAttributes.Builder own = SetAttributes.newBuilder().setNoFollow(true);
    assertThat(error(cluster.setAttributes("ann", "/tmp/l", own.clone().setMode(0600))))
        .isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(cluster.setAttributes("bob", "/tmp/l", own.clone().setMtimeNanos(5))))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.setAttributes("ann", "/tmp/l", own.clone().setReplication(2))))
        .isEqualTo(ErrorCode.SYMLINK_LOOP);
    ok(cluster.setAttributes("ann", "/tmp/l", own.clone().setMtimeNanos(5)));
    ok(cluster.setAttributes(ROOT_USER, "/tmp/l", own.clone().setOwner("bob")));
    assertThat(cluster.attributes("/tmp/l").getMtimeNanos()).isEqualTo(5);
    assertThat(cluster.attributes("/tmp/l").getOwner()).isEqualTo("bob");
    assertThat(cluster.attributes("/tmp/d/f").getOwner()).isEqualTo("ann");
  }

  // Hard links.

  @Test
  void linkGivesAFileOneMoreName() {
    long files = Counter.FILES.in(cluster.store);
    Attributes linked = ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g")).getResult().getAttributes();
    assertThat(linked.getInode()).isEqualTo(inode("/tmp/d/f"));
    assertThat(linked.getLinkCount()).isEqualTo(2);
    assertThat(linked.getCtimeNanos()).isEqualTo(cluster.attributes("/tmp/e").getMtimeNanos());
    assertThat(linked.getMtimeNanos()).isLessThan(linked.getCtimeNanos());
    assertThat(cluster.attributes("/tmp/e").getLinkCount()).isEqualTo(2);
    assertThat(Counter.FILES.in(cluster.store)).isEqualTo(files);
    ok(cluster.write("ann", "/tmp/e/g", "both"));
    assertThat(cluster.content("/tmp/d/f")).isEqualTo("both");
  }

  @Test
  void whatALinkRefuses() {
    assertThat(error(cluster.link("ann", "/tmp/d", "/tmp/x"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.link("ann", "/tmp/none", "/tmp/x"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.link("ann", "/tmp/d/f", "/tmp/e"))).isEqualTo(ErrorCode.EXISTS);
    assertThat(error(cluster.link("ann", "/tmp/d/f", "/tmp/none/x")))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.link("bob", "/tmp/d/f", "/tmp/e/x")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    cluster.damage(
        namespace ->
            namespace.putInode(
                namespace
                    .requireInode(new InodeId(inode("/tmp/d/f")))
                    .edit()
                    .linkCount(LinkOperation.MAX_LINKS)
                    .done()));
    assertThat(error(cluster.link("ann", "/tmp/d/f", "/tmp/x")))
        .isEqualTo(ErrorCode.TOO_MANY_LINKS);
  }

  @Test
  void linkToASymlinkIsAboutTheSymlinkUnlessAskedToFollow() {
    ok(cluster.symlink("ann", "d/f", "/tmp/l"));
    ok(cluster.link("ann", "/tmp/l", "/tmp/l2"));
    assertThat(inode("/tmp/l2")).isEqualTo(inode("/tmp/l"));
    Link.Builder request =
        Link.newBuilder().setExisting(path("/tmp/l")).setLink(path("/tmp/g")).setFollow(true);
    ok(cluster.run("ann", Operation.newBuilder().setLink(request)));
    assertThat(inode("/tmp/g")).isEqualTo(inode("/tmp/d/f"));
  }

  @Test
  void contentGoesWithTheLastNameWhicheverGoesFirst() {
    ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g"));
    ok(cluster.link("ann", "/tmp/d/f", "/tmp/h"));
    long inode = inode("/tmp/h");
    ok(cluster.unlink("ann", "/tmp/d/f"));
    assertThat(cluster.attributes("/tmp/h").getLinkCount()).isEqualTo(2);
    assertThat(cluster.attributes("/tmp/h").getParent()).isEqualTo(inode("/tmp"));
    ok(cluster.unlink("ann", "/tmp/h"));
    assertThat(cluster.content("/tmp/e/g")).isEqualTo("hello");
    assertThat(cluster.attributes("/tmp/e/g").getParent()).isEqualTo(inode("/tmp/e"));
    ok(cluster.unlink("ann", "/tmp/e/g"));
    assertThat(cluster.purge(100).getCount()).isPositive();
    try (RecordCursor rows = cluster.store.scan(Table.LINK, Bytes.EMPTY, Bytes.EMPTY)) {
      assertThat(rows.next()).isFalse();
    }
    assertThat(error(cluster.openForWrite("ann", "/tmp/e/g"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(inode).isPositive();
  }

  @Test
  void aNameInADeletedTreeDoesNotTakeTheFileAlong() {
    ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g"));
    long inode = inode("/tmp/e/g");
    ok(cluster.deleteTree("ann", "/tmp/d"));
    // By id it is found by the name that is left, though its first name is cut off.
    Create.Builder byId = creation("", "more").setOverwrite(true).setTarget(path(inode, ""));
    ok(cluster.create("ann", byId));
    while (cluster.purge(1).getCount() > 0) {
      assertThat(cluster.content("/tmp/e/g")).isEqualTo("more");
    }
    Attributes left = cluster.attributes("/tmp/e/g");
    assertThat(left.getLinkCount()).isEqualTo(1);
    assertThat(left.getParent()).isEqualTo(inode("/tmp/e"));
  }

  @Test
  void aNameBesideTheFirstIsRecordedByDirectoryAndName() {
    CommandReply reply = ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g"));
    try (RecordCursor rows = cluster.store.scan(Table.LINK, Bytes.EMPTY, Bytes.EMPTY)) {
      assertThat(rows.next()).isTrue();
      String expected = "00%016x%016x67".formatted(inode("/tmp/d/f"), inode("/tmp/e"));
      assertThat(HexFormat.of().formatHex(rows.key())).isEqualTo(expected);
      assertThat(rows.value()).containsExactly(1, (int) reply.getLogIndex());
    }
  }

  // Renames.

  @Test
  void renameBetweenNamesOfOneFileDoesNothing() {
    ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g"));
    long ctime = cluster.attributes("/tmp/e/g").getCtimeNanos();
    ok(cluster.rename("ann", "/tmp/d/f", "/tmp/e/g"));
    ok(cluster.rename("ann", "/tmp/d/f", "/tmp/e/g", RenameMode.EXCHANGE));
    assertThat(cluster.attributes("/tmp/d/f").getLinkCount()).isEqualTo(2);
    assertThat(cluster.attributes("/tmp/e/g").getCtimeNanos()).isEqualTo(ctime);
    assertThat(error(cluster.rename("ann", "/tmp/d/f", "/tmp/e/g", RenameMode.NO_REPLACE)))
        .isEqualTo(ErrorCode.EXISTS);
  }

  @Test
  void renameMovesAndReplacesNamesOfFilesWithSeveral() {
    ok(cluster.write("ann", "/tmp/other", "other"));
    ok(cluster.link("ann", "/tmp/d/f", "/tmp/e/g"));
    ok(cluster.link("ann", "/tmp/other", "/tmp/e/o"));
    ok(cluster.rename("ann", "/tmp/e/g", "/tmp/h"));
    ok(cluster.rename("ann", "/tmp/d/f", "/tmp/e/o"));
    assertThat(inode("/tmp/h")).isEqualTo(inode("/tmp/e/o"));
    assertThat(cluster.attributes("/tmp/h").getLinkCount()).isEqualTo(2);
    assertThat(cluster.attributes("/tmp/other").getLinkCount()).isEqualTo(1);
    ok(cluster.unlink("ann", "/tmp/e/o"));
    assertThat(cluster.content("/tmp/h")).isEqualTo("hello");
  }

  @Test
  void exchangeSwapsAFileAndADirectory() {
    ok(cluster.mkdir("ann", "/tmp/e/sub", 0755));
    long file = inode("/tmp/d/f");
    long directory = inode("/tmp/e/sub");
    CommandReply reply = ok(cluster.rename("ann", "/tmp/d/f", "/tmp/e/sub", RenameMode.EXCHANGE));
    assertThat(reply.getResult().getRename().getAttributes().getInode()).isEqualTo(file);
    assertThat(inode("/tmp/e/sub")).isEqualTo(file);
    assertThat(inode("/tmp/d/f")).isEqualTo(directory);
    assertThat(cluster.attributes("/tmp/d").getLinkCount()).isEqualTo(3);
    assertThat(cluster.attributes("/tmp/e").getLinkCount()).isEqualTo(2);
    assertThat(cluster.attributes("/tmp/d/f").getParent()).isEqualTo(inode("/tmp/d"));
    assertThat(cluster.attributes("/tmp/e/sub").getParent()).isEqualTo(inode("/tmp/e"));
    ok(cluster.rename("ann", "/tmp/d", "/tmp/e", RenameMode.EXCHANGE));
    assertThat(cluster.content("/tmp/d/sub")).isEqualTo("hello");
    assertThat(cluster.attributes("/tmp").getLinkCount()).isEqualTo(4);
  }

  @Test
  void whatExchangeRefuses() {
    ok(cluster.mkdir("ann", "/tmp/d/sub", 0755));
    assertThat(error(cluster.rename("ann", "/tmp/d/f", "/tmp/x", RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(cluster.rename("ann", "/tmp/d", "/tmp/d/sub", RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.rename("ann", "/tmp/d/sub", "/tmp/d", RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(cluster.write("bob", "/tmp/bobs", "x"));
    assertThat(error(cluster.rename("bob", "/tmp/bobs", "/tmp/d/f", RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    // In the sticky directory both must be the caller's.
    assertThat(error(cluster.rename("bob", "/tmp/bobs", "/tmp/d", RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
  }
}
