package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.shell.ShellRun.Result;
import io.cairnfs.shell.testing.MemoryFileSystem;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** {@code rm} and {@code expunge} where deleted files are kept for an hour. */
@Timeout(60)
class TrashTest {
  private static final Instant NOON = Instant.parse("2026-11-23T12:00:00Z");
  private static final String MILLIS = Long.toString(NOON.toEpochMilli());
  private static final String CURRENT = "/user/alice/.Trash/Current";
  private static final String URI = "cairn://" + ShellRun.AUTHORITY;

  @TempDir Path local;
  private final ManualClock clock = new ManualClock(NOON.toEpochMilli() * 1_000_000);
  private MemoryFileSystem memory;
  private ShellRun shell;

  @BeforeEach
  void open() throws IOException {
    memory = new MemoryFileSystem(clock, "alice", "staff", 3, 128L << 20);
    memory.setTrashInterval(Duration.ofHours(1));
    shell = new ShellRun(memory, local, "alice", clock);
    mkdir("/user/alice");
    write("/t/a", "hello\n");
    write("/t/d/b", "world\n");
  }

  private void write(String path, String content) throws IOException {
    var unused =
        memory.createWithContent(
            CairnPath.of(path),
            ByteBuffer.wrap(content.getBytes(StandardCharsets.UTF_8)),
            CreateOptions.defaults().overwrite().createParents());
  }

  private void mkdir(String path) throws IOException {
    var unused = memory.mkdirs(CairnPath.of(path), 0755);
  }

  private boolean exists(String path) throws IOException {
    return memory.exists(CairnPath.of(path));
  }

  private String content(String path) throws IOException {
    return new String(memory.readFully(CairnPath.of(path), 1_000), StandardCharsets.UTF_8);
  }

  private void assertRun(int code, String out, String err, String... words) {
    assertThat(shell.run(words)).isEqualTo(new Result(code, out, err));
  }

  private static String moved(String from, String to) {
    return "Moved: '" + URI + from + "' to trash at: " + URI + to + "\n";
  }

  private void assertMoved(String from, String to, String... words) {
    assertRun(0, "", moved(from, to), words);
  }

  @Test
  void filesAndDirectoriesMoveToTheirWholePathInTheTrash() throws IOException {
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    assertMoved("/t/d", CURRENT + "/t/d", "-rm", "-r", "/t/d");
    assertThat(content(CURRENT + "/t/a")).isEqualTo("hello\n");
    assertThat(content(CURRENT + "/t/d/b")).isEqualTo("world\n");
    assertThat(exists("/t/a")).isFalse();
    assertThat(memory.stat(CairnPath.of("/user/alice/.Trash")).mode()).isEqualTo(0700);
    assertThat(memory.stat(CairnPath.of(CURRENT + "/t")).mode()).isEqualTo(0700);
    assertThat(memory.stat(CairnPath.of("/user/alice")).mode()).isEqualTo(0755);
  }

  @Test
  void relativePathsAndPatternsWork() throws IOException {
    write("/user/alice/x1", "1");
    write("/user/alice/x2", "2");
    assertRun(
        0,
        "",
        moved("/user/alice/x1", CURRENT + "/user/alice/x1")
            + moved("/user/alice/x2", CURRENT + "/user/alice/x2"),
        "-rm",
        "x*");
  }

  @Test
  void theOldWordForRecursiveDeletionMovesToo() throws IOException {
    Result result = shell.run("-rmr", "/t/d");
    assertThat(result.code()).isZero();
    assertThat(result.err()).endsWith(moved("/t/d", CURRENT + "/t/d"));
    assertThat(content(CURRENT + "/t/d/b")).isEqualTo("world\n");
  }

  @Test
  void skipTrashDeletesAtOnce() throws IOException {
    assertRun(0, "Deleted /t/a\n", "", "-rm", "-skipTrash", "/t/a");
    assertThat(exists("/user/alice/.Trash")).isFalse();
  }

  @Test
  void withoutATrashFilesAreDeleted() throws IOException {
    memory.setTrashInterval(Duration.ZERO);
    assertRun(0, "Deleted /t/a\n", "", "-rm", "/t/a");
    assertThat(exists("/user/alice/.Trash")).isFalse();
  }

  @Test
  void equalNamesGetTheTimeBehindThem() throws IOException {
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    write("/t/a", "again\n");
    assertMoved("/t/a", CURRENT + "/t/a" + MILLIS, "-rm", "/t/a");
    write("/t/a", "and again\n");
    Result third = shell.run("-rm", "/t/a");
    assertThat(third.err()).isEqualTo(moved("/t/a", CURRENT + "/t/a" + (NOON.toEpochMilli() + 1)));
    assertThat(content(CURRENT + "/t/a")).isEqualTo("hello\n");
    assertThat(content(CURRENT + "/t/a" + MILLIS)).isEqualTo("again\n");
  }

  @Test
  void aDirectoryDoesNotMixWithWhatWasDeletedBelowItBefore() throws IOException {
    assertMoved("/t/d/b", CURRENT + "/t/d/b", "-rm", "/t/d/b");
    write("/t/d/c", "c");
    assertMoved("/t/d", CURRENT + "/t/d" + MILLIS, "-rm", "-r", "/t/d");
    assertThat(content(CURRENT + "/t/d/b")).isEqualTo("world\n");
    assertThat(content(CURRENT + "/t/d" + MILLIS + "/c")).isEqualTo("c");
  }

  @Test
  void aFileInTheTrashIsInNoDirectorysWay() throws IOException {
    write("/x", "was a file");
    assertMoved("/x", CURRENT + "/x", "-rm", "/x");
    write("/x/y/z", "is below a directory");
    String place = CURRENT + "/x" + MILLIS + "/y/z";
    assertMoved("/x/y/z", place, "-rm", "/x/y/z");
    assertThat(content(CURRENT + "/x")).isEqualTo("was a file");
    assertThat(content(place)).isEqualTo("is below a directory");
  }

  @Test
  void aDeletedSymlinkIsNotFollowed() throws IOException {
    memory.symlink("/t/link", "/t/d");
    assertMoved("/t/link", CURRENT + "/t/link", "-rm", "/t/link");
    write("/t/link/b", "in a directory of the link's name");
    String place = CURRENT + "/t/link" + MILLIS + "/b";
    assertMoved("/t/link/b", place, "-rm", "/t/link/b");
    assertThat(content("/t/d/b")).isEqualTo("world\n");
  }

  @Test
  void whatLiesInTheTrashIsDeleted() throws IOException {
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    assertRun(0, "Deleted " + CURRENT + "/t/a\n", "", "-rm", CURRENT + "/t/a");
    assertRun(0, "Deleted /user/alice/.Trash\n", "", "-rm", "-r", "/user/alice/.Trash");
    assertThat(exists("/user/alice/.Trash")).isFalse();
  }

  @Test
  void whatContainsTheTrashIsRefused() throws IOException {
    for (String path : new String[] {"/", "/user", "/user/alice"}) {
      assertRun(
          1,
          "",
          "rm: Cannot move \""
              + URI
              + path
              + "\" to the trash, as it contains the trash. Consider using -skipTrash option\n",
          "-rm",
          "-r",
          path);
    }
    // Whose name only begins like it does not contain it.
    write("/user/ali", "a file");
    assertMoved("/user/ali", CURRENT + "/user/ali", "-rm", "/user/ali");
  }

  @Test
  void aDirectoryNeedsTheOptionAndAMissingNameIsTold() throws IOException {
    assertRun(1, "", "rm: `/t/d': Is a directory\n", "-rm", "/t/d");
    assertRun(1, "", "rm: `/t/none': No such file or directory\n", "-rm", "/t/none");
    assertRun(0, "", "", "-rm", "-f", "/t/none");
    assertThat(exists("/user/alice/.Trash")).isFalse();
  }

  @Test
  void whatGoesMeanwhileIsAsMissing() throws IOException {
    memory.failNext("rename", "/t/a", ErrorCode.NOT_FOUND);
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    write("/t/a", "hello\n");
    memory.failNext("rename", "/t/a", ErrorCode.EXISTS);
    Result other = shell.run("-rm", "/t/a");
    assertThat(other.code()).isZero();
    assertThat(other.err()).startsWith(moved("/t/a", CURRENT + "/t/a").substring(0, 60));
  }

  @Test
  void aRefusalSaysHowToDeleteNevertheless() throws IOException {
    memory.failNext("rename", "/t/a", ErrorCode.PERMISSION_DENIED);
    assertRun(
        1,
        "",
        "rm: Failed to move to trash: "
            + URI
            + "/t/a: Permission denied. Consider using -skipTrash option\n",
        "-rm",
        "/t/a");
    assertThat(content("/t/a")).isEqualTo("hello\n");
  }

  @Test
  void aUserWithoutAHomeGetsOneOrIsTold() throws IOException {
    boolean deleted = memory.delete(CairnPath.of("/user"), DeleteMode.RECURSIVE);
    assertThat(deleted).isTrue();
    mkdir("/user");
    memory.failNext("mkdirs", "/user/alice", ErrorCode.PERMISSION_DENIED);
    Result refused = shell.run("-rm", "/t/a");
    assertThat(refused.code()).isOne();
    assertThat(refused.err())
        .startsWith("rm: Failed to move to trash: ")
        .endsWith(": Permission denied. Consider using -skipTrash option\n");
    assertThat(content("/t/a")).isEqualTo("hello\n");
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    assertThat(memory.stat(CairnPath.of("/user/alice")).mode()).isEqualTo(0755);
  }

  @Test
  void aTrashThatIsNoDirectoryIsNotUsed() throws IOException {
    write("/user/alice/.Trash", "a file");
    Result refused = shell.run("-rm", "/t/a");
    assertThat(refused.code()).isOne();
    assertThat(refused.err())
        .contains("/t/a: /user/alice/.Trash: Is not a directory. Consider")
        .endsWith(". Consider using -skipTrash option\n");
    assertThat(content("/t/a")).isEqualTo("hello\n");
  }

  @Test
  void nobodyIsAskedAboutWhatIsOnlyMoved() {
    assertMoved("/t/d", CURRENT + "/t/d", "-rm", "-r", "-safely", "/t/d");
  }

  @Test
  void localFilesHaveNoTrash() throws IOException {
    Path file = Files.writeString(local.resolve("f"), "x");
    assertRun(0, "Deleted file://" + file + "\n", "", "-rm", "file://" + file);
  }

  @Test
  void expungeMakesACheckpointAndDeletesTheOldOnes() throws IOException {
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    assertRun(0, "", "", "-expunge");
    assertThat(content("/user/alice/.Trash/261123120000/t/a")).isEqualTo("hello\n");
    mkdir(CURRENT + "/more");
    assertRun(0, "", "", "-expunge", "-fs", URI + "/");
    assertThat(exists("/user/alice/.Trash/261123120000-1/more")).isTrue();
    clock.advance(Duration.ofHours(1));
    assertRun(0, "", "", "-expunge");
    assertThat(exists("/user/alice/.Trash/261123120000")).isTrue();
    clock.advance(Duration.ofSeconds(1));
    assertRun(0, "", "", "-expunge");
    assertThat(memory.listAll(CairnPath.of("/user/alice/.Trash"))).isEmpty();
  }

  @Test
  void whatIsKeptForAgesIsNotDeletedAtOnce() throws IOException {
    memory.setTrashInterval(Duration.ofDays(400_000));
    mkdir("/user/alice/.Trash/200101000000");
    assertRun(0, "", "", "-expunge");
    assertThat(exists("/user/alice/.Trash/200101000000")).isTrue();
  }

  @Test
  void expungeImmediateDeletesAllButWhatTheTrashHasNotMade() throws IOException {
    assertMoved("/t/a", CURRENT + "/t/a", "-rm", "/t/a");
    mkdir("/user/alice/.Trash/261123115959");
    mkdir("/user/alice/.Trash/mine");
    assertRun(0, "", "", "-expunge", "-immediate");
    assertThat(memory.listAll(CairnPath.of("/user/alice/.Trash")))
        .extracting(each -> each.path().name())
        .containsExactly("mine");
    assertRun(0, "", "", "-expunge", "-immediate");
  }

  @Test
  void expungeOfNothingDoesNothing() {
    assertRun(0, "", "", "-expunge");
    assertRun(0, "", "", "-expunge", "-immediate");
  }

  @Test
  void expungeTellsWhatItCouldNotDeleteAndGoesOn() throws IOException {
    mkdir("/user/alice/.Trash/200101000000");
    mkdir("/user/alice/.Trash/200102000000");
    memory.failNext("delete", "/user/alice/.Trash/200101000000", ErrorCode.PERMISSION_DENIED);
    assertRun(1, "", "expunge: `/user/alice/.Trash': Permission denied\n", "-expunge");
    assertThat(exists("/user/alice/.Trash/200101000000")).isTrue();
    assertThat(exists("/user/alice/.Trash/200102000000")).isFalse();
  }

  @Test
  void expungeIsMisusedWithOperandsOrOnLocalFiles() {
    Result operand = shell.run("-expunge", "/t");
    assertThat(operand.code()).isEqualTo(255);
    assertThat(operand.err()).contains("Usage: dfs [generic options] -expunge [-immediate]");
    assertThat(shell.run("-expunge", "-fs").code()).isEqualTo(255);
    assertRun(
        1,
        "",
        "expunge: file:///: Only files in a cluster have this\n",
        "-expunge",
        "-fs",
        "file:///");
    assertRun(0, "", "", "-test", "-e", "/t/a");
  }
}
