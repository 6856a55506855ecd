package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnFileSystem.XattrMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What names, links and attributes do through the API, in a cluster of all roles. */
final class NamesTest {
  private static final int LENGTH = 100_000;

  private static SmallCluster cluster;

  private final CairnFileSystem files = cluster.fileSystem("ann");
  private CairnPath directory;

  @BeforeAll
  static void start(@TempDir Path root) throws Exception {
    cluster = SmallCluster.start(root);
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @BeforeEach
  void makeDirectory() throws Exception {
    directory = CairnPath.of("/tmp/" + System.identityHashCode(this));
    var unused = files.mkdir(directory, 0755);
    Contents.write(files, path("f").toString(), LENGTH);
  }

  private CairnPath path(String name) {
    return directory.resolve(name);
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static ErrorCode refusal(ThrowingCall call) {
    try {
      call.run();
    } catch (CairnException e) {
      return e.code();
    }
    throw new AssertionError("a refusal is expected");
  }

  private interface ThrowingCall {
    void run() throws CairnException;
  }

  @Test
  void aSymlinkIsMadeReadAndFollowed() throws Exception {
    FileStatus link = files.symlink(bytes("./f//"), path("l"));
    assertThat(link.isSymlink()).isTrue();
    assertThat(link.length()).isEqualTo(5);
    assertThat(files.readLink(path("l"))).isEqualTo(bytes("./f//"));
    assertThat(files.stat(path("l"))).isEqualTo(link);
    FileStatus file = files.stat(path("f"));
    assertThat(files.stat(path("l"), Symlinks.FOLLOW)).isEqualTo(file.withPath(path("l")));
    assertThat(Contents.read(files, path("l").toString()))
        .isEqualTo(Contents.of(path("f").toString(), LENGTH));
    var unused = files.setAttributes(path("l"), AttributeChange.none().mode(0600));
    assertThat(files.stat(path("f")).mode()).isEqualTo(0600);
    assertThat(
            refusal(
                () ->
                    files.setAttributes(
                        path("l"), AttributeChange.none().mode(0600), Symlinks.NO_FOLLOW)))
        .isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(refusal(() -> files.readLink(path("f")))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void symlinksInACircleAreALoop() throws Exception {
    var unused = files.symlink(bytes("b"), path("a"));
    unused = files.symlink(bytes("a"), path("b"));
    assertThat(refusal(() -> files.stat(path("a"), Symlinks.FOLLOW)))
        .isEqualTo(ErrorCode.SYMLINK_LOOP);
    assertThatThrownBy(() -> files.open(path("a")))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code().errno()).isEqualTo(40));
  }

  @Test
  void contentWrittenUnderOneNameIsReadUnderTheOther() throws Exception {
    FileStatus linked = files.link(path("f"), path("g"));
    assertThat(linked.linkCount()).isEqualTo(2);
    assertThat(linked.inode()).isEqualTo(files.stat(path("f")).inode());
    // In chunks, and with another name: the inode stays, and its chunks go in the same step.
    Contents.write(files, path("g").toString(), LENGTH * 2);
    assertThat(files.stat(path("f")).inode()).isEqualTo(linked.inode());
    files.unlink(path("f"));
    Contents.check(files, path("g").toString(), LENGTH * 2);
    assertThat(files.stat(path("g")).linkCount()).isEqualTo(1);
    assertThat(refusal(() -> files.link(directory, path("d")))).isEqualTo(ErrorCode.NOT_PERMITTED);
  }

  @Test
  void twoThingsChangePlaces() throws Exception {
    FileStatus file = files.stat(path("f"));
    FileStatus other = files.mkdir(path("d"), 0700);
    var unused = files.rename(path("f"), path("d"), RenameMode.EXCHANGE);
    assertThat(files.stat(path("d")).inode()).isEqualTo(file.inode());
    assertThat(files.stat(path("f")).inode()).isEqualTo(other.inode());
    assertThat(refusal(() -> files.rename(path("f"), path("none"), RenameMode.EXCHANGE)))
        .isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void attributesAreKeptWhenAFileInChunksIsReplaced() throws Exception {
    CairnPath file = path("f");
    files.setXattr(file, "user.a", bytes("one"), XattrMode.CREATE);
    files.setXattr(file, "user.b", new byte[0], XattrMode.SET);
    assertThat(refusal(() -> files.setXattr(file, "user.a", bytes("x"), XattrMode.CREATE)))
        .isEqualTo(ErrorCode.EXISTS);
    long inode = files.stat(file).inode();
    Contents.write(files, file.toString(), LENGTH);
    assertThat(files.stat(file).inode()).isNotEqualTo(inode);
    assertThat(files.xattrNames(file)).containsExactly("user.a", "user.b");
    assertThat(files.xattrs(file)).containsOnlyKeys("user.a", "user.b");
    assertThat(files.xattr(file, "user.a")).isEqualTo(bytes("one"));
    files.removeXattr(file, "user.a");
    assertThat(refusal(() -> files.xattr(file, "user.a"))).isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
    CairnFileSystem eve = cluster.fileSystem("eve");
    assertThat(refusal(() -> eve.setXattr(file, "user.b", bytes("x"), XattrMode.SET)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void aSymlinksOwnAttributesAreTheSuperusersAlone() throws Exception {
    CairnPath link = path("l");
    var unused = files.symlink(bytes("f"), link);
    Symlinks itself = Symlinks.NO_FOLLOW;
    files.setXattr(link, "user.a", bytes("of the file"), XattrMode.SET);
    assertThat(files.xattr(path("f"), "user.a")).isEqualTo(bytes("of the file"));
    // As xattr(7) of Linux: there are none of namespace user, whoever asks.
    CairnFileSystem superuser = cluster.fileSystem("root");
    for (CairnFileSystem each : List.of(files, superuser)) {
      assertThat(refusal(() -> each.setXattr(link, "user.a", bytes("x"), XattrMode.SET, itself)))
          .isEqualTo(ErrorCode.NOT_PERMITTED);
      assertThat(refusal(() -> each.removeXattr(link, "user.a", itself)))
          .isEqualTo(ErrorCode.NOT_PERMITTED);
      assertThat(refusal(() -> each.xattr(link, "user.a", itself)))
          .isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
      assertThat(refusal(() -> each.xattr(link, "system.posix_acl_access", itself)))
          .isEqualTo(ErrorCode.UNSUPPORTED);
    }
    superuser.setXattr(link, "trusted.a", bytes("of the link"), XattrMode.CREATE, itself);
    superuser.setXattr(link, "security.a", bytes("too"), XattrMode.CREATE, itself);
    assertThat(superuser.xattrs(link, itself)).containsOnlyKeys("security.a", "trusted.a");
    assertThat(superuser.xattrNames(link)).containsExactly("user.a");
    assertThat(files.xattrNames(link, itself)).containsExactly("security.a");
    assertThat(files.xattr(link, "security.a", itself)).isEqualTo(bytes("too"));
    superuser.removeXattr(link, "trusted.a", itself);
    assertThat(superuser.xattrNames(link, itself)).containsExactly("security.a");
  }

  @Test
  void writingClearsSetIdBits() throws Exception {
    CairnPath file = path("f");
    var unused = files.setAttributes(file, AttributeChange.none().mode(06755));
    assertThat(files.stat(file).mode()).isEqualTo(06755);
    try (OutputStream out = files.append(file)) {
      out.write(1);
    }
    assertThat(files.stat(file).mode()).isEqualTo(0755);
  }

  @Test
  void readingSetsTheAccessTimeOnceAndOnlyIfAsked() throws Exception {
    CairnPath file = path("f");
    long before = files.stat(file).accessTimeNanos();
    byte[] unusedQuietly = Contents.read(cluster.quietFileSystem("ann"), file.toString());
    byte[] unusedBytes = Contents.read(files, file.toString());
    await(() -> files.stat(file).accessTimeNanos() > before);
    FileStatus read = files.stat(file);
    assertThat(read.accessTimeNanos()).isGreaterThan(read.changeTimeNanos());
    unusedBytes = Contents.read(files, file.toString());
    // Another file's is set later, and by then this one's would have been.
    Contents.write(files, path("g").toString(), 10);
    long written = files.stat(path("g")).accessTimeNanos();
    unusedBytes = Contents.read(files, path("g").toString());
    await(() -> files.stat(path("g")).accessTimeNanos() > written);
    assertThat(files.stat(file)).isEqualTo(read);
  }

  private interface Condition {
    boolean holds() throws CairnException;
  }

  private static void await(Condition condition) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.holds()) {
      assertThat(System.nanoTime()).as("deadline").isLessThan(deadline);
    }
  }

  @Test
  void theUmaskIsTheClients() throws Exception {
    CairnFileSystem masked = cluster.maskedFileSystem("ann", 027);
    assertThat(masked.mkdir(path("d"), 0777).mode()).isEqualTo(0750);
    Contents.write(masked, path("d/f").toString(), 10);
    assertThat(masked.stat(path("d/f")).mode()).isEqualTo(0640);
  }

  @Test
  void anAclLetsSomebodyElseReadAndIsInherited() throws Exception {
    CairnFileSystem eve = cluster.fileSystem("eve");
    CairnPath secret = path("secret");
    var unused = files.mkdir(secret, 0700);
    assertThat(refusal(() -> eve.list(secret))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    FileStatus changed =
        files.setAcl(
            secret,
            AclChange.modify(
                List.of(AclEntry.parse("user:eve:r-x"), AclEntry.parse("default:user:eve:r--"))));
    assertThat(changed.hasAcl()).isTrue();
    assertThat(changed.mode()).isEqualTo(0750);
    Contents.write(files, secret.child("f").toString(), LENGTH);
    assertThat(files.acl(secret.child("f")))
        .extracting(AclEntry::toString)
        .containsExactly("user::rw-", "user:eve:r--", "group::---", "mask::r--", "other::---");
    assertThat(Contents.read(eve, secret.child("f").toString())).hasSize(LENGTH);
    assertThat(refusal(() -> eve.append(secret.child("f")))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    changed = files.setAcl(secret, AclChange.removeAll());
    assertThat(changed.hasAcl()).isFalse();
    assertThat(refusal(() -> eve.list(secret))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refusal(() -> eve.setAcl(secret, AclChange.removeAll())))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
  }
}
