package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnFileSystem.Symlinks;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
}
