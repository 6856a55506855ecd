package io.cairnfs.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnNodes.Lock;
import io.cairnfs.client.CairnNodes.Opened;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.FileType;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The inode-based face of the client on a cluster. */
class NodesTest {
  @TempDir static Path directory;
  private static EmbeddedCluster cluster;
  private static CairnFileSystem client;
  private CairnNodes nodes;
  private static int tests;
  private long home;
  private CairnPath path;

  @BeforeAll
  static void start() throws Exception {
    cluster = EmbeddedCluster.start(directory);
    client = cluster.connect("root");
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void makeHome() throws Exception {
    nodes = nodesOf(client);
    String name = "nodes-" + ++tests;
    home = nodes.mkdir(CairnNodes.ROOT, bytes(name), 0777, 0).inode();
    path = CairnPath.of("/" + name);
  }

  /** What is tested, of a client. */
  CairnNodes nodesOf(CairnFileSystem of) {
    return of.nodes();
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private long file(String name, String content) throws Exception {
    Opened made = nodes.create(home, bytes(name), OpenOptions.forWriting().createNew(), 022);
    try (CairnFile file = made.file()) {
      int unused = file.write(0, ByteBuffer.wrap(bytes(content)));
    }
    return made.status().inode();
  }

  private static void refused(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void namesAreMadeFoundListedMovedAndRemovedByInode() throws Exception {
    long inode = file("a", "alpha");
    assertThat(nodes.lookup(home, bytes("a")).inode()).isEqualTo(inode);
    assertThat(nodes.stat(inode).length()).isEqualTo(5);
    assertThat(nodes.stat(inode).mode()).isEqualTo(0644);
    FileStatus link = nodes.link(inode, home, bytes("b"));
    assertThat(link.linkCount()).isEqualTo(2);
    long symlink = nodes.symlink(bytes("a/../x"), home, bytes("s")).inode();
    assertThat(nodes.readLink(symlink)).isEqualTo(bytes("a/../x"));
    long below = nodes.mkdir(home, bytes("d"), 0777, 027).inode();
    assertThat(nodes.stat(below).mode()).isEqualTo(0750);
    FileStatus moved = nodes.rename(home, bytes("b"), below, bytes("c"), RenameMode.REPLACE);
    assertThat(moved.inode()).isEqualTo(inode);

    List<String> names = new ArrayList<>();
    byte[] after = new byte[0];
    CairnNodes.Page page;
    do {
      page = nodes.list(home, after, 2);
      page.entries().forEach(entry -> names.add(entry.path().toString()));
      after = page.entries().get(page.entries().size() - 1).nameBytes();
    } while (page.more());
    assertThat(names).containsExactly("a", "d", "s");

    nodes.unlink(home, bytes("a"));
    refused(ErrorCode.NOT_FOUND, () -> nodes.lookup(home, bytes("a")));
    refused(ErrorCode.NOT_EMPTY, () -> nodes.rmdir(home, bytes("d")));
    assertThat(nodes.stat(inode).linkCount()).isEqualTo(1);
    nodes.unlink(below, bytes("c"));
    nodes.rmdir(home, bytes("d"));
    refused(ErrorCode.NOT_FOUND, () -> nodes.stat(inode));
    refused(ErrorCode.NOT_A_DIRECTORY, () -> nodes.list(symlink, new byte[0], 10));
  }

  @Test
  void aSymlinkIsNeverFollowed() throws Exception {
    long inode = file("target", "1");
    long link = nodes.symlink(bytes("target"), home, bytes("link")).inode();
    assertThat(nodes.lookup(home, bytes("link")).isSymlink()).isTrue();
    assertThat(nodes.setAttributes(link, AttributeChange.none().owner("ann")).owner())
        .isEqualTo("ann");
    assertThat(nodes.stat(inode).owner()).isEqualTo("root");
    refused(ErrorCode.SYMLINK_LOOP, () -> nodes.open(link, OpenOptions.forReading()));
    refused(
        ErrorCode.EXISTS,
        () -> nodes.create(home, bytes("link"), OpenOptions.forWriting().createNew(), 0).file());
  }

  @Test
  void anOpenFileOutlivesItsName() throws Exception {
    long inode = file("gone", "still here");
    try (CairnFile open = nodes.open(inode, OpenOptions.forReadingAndWriting()).file()) {
      nodes.unlink(home, bytes("gone"));
      ByteBuffer read = ByteBuffer.allocate(10);
      assertThat(open.read(0, read)).isEqualTo(10);
      int unused = open.write(10, ByteBuffer.wrap(bytes("!")));
      assertThat(open.status().length()).isEqualTo(11);
      assertThat(open.status().linkCount()).isZero();
    }
  }

  @Test
  void whatIsOpenIsThereWithoutAName() throws Exception {
    long inode = file("gone", "still here");
    CairnNodes other = cluster.connect("root").nodes();
    try (CairnFile open = nodes.open(inode, OpenOptions.forReadingAndWriting()).file()) {
      nodes.unlink(home, bytes("gone"));
      refused(ErrorCode.NOT_FOUND, () -> other.stat(inode));
      refused(
          ErrorCode.NOT_FOUND, () -> other.setAttributes(inode, AttributeChange.none().mode(0)));
      assertThat(nodes.stat(inode).linkCount()).isZero();
      assertThat(nodes.setAttributes(inode, AttributeChange.none().mode(0640)).mode())
          .isEqualTo(0640);
      nodes.setXattr(inode, "user.a", bytes("v"), CairnFileSystem.XattrMode.SET);
      assertThat(nodes.xattr(inode, "user.a")).isEqualTo(bytes("v"));
      assertThat(nodes.acl(inode)).hasSize(3);
      assertThat(nodes.truncate(inode, 5).length()).isEqualTo(5);
      assertThat(nodes.lock(range(inode, 1, CairnLock.Mode.EXCLUSIVE, 0, 0), false)).isTrue();
      assertThat(nodes.conflicting(range(inode, 2, CairnLock.Mode.SHARED, 0, 0))).isPresent();
      nodes.unlock(range(inode, 1, CairnLock.Mode.EXCLUSIVE, 0, 0));
      refused(ErrorCode.NOT_FOUND, () -> nodes.link(inode, home, bytes("back")));
      try (CairnFile again = nodes.open(inode, OpenOptions.forReading()).file()) {
        assertThat(again.length()).isEqualTo(5);
      }
      assertThat(open.length()).isEqualTo(5);
    }
    refused(ErrorCode.NOT_FOUND, () -> nodes.stat(inode));
  }

  @Test
  void theSuperuserMakesDevices() throws Exception {
    FileStatus made =
        nodes.makeNode(home, bytes("null"), FileType.CHARACTER_DEVICE, 0666, 022, 0x103);
    assertThat(made.type()).isEqualTo(FileType.CHARACTER_DEVICE);
    assertThat(made.isSpecial()).isTrue();
    assertThat(made.mode()).isEqualTo(0644);
    assertThat(made.device()).isEqualTo(0x103);
    FileStatus found = client.stat(path.resolve(CairnPath.of("null")));
    assertThat(found.device()).isEqualTo(0x103);
    assertThat(nodes.list(home, new byte[0], 10).entries().get(0).type())
        .isEqualTo(FileType.CHARACTER_DEVICE);
    refused(ErrorCode.INVALID_ARGUMENT, () -> nodes.open(made.inode(), OpenOptions.forReading()));
    CairnNodes ann = nodes.onBehalf("ann", List.of("staff"));
    refused(
        ErrorCode.NOT_PERMITTED,
        () -> ann.makeNode(home, bytes("a"), FileType.BLOCK_DEVICE, 0666, 0, 0x801));
    assertThat(ann.makeNode(home, bytes("a"), FileType.FIFO, 0666, 0, 0).owner()).isEqualTo("ann");
  }

  @Test
  void aStatusSaysWhatWasWrittenAndNotFlushed() throws Exception {
    Opened made = nodes.create(home, bytes("w"), OpenOptions.forWriting().createNew(), 0);
    try (CairnFile file = made.file()) {
      int unused = file.write(0, ByteBuffer.allocate(1000));
      assertThat(nodes.list(home, new byte[0], 10).entries().get(0).length()).isEqualTo(1000);
      unused = file.write(1000, ByteBuffer.allocate(1000));
      assertThat(nodes.lookup(home, bytes("w")).length()).isEqualTo(2000);
      assertThat(nodes.truncate(made.status().inode(), 10).length()).isEqualTo(10);
    }
    assertThat(nodes.stat(made.status().inode()).length()).isEqualTo(10);
  }

  @Test
  void whatIsMadeOnBehalfOfSomebodyIsHisAndHisRightsCount() throws Exception {
    CairnNodes ann = nodes.onBehalf("ann", List.of("staff", "wheel"));
    CairnNodes ben = nodes.onBehalf("ben", List.of("others"));
    Opened made = ann.create(home, bytes("hers"), OpenOptions.forWriting().createNew(), 077);
    try (CairnFile file = made.file()) {
      assertThat(made.status().owner()).isEqualTo("ann");
      assertThat(made.status().group()).isEqualTo("staff");
      assertThat(made.status().mode()).isEqualTo(0600);
      int unused = file.write(0, ByteBuffer.wrap(bytes("secret")));
    }
    long inode = made.status().inode();
    refused(ErrorCode.PERMISSION_DENIED, () -> ben.open(inode, OpenOptions.forReading()));
    refused(
        ErrorCode.NOT_PERMITTED, () -> ben.setAttributes(inode, AttributeChange.none().mode(0)));
    refused(ErrorCode.PERMISSION_DENIED, () -> ben.truncate(inode, 0));
    refused(ErrorCode.PERMISSION_DENIED, () -> ben.access(inode, 4));
    assertThat(ann.setAttributes(inode, AttributeChange.none().group("wheel")).group())
        .isEqualTo("wheel");
    try (CairnFile file = ann.open(inode, OpenOptions.forReading()).file()) {
      assertThat(file.length()).isEqualTo(6);
    }
    assertThat(ann.mkdir(home, bytes("dir"), 0700, 0).owner()).isEqualTo("ann");
    refused(
        ErrorCode.PERMISSION_DENIED,
        () -> ben.mkdir(nodes.lookup(home, bytes("dir")).inode(), bytes("x"), 0700, 0));
  }

  @Test
  void onlyTheSuperuserActsForOthers() throws Exception {
    CairnNodes posing = cluster.connect("mallory").nodes().onBehalf("root", List.of());
    refused(ErrorCode.NOT_PERMITTED, () -> posing.stat(CairnNodes.ROOT));
    refused(ErrorCode.NOT_PERMITTED, () -> posing.mkdir(home, bytes("m"), 0777, 0));
    refused(
        ErrorCode.NOT_PERMITTED,
        () -> posing.create(home, bytes("f"), OpenOptions.forWriting().createNew(), 0).file());
  }

  private static Lock range(long inode, long owner, CairnLock.Mode mode, long start, long length) {
    return new Lock(inode, owner, CairnLock.Scope.BYTE_RANGE, mode, start, length);
  }

  @Test
  void locksAreOfOwnersOfTheKernel() throws Exception {
    long inode = file("locked", "0123456789");
    CairnNodes other = cluster.connect("root").nodes();
    assertThat(nodes.lock(range(inode, 1, CairnLock.Mode.EXCLUSIVE, 0, 10), false)).isTrue();
    assertThat(other.lock(range(inode, 1, CairnLock.Mode.SHARED, 5, 1), false)).isFalse();
    assertThat(other.conflicting(range(inode, 1, CairnLock.Mode.SHARED, 5, 1)))
        .hasValueSatisfying(
            found -> {
              assertThat(found.start()).isZero();
              assertThat(found.length()).isEqualTo(10);
            });
    nodes.unlock(range(inode, 1, CairnLock.Mode.EXCLUSIVE, 4, 3));
    assertThat(other.conflicting(range(inode, 1, CairnLock.Mode.SHARED, 5, 1))).isEmpty();
    assertThat(other.lock(range(inode, 1, CairnLock.Mode.SHARED, 5, 1), true)).isTrue();
    nodes.releaseLocks(inode, 1);
    assertThat(other.lock(range(inode, 1, CairnLock.Mode.EXCLUSIVE, 0, 0), false)).isTrue();
    refused(
        ErrorCode.NOT_FOUND,
        () -> nodes.lock(range(Long.MAX_VALUE, 1, CairnLock.Mode.SHARED, 0, 0), false));
    assertThat(client.stat(path.resolve(CairnPath.of("locked"))).length()).isEqualTo(10);
  }
}
