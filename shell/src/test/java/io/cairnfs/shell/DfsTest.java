package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.AclChange;
import io.cairnfs.client.AclEntry;
import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnLock;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileType;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.shell.ShellRun.Result;
import io.cairnfs.shell.command.CommandWord;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.tree.Entry;
import io.cairnfs.shell.tree.LocalTree;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the shell does beyond what the comparison with Hadoop's can show: our own additions,
 * failures in the middle, names that are no text.
 */
@Timeout(60)
class DfsTest {
  private static final long DAY = 86_400_000_000_000L;
  private static final long NOW = 1_700_000_000_000_000_000L;

  @TempDir Path local;
  private final ManualClock clock = new ManualClock(NOW);
  private MemoryFileSystem memory;
  private ShellRun shell;

  @BeforeEach
  void open() throws IOException {
    memory = new MemoryFileSystem(clock, "alice", "staff", 3, 128L << 20);
    shell = new ShellRun(memory, local, "alice", clock);
    var unused = memory.mkdirs(CairnPath.of("/t/d"), 0755);
    write("/t/a", "hello\n");
    write("/t/d/b", "world\n");
  }

  /** JUnit cannot delete names that are no text. */
  @AfterEach
  void deleteRawNames() throws IOException {
    LocalTree tree = new LocalTree(local);
    for (Entry entry : tree.list(tree.home())) {
      tree.delete(entry.path(), true);
    }
  }

  private void write(String path, String content) throws IOException {
    write(path, content.getBytes(StandardCharsets.UTF_8));
  }

  private void write(String path, byte[] content) throws IOException {
    var unused =
        memory.createWithContent(
            CairnPath.of(path),
            ByteBuffer.wrap(content),
            CreateOptions.defaults().overwrite().createParents());
  }

  @Test
  void listingsAndCountsShowTheErasureCodeThatCounts() throws IOException {
    var unused = memory.mkdirs(CairnPath.of("/t/c/plain"), 0755);
    write("/t/c/f", "x");
    assertThat(shell.run("-ls", "-e", "/t/c").out()).contains(" Replicated ").doesNotContain("RS-");
    memory.policies().setCoding(CairnPath.of("/t/c"), CodingRule.coded(CodingPolicy.RS_6_3));
    memory.policies().setCoding(CairnPath.of("/t/c/plain"), CodingRule.REPLICATED);
    assertThat(shell.run("-ls", "-e", "/t/c").out().lines().skip(1))
        .anyMatch(line -> line.contains(" RS-6-3-1024k ") && line.endsWith("/t/c/f"))
        .anyMatch(line -> line.contains(" Replicated ") && line.endsWith("/t/c/plain"));
    assertThat(shell.run("-ls", "/t/c").out()).doesNotContain("RS-");
    assertThat(shell.run("-count", "-e", "/t/c").out()).contains("        RS-6-3-1024k /t/c");
    assertThat(shell.run("-count", "-e", "/t/c/plain").out()).contains("          Replicated /t");
  }

  @Test
  void appendToFileWritesOnAndMakesWhatIsMissing() throws IOException {
    Files.writeString(local.resolve("one"), "1");
    Files.writeString(local.resolve("two"), "2");
    assertRun(0, "", "", "-appendToFile", "one", "two", "/t/a");
    assertRun(0, "hello\n12", "", "-cat", "/t/a");
    assertRun(0, "", "", "-appendToFile", "-n", "two", "/t/new");
    assertRun(0, "2", "", "-cat", "/t/new");
    assertThat(shell.withInput("typed").run("-appendToFile", "-", "/t/new").code()).isZero();
    assertRun(0, "2typed", "", "-cat", "/t/new");
    assertRun(
        1,
        "",
        "appendToFile: stdin (-) must be the sole input argument when present\n",
        "-appendToFile",
        "-",
        "one",
        "/t/a");
    assertRun(
        1,
        "",
        "appendToFile: `none': No such file or directory\n",
        "-appendToFile",
        "none",
        "/t/a");
    assertRun(1, "", "appendToFile: `/t/d': Is a directory\n", "-appendToFile", "one", "/t/d");
    assertRun(
        1,
        "",
        "appendToFile: `/none/a': No such file or directory: `cairn://127.0.0.1:7700/none/a'\n",
        "-appendToFile",
        "one",
        "/none/a");
  }

  @Test
  void truncateMakesFilesShorterOnly() throws IOException {
    assertRun(0, "Truncated /t/a to length: 3\n", "", "-truncate", "-w", "3", "/t/a");
    assertRun(0, "hel", "", "-cat", "/t/a");
    assertRun(1, "", "truncate: `/t/d': Is a directory\n", "-truncate", "0", "/t/d");
    assertRun(
        1, "", "truncate: `/t/none': No such file or directory\n", "-truncate", "0", "/t/none");
    ShellRun.Result longer = shell.run("-truncate", "4", "/t/a");
    assertThat(longer.code()).isEqualTo(255);
    assertThat(longer.err())
        .startsWith(
            "-truncate: Cannot truncate to a larger file size. Current size: 3, truncate size:"
                + " 4.\n");
    ShellRun.Result negative = shell.run("-truncate", "--", "-1", "/t/a");
    assertThat(negative.code()).isEqualTo(255);
    assertThat(negative.err()).startsWith("-truncate: length must be >= 0\n");
    ShellRun.Result word = shell.run("-truncate", "x", "/t/a");
    assertThat(word.code()).isEqualTo(255);
    assertThat(word.err()).contains("Illegal length, a non-negative integer expected");
  }

  @Test
  void concatMovesTheSourcesBehindTheTarget() throws IOException {
    write("/t/more", "more");
    assertRun(0, "", "", "-concat", "/t/a", "/t/more", "/t/d/b");
    assertRun(0, "hello\nmoreworld\n", "", "-cat", "/t/a");
    assertThat(memory.exists(CairnPath.of("/t/more"))).isFalse();
    assertRun(1, "", "concat: /t/d does not exist or is not file.\n", "-concat", "/t/a", "/t/d");
    assertRun(
        1,
        "",
        "concat: Target path /t/d does not exist or is not file.\n",
        "-concat",
        "/t/d",
        "/t/a");
    assertThat(shell.run("-concat").code()).isEqualTo(1);
    assertThat(shell.run("-concat", "/t/a").code()).isEqualTo(1);
  }

  @Test
  void reflinksShareWhatTheyCopy() throws IOException {
    assertRun(0, "", "", "-cp", "--reflink", "/t/a", "/t/copy");
    assertRun(0, "hello\n", "", "-cat", "/t/copy");
    assertThat(memory.calls()).contains("clone /t/a");
    assertRun(1, "", "cp: `/t/copy': File exists\n", "-cp", "--reflink", "/t/a", "/t/copy");
    assertRun(0, "", "", "-cp", "--reflink", "-f", "/t/d/b", "/t/copy");
    assertRun(0, "world\n", "", "-cat", "/t/copy");
    assertRun(
        1,
        "",
        "cp: `/t/a': Does not match target filesystem\n",
        "-cp",
        "--reflink",
        "/t/a",
        "file://" + local + "/copy");
  }

  @Test
  void lnGivesFilesFurtherNames() throws IOException {
    assertRun(0, "", "", "-ln", "/t/a", "/t/other");
    assertRun(0, "hello\n", "", "-cat", "/t/other");
    assertThat(memory.stat(CairnPath.of("/t/other")).inode())
        .isEqualTo(memory.stat(CairnPath.of("/t/a")).inode());
    assertRun(1, "", "ln: `/t/other': File exists\n", "-ln", "/t/a", "/t/other");
    assertRun(0, "", "", "-ln", "-f", "/t/d/b", "/t/other");
    assertRun(0, "world\n", "", "-cat", "/t/other");
    assertRun(0, "", "", "-ln", "/t/a", "/t/d");
    assertRun(0, "hello\n", "", "-cat", "/t/d/a");
  }

  @Test
  void lnRefusesWhatCannotBe() throws IOException {
    assertRun(1, "", "ln: `/t/d': Is a directory\n", "-ln", "/t/d", "/t/e");
    assertRun(1, "", "ln: `/t/none': No such file or directory\n", "-ln", "/t/none", "/t/e");
    assertRun(1, "", "ln: `/t/a' to `/t/a': are identical\n", "-ln", "-f", "/t/a", "/t/a");
    assertRun(
        1,
        "",
        "ln: `file://" + local + "/x': No such file or directory\n",
        "-ln",
        "file://" + local + "/x",
        "/t/e");
    assertThat(memory.exists(CairnPath.of("/t/a"))).isTrue();
    assertThat(memory.exists(CairnPath.of("/t/e"))).isFalse();
  }

  @Test
  void lnMakesSymlinksWithTheTargetAsTyped() throws IOException {
    assertRun(0, "", "", "-ln", "-s", "d/b", "/t/l");
    assertThat(memory.readLink(CairnPath.of("/t/l")))
        .isEqualTo("d/b".getBytes(StandardCharsets.UTF_8));
    assertRun(0, "", "", "-ln", "-s", "nothing", "/t/d");
    assertThat(memory.stat(CairnPath.of("/t/d/nothing")).isSymlink()).isTrue();
    assertRun(1, "", "ln: `/t/l': File exists\n", "-ln", "-s", "x", "/t/l");
    assertRun(0, "", "", "-ln", "-s", "-f", "a", "/t/l");
    assertThat(memory.stat(CairnPath.of("/t/l")).symlinkTarget()).isEqualTo(CairnPath.of("a"));
    assertRun(1, "", "ln: `/t/d': Is a directory\n", "-ln", "-s", "-f", "/", "/t/d");
  }

  @Test
  void attributesAreSetShownAndRemoved() throws IOException {
    assertRun(0, "", "", "-setfattr", "-n", "user.a", "-v", "one two", "/t/a");
    assertRun(0, "", "", "-setfattr", "-n", "user.b", "-v", "0x00ff", "/t/a");
    assertRun(0, "", "", "-setfattr", "-n", "user.c", "/t/a");
    assertRun(0, "", "", "-setfattr", "-n", "user.d", "-v", "\"0sq\"", "/t/a");
    assertThat(memory.xattr(CairnPath.of("/t/a"), "user.b")).containsExactly(0, 0xff);
    assertThat(memory.xattr(CairnPath.of("/t/a"), "user.d")).asString().isEqualTo("0sq");
    assertRun(0, "", "", "-setfattr", "-n", "user.b", "-v", "0sAQI=", "/t/a");
    assertRun(
        0,
        "# file: /t/a\nuser.a=0x6f6e652074776f\nuser.b=0x0102\nuser.c\nuser.d=0x307371\n",
        "",
        "-getfattr",
        "-d",
        "-e",
        "hex",
        "/t/a");
    assertRun(
        0,
        "# file: /t/a\nuser.b=0sAQI=\n",
        "",
        "-getfattr",
        "-n",
        "user.b",
        "-e",
        "base64",
        "/t/a");
    assertRun(0, "", "", "-setfattr", "-x", "user.b", "/t/a");
    assertRun(0, "# file: /t/a\nuser.a=\"one two\"\n", "", "-getfattr", "-n", "user.a", "/t/a");
    assertRun(0, "# file: /t/d\n# file: /t/d/b\n", "", "-getfattr", "-R", "-d", "/t/d");
  }

  @Test
  void attributesThatAreNotThereOrNotSaidAreErrors() throws IOException {
    Result missing = shell.run("-getfattr", "-n", "user.x", "/t/a");
    assertThat(missing.code()).isEqualTo(1);
    assertThat(missing.err()).contains("No such attribute");
    assertThat(shell.run("-setfattr", "-x", "user.x", "/t/a").code()).isEqualTo(1);
    assertThat(shell.run("-getfattr", "/t/a").err()).contains("Must specify '-n name' or '-d'");
    assertThat(shell.run("-getfattr", "-d", "-e", "octal", "/t/a").err())
        .contains("Invalid/unsupported encoding option specified: octal");
    assertThat(shell.run("-setfattr", "/t/a").err()).contains("Must specify '-n name' or '-x");
    assertThat(shell.run("-setfattr", "-n", "user.a", "-x", "user.a", "/t/a").err())
        .contains("Can not specify both");
    assertThat(shell.run("-setfattr", "-n", "user.a", "-v", "0xq", "/t/a").code()).isNotZero();
    Result here = shell.run("-getfattr", "-d", "file://" + local);
    assertThat(here.code()).isEqualTo(1);
    assertThat(here.err()).contains("Operation not supported");
  }

  @Test
  void aclsAreShownAsHdfsShowsThem() throws IOException {
    var unused =
        memory.setAcl(
            CairnPath.of("/t/a"),
            AclChange.replace(
                List.of(
                    AclEntry.parse("user::rw-"),
                    AclEntry.parse("user:bob:rwx"),
                    AclEntry.parse("group::r-x"),
                    AclEntry.parse("mask::r--"),
                    AclEntry.parse("other::---"),
                    AclEntry.parse("default:group:red:rw-"))));
    assertRun(
        0,
        "# file: /t/a\n# owner: alice\n# group: staff\nuser::rw-\n"
            + "user:bob:rwx\t#effective:r--\ngroup::r-x\t#effective:r--\nmask::r--\n"
            + "other::---\ndefault:group:red:rw-\n\n",
        "",
        "-getfacl",
        "/t/a");
    assertThat(shell.run("-ls", "/t/a").out()).contains("-rw-r--r--+ ");
    unused = memory.setAttributes(CairnPath.of("/t/d"), AttributeChange.none().mode(01777));
    assertThat(shell.run("-getfacl", "-R", "/t/d").out())
        .isEqualTo(
            "# file: /t/d\n# owner: alice\n# group: staff\n# flags: --t\n\n"
                + "# file: /t/d/b\n# owner: alice\n# group: staff\n\n");
  }

  @Test
  void aclsAreChangedAsAsked() throws IOException {
    assertRun(0, "", "", "-setfacl", "-m", "user:bob:rw-,default:other::---", "/t/d");
    assertRun(0, "", "", "-setfacl", "-x", "user:bob,default:other:", "/t/d");
    assertRun(0, "", "", "-setfacl", "-k", "/t/d");
    assertRun(0, "", "", "-setfacl", "-b", "/t/d");
    assertRun(0, "", "", "-setfacl", "--set", "user::rwx,group::---,other::---", "/t/a");
    assertRun(0, "", "", "-setfacl", "-R", "-m", "group:red:r-x,default:group:red:r-x", "/t/d");
    assertThat(memory.calls())
        .endsWith(
            "setAcl /t/d MODIFY [user:bob:rw-, default:other::---]",
            "setAcl /t/d REMOVE [user:bob:---, default:other::---]",
            "setAcl /t/d REMOVE_DEFAULT []",
            "setAcl /t/d REMOVE_ALL []",
            "setAcl /t/a REPLACE [user::rwx, group::---, other::---]",
            "setAcl /t/d MODIFY [group:red:r-x, default:group:red:r-x]",
            "setAcl /t/d/b MODIFY [group:red:r-x]");
  }

  @Test
  void badAclSpecsAreRefused() {
    for (String spec :
        List.of("bob:rwx", "user:bob:rwz", "user:bob:rw", "who::rwx", "mask:x:rwx")) {
      Result refused = shell.run("-setfacl", "-m", spec, "/t/a");
      assertThat(refused.code()).as(spec).isNotZero();
      assertThat(refused.err()).as(spec).contains("<aclSpec>");
    }
    assertThat(shell.run("-setfacl", "/t/a").err()).contains("Missing either <acl_spec>");
    assertThat(shell.run("-setfacl", "-b", "-k", "/t/a").err()).contains("both -b and -k");
    assertThat(shell.run("-setfacl", "-b", "-m", "user::rwx", "/t/a").err())
        .contains("both remove and modify");
    assertThat(memory.calls()).noneMatch(call -> call.startsWith("setAcl"));
  }

  private String read(String path) throws IOException {
    return new String(memory.readFully(CairnPath.of(path), 1 << 30), StandardCharsets.UTF_8);
  }

  private void assertRun(int code, String out, String err, String... words) {
    assertThat(shell.run(words)).isEqualTo(new Result(code, out, err));
  }

  // The shell itself.

  @Test
  void everyWordHasHelp() {
    for (CommandWord word : CommandWord.values()) {
      Result result = shell.run("-" + word.word(), "--help");
      assertThat(result.code()).as(word.word()).isZero();
      assertThat(result.err()).isEmpty();
      assertThat(result.out()).startsWith(word.usage() + " :\n  ");
      assertThat(shell.run("help", word.word())).isEqualTo(result);
      assertThat(shell.run("usage", "-" + word.word()).out())
          .isEqualTo("Usage: dfs [generic options] " + word.usage() + "\n");
    }
  }

  @Test
  void wordsAreInAlphabeticalOrder() {
    List<String> words = Arrays.stream(CommandWord.values()).map(CommandWord::word).toList();
    assertThat(words).isSortedAccordingTo(Comparator.naturalOrder());
  }

  @Test
  void everyWordStandsInTheDocument() throws IOException {
    String document = Files.readString(Path.of("..", "docs", "shell.md"));
    for (CommandWord word : CommandWord.values()) {
      assertThat(document).contains("`" + word.word());
    }
  }

  @Test
  void withoutAWordTheOverviewGoesToStandardError() {
    Result result = shell.run();
    assertThat(result.code()).isEqualTo(255);
    assertThat(result.out()).isEmpty();
    assertThat(result.err())
        .startsWith("Usage: dfs [generic options]\n\t[-appendToFile ")
        .contains("-fs <cairn://host:port");
    assertThat(shell.run("--help").out()).isEqualTo(result.err());
    assertThat(shell.run("-help").out()).contains("-touchz <path> ... :");
  }

  @Test
  void anUnknownWordSuggestsTheNearest() {
    assertRun(255, "", "-mkdri: Unknown command\nDid you mean -mkdir?\n", "-mkdri", "x");
    assertRun(255, "", "lss: Unknown command\nDid you mean -ls?\n", "lss");
    assertRun(255, "", "-zzzzzz: Unknown command\ndfs -usage lists all commands.\n", "-zzzzzz");
  }

  @Test
  void wordsNeedNoDash() {
    assertRun(0, "hello\n", "", "cat", "/t/a");
    assertRun(
        255,
        "",
        "cat: Not enough arguments: expected 1 but got 0\n"
            + "Usage: dfs [generic options] -cat [-ignoreCrc] <src> ...\n",
        "cat");
  }

  @Test
  void theFirstRelativePathMakesTheHomeDirectory() throws IOException {
    assertThat(memory.exists(CairnPath.of("/user/alice"))).isFalse();
    assertRun(0, "", "", "-ls");
    assertThat(memory.exists(CairnPath.of("/user/alice"))).isTrue();
    assertRun(0, "", "", "-touchz", "x");
    assertThat(memory.exists(CairnPath.of("/user/alice/x"))).isTrue();
  }

  @Test
  void whoeverMayNotMakeAHomeStillGetsAnAnswer() {
    memory.failNext("mkdirs", "/user/alice", ErrorCode.PERMISSION_DENIED);
    assertRun(1, "", "ls: `.': No such file or directory\n", "-ls");
  }

  @Test
  void absolutePathsMakeNoHome() throws IOException {
    assertRun(0, "hello\n", "", "-cat", "/t/a");
    assertThat(memory.exists(CairnPath.of("/user/alice"))).isFalse();
  }

  @Test
  void uris() {
    assertRun(0, "cairn://127.0.0.1:7700/t/d/b\n", "", "-ls", "-C", "cairn://127.0.0.1:7700/t/d");
    assertRun(0, "cairn:///t/d/b\n", "", "-ls", "-C", "cairn:///t/d");
    assertRun(0, "", "", "-ls", "file://" + local);
    assertRun(255, "", shell.run("-ls", "").err(), "-ls", "");
    assertThat(shell.run("-ls", "").err()).startsWith("-ls: Can not create a Path from an empty");
  }

  @Test
  void aRefusalIsWordedForItsOperandAndTheOthersGoOn() throws IOException {
    memory.failNext("open", "/t/a", ErrorCode.PERMISSION_DENIED);
    assertRun(1, "world\n", "cat: `/t/a': Permission denied\n", "-cat", "/t/a", "/t/d/b");
    memory.failNext("list", "/t", ErrorCode.PERMISSION_DENIED);
    assertRun(1, "", "ls: `/t': Permission denied\n", "-ls", "/t");
    memory.failNext("delete", "/t/a", ErrorCode.QUOTA_EXCEEDED);
    assertRun(1, "", "rm: `/t/a': Disk quota exceeded\n", "-rm", "/t/a");
    memory.failNext("setAttributes", "/t/a", ErrorCode.NOT_PERMITTED);
    assertRun(
        1,
        "",
        "chmod: changing permissions of '/t/a': Operation not permitted\n",
        "-chmod",
        "600",
        "/t/a");
    memory.failNext("setAttributes", "/t/a", ErrorCode.NOT_PERMITTED);
    assertRun(
        1,
        "",
        "chown: changing ownership of '/t/a': Operation not permitted\n",
        "-chown",
        "bob",
        "/t/a");
  }

  @Test
  void aClusterThatDoesNotAnswerEndsTheCommandAtOnce() {
    memory.failNext("open", "/t/a", ErrorCode.UNAVAILABLE);
    assertRun(1, "", "cat: /t/a: planted UNAVAILABLE\n", "-cat", "/t/a", "/t/d/b");
    memory.failNext("stat", "/t/a", ErrorCode.TIMED_OUT);
    assertRun(1, "", "ls: /t/a: planted TIMED_OUT\n", "-ls", "/t/a", "/t");
    memory.failNext("setAttributes", "/t/a", ErrorCode.UNAVAILABLE);
    assertRun(1, "", "chmod: /t/a: planted UNAVAILABLE\n", "-chmod", "600", "/t/a", "/t/d/b");
  }

  @Test
  void anInterruptIs130() {
    memory.failNext("open", "/t/a", ErrorCode.CANCELLED);
    assertRun(130, "", "cat: Interrupted\n", "-cat", "/t/a", "/t/d/b");
  }

  // Showing.

  @Test
  void lsShowsSymlinksStickyBitsAndPolicies() throws IOException {
    memory.symlink("/t/link", "/t/a");
    var unused = memory.setAttributes(CairnPath.of("/t/d"), AttributeChange.none().mode(01777));
    assertRun(
        0,
        "Found 3 items\n"
            + "-rw-r--r--   3 alice staff          6 2023-11-14 22:13 /t/a\n"
            + "drwxrwxrwt   - alice staff          0 2023-11-14 22:13 /t/d\n"
            + "lrwxrwxrwx   - alice staff          0 2023-11-14 22:13 /t/link\n",
        "",
        "-ls",
        "/t");
    assertRun(
        0,
        "-rw-r--r--   3 alice staff  Replicated          6 2023-11-14 22:13 /t/a\n",
        "",
        "-ls",
        "-e",
        "/t/a");
  }

  @Test
  void specialNodesAreTellingButHaveNothingToRead() throws IOException {
    var unused = memory.mkdirs(CairnPath.of("/s"), 0755);
    memory.special("/s/b", FileType.BLOCK_DEVICE);
    memory.special("/s/c", FileType.CHARACTER_DEVICE);
    memory.special("/s/p", FileType.FIFO);
    memory.special("/s/s", FileType.SOCKET);
    Result listed = shell.run("-ls", "/s");
    assertThat(listed.out().lines().skip(1).map(line -> line.substring(0, 1)))
        .containsExactly("b", "c", "p", "s");
    assertRun(0, "fifo\n", "", "-stat", "%F", "/s/p");
    assertRun(0, "/s/s\n", "", "-find", "/s", "-type", "s");
    for (String word : List.of("cat", "head", "tail", "checksum")) {
      assertRun(1, "", word + ": `/s/p': Is not a regular file\n", "-" + word, "/s/p");
    }
    assertRun(1, "", "cp: `/s/p': Is not a regular file\n", "-cp", "/s/p", "/s/copy");
    assertRun(0, "Deleted /s/p\n", "", "-rm", "/s/p");
  }

  @Test
  void namesThatAreNoTextAreShownWithTheirBytes() throws IOException {
    byte[] name = {'x', (byte) 0xff, 'y'};
    CairnPath path = CairnPath.of("/n").child(name);
    var made = memory.mkdirs(CairnPath.of("/n"), 0755);
    assertThat(made.isDirectory()).isTrue();
    var unused = memory.mkdir(path, 0755);
    assertRun(0, "/n/" + ByteText.decode(name) + "\n", "", "-ls", "-C", "/n");
    assertRun(0, "/n/x?y\n", "", "-ls", "-C", "-q", "/n");
    assertRun(0, "Deleted /n/" + ByteText.decode(name) + "\n", "", "-rm", "-r", "/n/x*");
  }

  @Test
  void headAndTailShowAKilobyte() throws IOException {
    write("/t/long", "a".repeat(1024) + "b".repeat(1000));
    assertRun(0, "a".repeat(1024), "", "-head", "/t/long");
    assertRun(0, "a".repeat(24) + "b".repeat(1000), "", "-tail", "/t/long");
  }

  @Test
  void tailFollowsWhatIsCommitted() {
    List<String> additions = List.of("", " two", " three");
    int[] waits = {0};
    shell.withPause(
        millis -> {
          assertThat(millis).isEqualTo(200);
          if (waits[0] == additions.size()) {
            throw new InterruptedException();
          }
          try {
            write("/t/a", read("/t/a") + additions.get(waits[0]++));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertRun(130, "hello\n two three", "tail: Interrupted\n", "-tail", "-f", "-s", "200", "/t/a");
    assertThat(Thread.interrupted()).isTrue();
  }

  @Test
  void tailTellsWhenItsFileGoes() {
    shell.withPause(
        millis -> {
          assertThat(millis).isEqualTo(5000);
          try {
            memory.unlink(CairnPath.of("/t/a"));
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
    assertRun(1, "hello\n", "tail: `/t/a': No such file or directory\n", "-tail", "-f", "/t/a");
  }

  @Test
  void textRefusesWhatItCannotRead() throws IOException {
    write("/t/seq", "SEQ\u0006org");
    assertRun(
        1,
        "",
        "text: `/t/seq': SequenceFile is not supported, use cat or get\n",
        "-text",
        "/t/seq");
    write("/t/avro", "Obj\u0001rest");
    assertThat(shell.run("-text", "/t/avro").err()).contains("Avro is not supported");
    write("/t/x.bz2", "BZh9");
    assertThat(shell.run("-text", "/t/x.bz2").err()).contains(".bz2 compression is not");
    write("/t/one", "1");
    assertRun(0, "1", "", "-text", "/t/one");
    write("/t/bad.gz", new byte[] {0x1f, (byte) 0x8b, 0, 0});
    assertThat(shell.run("-text", "/t/bad.gz").code()).isEqualTo(1);
  }

  @Test
  void checksumIsTheWholeContents() throws IOException {
    write("/t/digits", "123456789");
    assertRun(0, "/t/digits\tCOMPOSITE-CRC32C\te3069283\n", "", "-checksum", "/t/digits");
    assertRun(
        0,
        "/t/digits\tCOMPOSITE-CRC32C\te3069283\tBlockSize=134217728\n",
        "",
        "-checksum",
        "-v",
        "/t/digits");
  }

  @Test
  void dfAndDuAndCount() {
    assertRun(
        0,
        "Filesystem              Size  Used  Available  Use%\n"
            + "cairn://127.0.0.1:7700   1 T    36      1.0 T    0%\n",
        "",
        "-df",
        "-h");
    assertRun(0, "12  36  /t\n", "", "-du", "-s", "/t");
    assertRun(
        0,
        "           2            2                 12           Replicated /t\n",
        "",
        "-count",
        "-e",
        "/t");
  }

  // Finding.

  @Test
  void findByTypeSizeAgeAndEmptiness() throws IOException {
    write("/f/big", "x".repeat(3000));
    write("/f/empty", "");
    write("/f/old", "x");
    var unusedDirectory = memory.mkdirs(CairnPath.of("/f/nothing"), 0755);
    memory.symlink("/f/link", "/t/a");
    var unused =
        memory.setAttributes(
            CairnPath.of("/f/old"),
            AttributeChange.none().modificationTimeNanos(NOW - 3 * DAY - 1));
    assertFound("/f/big /f/empty /f/old", "-type", "f");
    assertFound("/f /f/nothing", "-type", "d");
    assertFound("/f/link", "-type", "l");
    assertFound("/f/big", "-size", "+1k");
    assertFound("/f/big", "-size", "6");
    assertFound("/f/empty /f/old", "-size", "-2c");
    assertFound("/f/empty", "-size", "0");
    assertFound("/f/old", "-mtime", "+2");
    assertFound("/f/old", "-mtime", "3");
    assertFound("/f/empty /f/nothing", "-empty");
    assertFound("/f/empty", "-empty", "-a", "-type", "f");
    assertFound("/f/empty", "(", "-empty", "-type", "f", ")");
  }

  private void assertFound(String paths, String... expression) {
    Result result = shell.run(prepend(new String[] {"-find", "/f"}, expression));
    if (expression[0].equals("(")) {
      // As in HDFS, what stands before the first dash is a path.
      assertThat(result.code()).isEqualTo(1);
    }
    assertThat(result.out().lines()).containsExactlyInAnyOrder(paths.split(" ", -1));
  }

  private static String[] prepend(String[] first, String[] rest) {
    String[] all = Arrays.copyOf(first, first.length + rest.length);
    System.arraycopy(rest, 0, all, first.length, rest.length);
    return all;
  }

  @Test
  void findDeletesWhatDirectoriesHoldFirst() throws IOException {
    write("/f/d/e/x", "");
    write("/f/keep", "kept");
    assertRun(0, "", "", "-find", "/f/d", "-delete");
    assertThat(memory.exists(CairnPath.of("/f/d"))).isFalse();
    assertRun(
        1, "", "find: `/f': Directory is not empty\n", "-find", "/f", "-type", "d", "-delete");
    assertThat(read("/f/keep")).isEqualTo("kept");
  }

  @Test
  void findRefusesWhatItDoesNotUnderstand() {
    assertThat(shell.run("-find", "/t", "-type", "x").err())
        .startsWith("-find: -type takes f, d, l, p, s, c or b, not x\n");
    assertThat(shell.run("-find", "/t", "-size", "big").code()).isEqualTo(255);
    assertThat(shell.run("-find", "/t", "-mtime", "1.5").err())
        .startsWith("-find: -mtime takes [+-]number, not 1.5\n");
    assertThat(shell.run("-find", "/t", "-name", "x", "(").err()).contains("missing )");
    assertThat(shell.run("-find", "/t", "-empty", "-a").err()).contains("nothing follows -a");
  }

  // Changing.

  @Test
  void rmAsksBeforeAGreatTreeGoes() throws IOException {
    for (int i = 0; i < 101; i++) {
      write("/many/f" + i, "");
    }
    String question = "Proceed deleting more than 100 files? (Y or N) ";
    shell.withInput("n\n");
    assertRun(
        1, "", question + "Delete aborted at user request.\n", "-rm", "-r", "-safely", "/many");
    shell.withInput("Yes\n");
    assertRun(0, "Deleted /many\n", question, "-rm", "-r", "-safely", "/many");
    assertRun(0, "Deleted /t\n", "", "-rm", "-r", "-safely", "/t");
  }

  @Test
  void theRootStays() {
    assertRun(1, "", "rm: `/': Operation not permitted\n", "-rm", "-r", "/");
  }

  @Test
  void rmWithForceIgnoresWhatHasJustGone() {
    memory.failNext("delete", "/t/a", ErrorCode.NOT_FOUND);
    assertRun(0, "", "", "-rm", "-f", "/t/a");
    memory.failNext("delete", "/t/a", ErrorCode.NOT_FOUND);
    assertRun(1, "", "rm: `/t/a': No such file or directory\n", "-rm", "/t/a");
  }

  @Test
  void mvBetweenFileSystemsIsRefused() throws IOException {
    Files.writeString(local.resolve("here"), "x");
    assertRun(
        1,
        "",
        "mv: `file://" + local + "/here': Does not match target filesystem\n",
        "-mv",
        "file://" + local + "/here",
        "/t/there");
  }

  @Test
  void mvDoesNotReplaceWhatAppearedMeanwhile() throws IOException {
    memory.failNext("rename", "/t/a", ErrorCode.EXISTS);
    assertRun(1, "", "mv: `/t/a': File exists\n", "-mv", "/t/a", "/t/new");
    assertThat(read("/t/a")).isEqualTo("hello\n");
  }

  @Test
  void setrepWaitsUntilTheCopiesAreThere() {
    assertRun(
        0,
        "Replication 2 set: /t/a\nWaiting for /t/a ... done\n",
        "",
        "-setrep",
        "-w",
        "2",
        "/t/a");
  }

  // Copying.

  @Test
  void aTreeWithNamesThatAreNoTextComesBackEqual() throws IOException {
    LocalTree tree = new LocalTree(local);
    CairnPath source = tree.home().child("src");
    tree.mkdir(source.child(new byte[] {'d', (byte) 0xfe}), true);
    byte[][] names = {
      {'a', (byte) 0xff}, {(byte) 0xc3, (byte) 0xa9}, {'%', '2', '0'}, {'l', '\n'}, {(byte) 0x80}
    };
    for (byte[] name : names) {
      Files.write(
          tree.local(source.child(new byte[] {'d', (byte) 0xfe}).child(name)).orElseThrow(), name);
    }
    assertRun(0, "", "", "-put", "src", "/t/up");
    assertRun(0, "", "", "-get", "/t/up", "back");
    assertThat(contents(tree, tree.home().child("back")))
        .isEqualTo(contents(tree, source))
        .hasSize(names.length);
  }

  private static Map<String, String> contents(LocalTree tree, CairnPath root) throws IOException {
    Map<String, String> all = new TreeMap<>();
    for (Entry entry : tree.list(root)) {
      if (entry.facts().isDirectory()) {
        contents(tree, entry.path())
            .forEach(
                (path, content) ->
                    all.put(ByteText.decode(entry.path().nameBytes()) + "/" + path, content));
      } else {
        all.put(
            ByteText.decode(entry.path().nameBytes()),
            ByteText.decode(tree.readSmall(entry.path(), 1000)));
      }
    }
    return all;
  }

  @Test
  void smallFilesAppearInOneStepAndGreatOnesUnderATemporaryName() throws IOException {
    Files.writeString(local.resolve("small"), "s");
    Files.write(local.resolve("great"), new byte[3 << 20]);
    assertRun(0, "", "", "-put", "small", "great", "/t/d");
    assertThat(memory.calls())
        .contains("createWithContent /t/d/small", "create /t/d/great._COPYING_")
        .contains("rename /t/d/great._COPYING_")
        .doesNotContain("create /t/d/great");
    assertThat(memory.stat(CairnPath.of("/t/d/great")).length()).isEqualTo(3 << 20);
  }

  @Test
  void directWritingNeedsNoTemporaryName() throws IOException {
    Files.write(local.resolve("great"), new byte[3 << 20]);
    assertRun(0, "", "", "-put", "-d", "great", "/t/great");
    assertThat(memory.calls()).contains("create /t/great").doesNotContain("rename /t/great");
    assertThat(memory.stat(CairnPath.of("/t/great")).length()).isEqualTo(3 << 20);
  }

  @Test
  void aPutThatFailsLeavesNothingBehind() throws IOException {
    Files.write(local.resolve("great"), new byte[3 << 20]);
    memory.failNext("write", "/t/x._COPYING_", ErrorCode.NO_SPACE);
    assertRun(1, "", "put: `/t/x': No space left on device\n", "-put", "great", "/t/x");
    memory.failNext("close", "/t/x._COPYING_", ErrorCode.SESSION_EXPIRED);
    assertRun(1, "", "put: /t/x._COPYING_: planted SESSION_EXPIRED\n", "-put", "great", "/t/x");
    memory.failNext("rename", "/t/x._COPYING_", ErrorCode.EXISTS);
    assertRun(1, "", "put: `/t/x': File exists\n", "-put", "great", "/t/x");
    memory.failNext("createWithContent", "/t/y", ErrorCode.NO_SPACE);
    Files.writeString(local.resolve("small"), "s");
    assertRun(1, "", "put: `/t/y': No space left on device\n", "-put", "small", "/t/y");
    assertThat(memory.listAll(CairnPath.of("/t"))).hasSize(2);
    assertThat(shell.unfinished().isEmpty()).isTrue();
  }

  @Test
  void aReplacingPutThatFailsKeepsWhatWasThere() throws IOException {
    Files.write(local.resolve("great"), new byte[3 << 20]);
    memory.failNext("write", "/t/a._COPYING_", ErrorCode.NO_SPACE);
    assertThat(shell.run("-put", "-f", "great", "/t/a").code()).isEqualTo(1);
    assertThat(read("/t/a")).isEqualTo("hello\n");
  }

  @Test
  void aGetThatFailsLeavesNothingBehind() throws IOException {
    write("/t/great", "x".repeat(3 << 20));
    memory.failNext("open", "/t/great", ErrorCode.CHUNK_CORRUPT);
    Result result = shell.run("-get", "/t/great", "down");
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).startsWith("get: `/t/great': ");
    assertThat(local).isEmptyDirectory();
  }

  @Test
  void errorsComeInTheOrderOfTheSources() throws IOException {
    StringBuilder expected = new StringBuilder();
    Path source = Files.createDirectory(local.resolve("src"));
    for (int i = 10; i < 60; i++) {
      Files.writeString(source.resolve("f" + i), "x");
      if (i % 7 == 0) {
        memory.failNext("createWithContent", "/t/src/f" + i, ErrorCode.NO_SPACE);
        expected.append("put: `/t/src/f").append(i).append("': No space left on device\n");
      }
    }
    assertRun(1, "", expected.toString(), "-put", "-t", "8", "-q", "4", "src", "/t");
    assertThat(memory.listAll(CairnPath.of("/t/src"))).hasSize(43);
  }

  @Test
  void specialFilesAndLinksThatLeadNowhereAreToldAndLeftOut() throws Exception {
    Path source = Files.createDirectory(local.resolve("src"));
    Files.writeString(source.resolve("file"), "x");
    Files.createSymbolicLink(source.resolve("gone"), Path.of("nowhere"));
    Files.createSymbolicLink(source.resolve("good"), Path.of("file"));
    Files.createSymbolicLink(source.resolve("loop"), Path.of("."));
    Process mkfifo = new ProcessBuilder("mkfifo", source.resolve("pipe").toString()).start();
    assertThat(mkfifo.waitFor()).isZero();
    assertRun(
        1,
        "",
        "put: `src/gone': No such file or directory\n"
            + "put: `src/loop': Too many levels of symbolic links\n"
            + "put: `src/pipe': Is not a regular file\n",
        "-put",
        "src",
        "/t/up");
    assertThat(memory.listAll(CairnPath.of("/t/up")).stream().map(each -> each.path().name()))
        .containsExactly("file", "good");
  }

  @Test
  void attributesArePreservedWithP() throws IOException {
    Path file = Files.writeString(local.resolve("f"), "x");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-x---"));
    Files.setLastModifiedTime(
        file, java.nio.file.attribute.FileTime.fromMillis(1_500_000_000_123L));
    assertRun(0, "", "", "-put", "-p", "f", "/t/f");
    assertRun(0, "750 1500000000123\n", "", "-stat", "%a %Y", "/t/f");
    assertThat(shell.run("-stat", "%u", "/t/f").out())
        .isEqualTo(Files.getOwner(file).getName() + "\n");
    assertRun(0, "", "", "-cp", "-ptp", "/t/f", "/t/g");
    assertRun(0, "750 1500000000123 alice\n", "", "-stat", "%a %Y %u", "/t/g");
    assertRun(0, "", "", "-get", "-p", "/t/f", "back");
    assertThat(Files.getLastModifiedTime(local.resolve("back")).toMillis())
        .isEqualTo(1_500_000_000_123L);
    assertThat(shell.run("-cp", "-pz", "/t/f", "/t/h").err())
        .startsWith("-cp: No attribute for z\nUsage: ");
  }

  @Test
  void getGoesToStandardOutput() {
    assertRun(0, "hello\nworld\n", "", "-get", "/t/a", "/t/d/b", "-");
    assertRun(
        1,
        "hello\n",
        "get: `/t/d': Is a directory\nget: `/t/x': No such file or directory\n",
        "-get",
        "/t/d",
        "/t/x",
        "/t/a",
        "-");
  }

  @Test
  void theLongestNamesAreCopiedToo() throws IOException {
    String one = "n".repeat(254) + "1";
    String two = "n".repeat(254) + "2";
    // More than is written in one step.
    byte[] content = new byte[(1 << 20) + 1];
    write("/long/" + one, content);
    write("/long/" + two, "short");
    assertRun(0, "", "", "-get", "/long", "down");
    assertThat(local.resolve("down").resolve(one)).hasBinaryContent(content);
    assertThat(local.resolve("down").resolve(two)).hasContent("short");
    assertThat(local.resolve("down").toFile().list()).hasSize(2);
    assertRun(0, "", "", "-put", "down", "/up");
    assertThat(memory.readFully(CairnPath.of("/up/" + one), 1 << 22)).isEqualTo(content);
    assertThat(shell.run("-ls", "-C", "/up").out().lines()).hasSize(2);
  }

  @Test
  void getTakesTheCurrentDirectoryIfNoneIsNamed() throws IOException {
    assertRun(0, "", "", "-get", "/t/a");
    assertThat(local.resolve("a")).hasContent("hello\n");
  }

  @Test
  void movingDeletesTheSourcesThatArrived() throws IOException {
    Path source = Files.createDirectories(local.resolve("src/sub"));
    Files.writeString(source.resolve("x"), "1");
    assertRun(0, "", "", "-moveFromLocal", "src", "/t/moved");
    assertThat(local.resolve("src")).doesNotExist();
    assertThat(read("/t/moved/sub/x")).isEqualTo("1");
    assertRun(0, "", "", "-moveToLocal", "/t/moved", "back");
    assertThat(local.resolve("back/sub/x")).hasContent("1");
    assertThat(memory.exists(CairnPath.of("/t/moved"))).isFalse();
  }

  @Test
  void movingKeepsTheSourcesThatDidNotArrive() throws IOException {
    Path source = Files.createDirectories(local.resolve("src"));
    Files.writeString(source.resolve("bad"), "1");
    Files.writeString(source.resolve("good"), "2");
    memory.failNext("createWithContent", "/t/moved/bad", ErrorCode.NO_SPACE);
    assertRun(
        1,
        "",
        "moveFromLocal: `/t/moved/bad': No space left on device\n"
            + "moveFromLocal: `src': Directory is not empty\n",
        "-moveFromLocal",
        "src",
        "/t/moved");
    assertThat(source.resolve("bad")).hasContent("1");
    assertThat(source.resolve("good")).doesNotExist();
  }

  @Test
  void getmergeReplacesItsTargetAtTheEndOnly() throws IOException {
    write("/m/1", "one");
    write("/m/2", "");
    write("/m/3", "three");
    Files.writeString(local.resolve("out"), "old");
    assertRun(0, "", "", "-getmerge", "-nl", "/m", "out");
    assertThat(local.resolve("out")).hasContent("one\n\nthree\n");
    assertRun(0, "", "", "-getmerge", "-nl", "-skip-empty-file", "/m", "out");
    assertThat(local.resolve("out")).hasContent("one\nthree\n");
    memory.failNext("open", "/m/3", ErrorCode.PERMISSION_DENIED);
    assertRun(1, "", "getmerge: `/m/3': Permission denied\n", "-getmerge", "/m", "out");
    assertThat(local.resolve("out")).hasContent("one\nthree\n");
    assertThat(local.resolve("out._COPYING_")).doesNotExist();
  }

  @Test
  void filesFromStandardInput() throws IOException {
    shell.withInput("typed");
    assertRun(0, "", "", "-put", "-", "/t/in");
    assertThat(read("/t/in")).isEqualTo("typed");
    assertThat(memory.calls()).contains("rename /t/in._COPYING_");
  }

  @Test
  void aCommandRunsWhileAFileIsLockedAndGivesItsExitCode() throws IOException {
    Path token = local.resolve("token");
    String script = "printf '%s' \"$CAIRN_LOCK_TOKEN\" > " + token + "; exit 7";
    assertRun(7, "", "", "-lock", "/t/new.lock", "sh", "-c", script);
    assertThat(token).hasContent("1");
    assertThat(memory.stat(CairnPath.of("/t/new.lock")).length()).isZero();
    assertThat(memory.lockHolders(CairnPath.of("/t/new.lock"))).isEmpty();
  }

  @Test
  void aLockThatOthersHaveIsNotWaitedForUnlessAsked() throws IOException {
    assertThat(memory.locks().of(CairnPath.of("/t/a"), CairnLock.Mode.EXCLUSIVE).tryLock())
        .isTrue();
    assertRun(1, "", "", "-lock", "-n", "/t/a", "true");
    assertRun(1, "", "", "-lock", "-w", "0.5", "/t/a", "true");
    assertRun(1, "", "", "-lock", "-s", "-n", "/t/a", "true");
    assertRun(
        0,
        "# file: /t/a\nexclusive file token=1 session=7 alice@here test\n",
        "",
        "-locks",
        "/t/a");
  }

  @Test
  void aLockNeedsACommandThatExistsAndSecondsThatAreANumber() {
    assertThat(shell.run("-lock", "/t/a").code()).isEqualTo(255);
    assertThat(shell.run("-lock", "-w", "soon", "/t/a", "true").err())
        .contains("Invalid number of seconds: soon");
    assertThat(shell.run("-lock", "/t/a", "/no/such/program").code()).isEqualTo(1);
    assertThat(memory.lockHolders(CairnPath.of("/t/a"))).isEmpty();
  }

  @Test
  void aLeaseIsRecoveredInSeveralTries() {
    memory.keepOpen(CairnPath.of("/t/a"), 1);
    Result given = shell.run("-recoverLease", "-path", "/t/a");
    assertThat(given.code()).isEqualTo(1);
    assertThat(given.err()).contains("recoverLease returned false");
    assertRun(0, "recoverLease SUCCEEDED on /t/a\n", "", "-recoverLease", "-path", "/t/a");
    memory.keepOpen(CairnPath.of("/t/d/b"), 2);
    List<Long> pauses = new ArrayList<>();
    shell = shell.withPause(pauses::add);
    Result slow = shell.run("-recoverLease", "-path", "/t/d/b", "-retries", "3");
    assertThat(slow.code()).isZero();
    assertThat(pauses).containsExactly(5_000L, 5_000L);
    assertThat(shell.run("-recoverLease").err()).contains("You must supply a -path argument");
    assertThat(shell.run("-recoverLease", "-path", "/t/a", "-retries", "x").err())
        .contains("Invalid number of retries: x");
  }
}
