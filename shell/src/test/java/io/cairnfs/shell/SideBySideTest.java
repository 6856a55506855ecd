package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.shell.ShellRun.Result;
import io.cairnfs.shell.testing.MemoryFileSystem;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The same command lines through Hadoop's own shell on a local directory and through ours on a file
 * system in memory that holds the same: standard output, standard error and exit code must be the
 * same, but for {@link #DIFFERENCES}.
 *
 * <p>In the command lines {@code @} stands for the directory that holds the tree. Lines of one
 * scenario run one after the other on the same tree.
 */
@Timeout(120)
class SideBySideTest {
  private static final String USER = System.getProperty("user.name");
  private static final String HOME = "/user/" + USER;
  private static final Instant LONG_AGO = Instant.parse("2020-01-02T03:04:05Z");
  private static final long BLOCK = 32L << 20;
  private static final String WITH_TRASH = "rm and expunge with a trash";
  private static final String INPUT = "from standard input\n";

  /**
   * A way in which we mean to differ from HDFS, or in which HDFS' shell on a local directory
   * differs from HDFS.
   *
   * @param reason why
   * @param concerns command lines it can concern
   * @param asOurs what Hadoop answered, as we mean to answer
   */
  private record Difference(
      String reason, Predicate<String> concerns, UnaryOperator<Result> asOurs) {
    static Difference inText(String reason, String regex, String replacement) {
      Pattern pattern = Pattern.compile(regex, Pattern.MULTILINE);
      return new Difference(
          reason,
          line -> true,
          result ->
              new Result(
                  result.code(),
                  pattern.matcher(result.out()).replaceAll(replacement),
                  pattern.matcher(result.err()).replaceAll(replacement)));
    }

    /** We answer this to lines that match, whatever Hadoop answers. */
    static Difference answer(String reason, String line, int code, String out, String err) {
      return new Difference(
          reason, typed -> typed.matches(line), result -> new Result(code, out, err));
    }
  }

  /** All deliberate differences. docs/shell.md tells users of them. */
  private static final List<Difference> DIFFERENCES =
      List.of(
          // The local file system's.
          Difference.inText(
              "a directory of the local file system has a size of its own, one of a cluster none",
              "^(d\\S+ +- \\S+ +\\S+ +)(4096| 4 K) ",
              "$1<none> "),
          Difference.inText(
              "a trash in the local file system is not its owner's alone",
              "^drwxr-xr-x(.* \\.Trash)$",
              "drwx------$1"),
          // Ours.
          Difference.inText(
              "a misused word shows its own usage, not that of all words",
              "^Usage: hadoop fs \\[generic options]\\n(\\t\\[-.*\\n)+\\nGeneric options"
                  + " supported are:\\n(.+\\n)+\\nThe general command line syntax is:\\n.*\\n\\n",
              ""),
          Difference.inText("the program is called dfs", "Usage: hadoop fs", "Usage: dfs"),
          Difference.answer(
              "a missing argument is told as such, not as an internal error with a stack trace",
              "-find d -name",
              255,
              "",
              "-find: -name requires an argument\n"
                  + "Usage: dfs [generic options] -find <path> ... <expression> ...\n"),
          Difference.answer(
              "a malformed name pattern is told as such, not as an internal error",
              "-find d -name \\[",
              1,
              "",
              "find: Illegal file pattern: error parsing regexp: Unclosed character class at pos 1:"
                  + " `[`\n"));

  private static final Map<String, List<String>> SCENARIOS = new LinkedHashMap<>();

  private static void scenario(String name, String... lines) {
    SCENARIOS.put(name, List.of(lines));
  }

  static {
    scenario(
        "ls",
        "-ls",
        "-ls .",
        "-ls @/d",
        "-ls d a.txt",
        "-ls -h d",
        "-ls -C d",
        "-ls -C empty",
        "-ls -d d",
        "-ls -d *",
        "-ls -S sizes",
        "-ls -S -r sizes",
        "-ls -r sizes",
        "-ls -t -u d",
        "-ls -q d",
        "-ls empty",
        "-ls -R d/sub",
        "-ls d/",
        "-ls d//sub",
        "-ls ./d/../d",
        "-ls ..",
        "-ls -- d");
    scenario(
        "ls refused",
        "-ls nope",
        "-ls nope @/nope2 d/zero",
        "-ls -z",
        "-ls -Rh d",
        "-ls -R nope d/sub",
        "-ls foo://x/y");
    scenario(
        "patterns",
        "-ls d/*",
        "-ls d/z*",
        "-ls zz*",
        "-ls {a.txt,d/b.txt}",
        "-ls {a,e}*",
        "-ls d/[a-c]*",
        "-ls d/[^z]*",
        "-ls d/[!z]*",
        "-ls d/?",
        "-ls d/{b,sub}*",
        "-ls [",
        "-ls d/{b",
        "-ls */*.txt",
        "-ls @/*/b.txt",
        "-ls \\d/b.txt",
        "-cat ?.txt");
    scenario("ls -R", "-ls -R d", "-ls -R", "-lsr d");
    scenario(
        "cat, text, head, tail",
        "-cat a.txt d/b.txt nope",
        "-cat nope",
        "-cat d",
        "-cat -ignoreCrc a.txt",
        "-cat",
        "-text a.txt",
        "-text d/g.gz",
        "-text nope",
        "-text d",
        "-text d/zero",
        "-head a.txt",
        "-head d",
        "-head nope",
        "-head a.txt d",
        "-tail a.txt",
        "-tail d",
        "-tail nope",
        "-tail -s 5 a.txt",
        "-tail -f",
        "-head d/*");
    scenario(
        "mkdir and rmdir",
        "-mkdir d",
        "-mkdir a.txt",
        "-mkdir x/y/z",
        "-mkdir -p x/y/z",
        "-mkdir x/y/z/",
        "-mkdir n1/ n2",
        "-ls",
        "-mkdir -p d a.txt",
        "-mkdir /",
        "-mkdir a.txt/q",
        "-mkdir -p a.txt/q",
        "-mkdir -p",
        "-rmdir d",
        "-rmdir a.txt",
        "-rmdir nope",
        "-rmdir --ignore-fail-on-non-empty d",
        "-rmdir x/y/z n1/ n2",
        "-ls",
        "-rmdir");
    scenario(
        "rm",
        "-rm d",
        "-rm nope",
        "-rm -f nope",
        "-rm zz*",
        "-rm -f zz*",
        "-rm",
        "-rm a.txt",
        "-rm -r empty",
        "-rm -skipTrash b.txt",
        "-rm -R d/sub nope d/zero",
        "-rm -safely -r nope",
        "-ls",
        "-rmr d",
        "-ls");
    scenario(
        WITH_TRASH,
        "-rm d",
        "-rm nope",
        "-rm -f nope zz*",
        "-rm -skipTrash b.txt",
        "-test -e .Trash",
        "-rm a.txt",
        "-ls .Trash/Current/nope",
        "-rm -r d/sub d/zero",
        "-rm -r -safely d",
        "-ls",
        "-rm -r .",
        "-rm -r @",
        "-expunge",
        "-test -e .Trash/Current",
        "-rm -r sizes",
        "-expunge -immediate",
        "-ls .Trash",
        "-rm -r empty",
        "-rm -r .Trash/Current",
        "-rm -r .Trash",
        "-expunge -now",
        "-expunge",
        "-ls");
    scenario(
        "cp",
        "-cp a.txt d/b.txt",
        "-cp -f a.txt d/b.txt",
        "-cat d/b.txt",
        "-cp nope d",
        "-cp a.txt no/x",
        "-cp a.txt d nope",
        "-cp a.txt d a.txt",
        "-cp d d",
        "-cp d d/sub",
        "-cp d dcopy",
        "-cp d dcopy",
        "-ls dcopy",
        "-ls dcopy/d",
        "-cp a.txt",
        "-cp a.txt a.txt",
        "-cp a.txt copy",
        "-cp a.txt slash/",
        "-cp a.txt empty/",
        "-cp a.txt b.txt empty",
        "-cp -p a.txt old",
        "-ls old empty copy",
        "-cp a.txt zz*",
        "-cp a.txt ?.txt",
        "-cp -t 2 -q 3 d empty",
        "-ls empty/d");
    scenario(
        "mv",
        "-mv a.txt d/b.txt",
        "-mv nope q",
        "-mv d d",
        "-mv d d/x",
        "-mv d d/sub/x",
        "-mv a.txt no/q",
        "-mv a.txt",
        "-mv a.txt a.txt",
        "-mv a.txt moved",
        "-mv d dmoved",
        "-mv moved b.txt empty",
        "-ls empty",
        "-ls",
        "-mv empty/* nope",
        "-mv empty/* .",
        "-ls");
    scenario(
        "du, df, count",
        "-du -s d",
        "-du d/sub",
        "-du -h -v d/sub",
        "-du nope",
        "-du -s d/*",
        "-du -s",
        "-dus d",
        "-df nope",
        "-count d a.txt",
        "-count -q d",
        "-count -h -v d",
        "-count -q -v d",
        "-count -u -v d",
        "-count -u d",
        "-count -x -v d",
        "-count -s -v d",
        "-count -q -h -v d",
        "-count nope",
        "-count");
    scenario("du of a directory", "-du d", "-du", "-du -v d");
    scenario(
        "stat",
        "-stat a.txt",
        "-stat %F_%a_%A_%b_%n_%o_%r_%z a.txt",
        "-stat %F_%a_%A_%n d",
        "-stat %u:%g:%y:%Y a.txt d",
        "-stat %y nope",
        "-stat %",
        "-stat",
        "-stat %y%%x%q a.txt",
        "-stat %n d/*");
    scenario("stat -R", "-stat -R %n d");
    scenario(
        "test",
        "-test -e nope",
        "-test -d d",
        "-test -d a.txt",
        "-test -f a.txt",
        "-test -f d",
        "-test -z d/zero",
        "-test -s d/zero",
        "-test -s a.txt",
        "-test -w a.txt",
        "-test -r a.txt",
        "-test -w d",
        "-test -r d",
        "-test a.txt",
        "-test -d -e a.txt",
        "-test -d nope a",
        "-test -q x",
        "-test -de x");
    scenario(
        "touch",
        "-touchz a.txt",
        "-touchz d",
        "-touchz d/zero",
        "-touchz tz",
        "-touchz nope/x",
        "-touchz",
        "-touch d",
        "-touch nope/x",
        "-touch nope/",
        "-touch -c newx",
        "-touch -t 20200101:000000 tz",
        "-ls",
        "-touch -a -t 20210101:000000 a.txt",
        "-touch -m -t 20200601:121314 b.txt",
        "-stat %x,%y a.txt b.txt",
        "-touch -t 2020 tz",
        "-touch -t",
        "-touch");
    scenario(
        "chmod, chown, chgrp",
        "-chmod 644 nope",
        "-chmod 999 a.txt",
        "-chmod u=rwx,g+x,o-r a.txt",
        "-stat %a a.txt",
        "-chmod +x a.txt",
        "-stat %a a.txt",
        "-chmod a+rwX,o-w d",
        "-stat %a d",
        "-chmod 1777 d",
        "-stat %a_%A d",
        "-ls -d d",
        "-chmod -t d",
        "-stat %a_%A d",
        "-chmod -R g-rx,o= d",
        "-ls d",
        "-chmod zz a.txt",
        "-chmod 64 a.txt",
        "-chmod",
        "-chown : a.txt",
        "-chown a!b a.txt",
        "-chown x nope",
        "-chown -R x:y nope",
        "-chgrp b:c a.txt",
        "-chgrp root",
        "-chown");
    scenario(
        "find",
        "-find d -name *.txt",
        "-find d -iname *.TXT -print",
        "-find d -name b.txt -a -print",
        "-find d -name b.txt -and -print",
        "-find d -foo",
        "-find nope",
        "-find",
        "-find d -name *.txt -print0",
        "-find d -name zero -name b*",
        "-find . -print d",
        "-find d -name b* -print -print",
        "-find d/sub/.. -name c*",
        "-find d ( -name b.txt )",
        "-find d -name [",
        "-find d -name");
    scenario("find without an expression", "-find d", "-find . -name z*", "-find d empty");
    scenario(
        "setrep",
        "-setrep 0 a.txt",
        "-setrep x a.txt",
        "-setrep 70000 a.txt",
        "-setrep a.txt",
        "-setrep 2 nope",
        "-setrep 1 a.txt",
        "-setrep -w 1 a.txt");
    scenario("setrep of a directory", "-setrep -R 1 d");
    scenario(
        "put",
        "-put nope q",
        "-put a.txt q",
        "-put a.txt q",
        "-put -f a.txt q",
        "-cat q",
        "-put a.txt no/q",
        "-put a.txt d/b.txt nope",
        "-put a.txt d/b.txt q",
        "-put a.txt",
        "-put",
        "-put a.txt zz*",
        "-put a.txt ?.txt",
        "-put d q",
        "-put a.txt slash/",
        "-put a.txt empty/",
        "-put nope1 a.txt nope2 d",
        "-put -t x a.txt q2",
        "-copyFromLocal b.txt q3",
        "-cat q3 empty/a.txt");
    scenario("put of directories", "-put d empty", "-ls empty/d", "-put d empty");
    scenario("put from standard input", "-put - in", "-cat in", "-put - in", "-put -f - in");
    scenario(
        "get",
        "-get a.txt out1",
        "-get a.txt out1",
        "-get -f a.txt out1",
        "-get nope out2",
        "-get a.txt no/x",
        "-get",
        "-get d out1",
        "-get a.txt b.txt out1",
        "-copyToLocal a.txt out9",
        "-get d out3",
        "-get a.txt d/b.txt out3",
        "-get -f -p a.txt d/b.txt out3",
        "-get d empty/nope/nope");
    scenario("moveFromLocal", "-moveFromLocal b.txt moved", "-cat moved", "-moveFromLocal d moved");
    scenario("moveFromLocal of nothing", "-moveFromLocal nope m2", "-moveFromLocal d empty");
    scenario(
        "getmerge",
        "-getmerge d/sub merged",
        "-getmerge nope merged",
        "-getmerge a.txt d",
        "-getmerge a.txt",
        "-getmerge -nl a.txt d/b.txt merged2",
        "-getmerge a.txt nope merged3");
    scenario("checksum", "-checksum d", "-checksum nope", "-checksum");
    scenario(
        "usage",
        "-usage ls",
        "-usage du ls",
        "-usage foo",
        "-help foo",
        "-usage get",
        "-usage put",
        "-usage moveFromLocal",
        "-usage count",
        "-usage rm",
        "-usage expunge",
        "-usage touch",
        "-usage rmr");
  }

  @TempDir Path temporary;

  @TestFactory
  Stream<DynamicTest> answersAreTheSame() {
    return SCENARIOS.entrySet().stream()
        .map(each -> dynamicTest(each.getKey(), () -> compare(each.getKey(), each.getValue())));
  }

  private void compare(String name, List<String> lines) throws Exception {
    Path base = Files.createDirectory(temporary.resolve(name.replace(' ', '-').replace(",", "")));
    Path hadoopTree = seedLocal(base.resolve("hadoop/" + USER));
    Path localTree = seedLocal(base.resolve("ours/" + USER));
    Clock clock = new SystemClock();
    MemoryFileSystem memory = seedMemory(hadoopTree, clock);
    int trashMinutes = name.equals(WITH_TRASH) ? 60 : 0;
    memory.setTrashInterval(Duration.ofMinutes(trashMinutes));
    HadoopRun hadoop = new HadoopRun(hadoopTree, trashMinutes);
    ShellRun ours =
        new ShellRun(memory, localTree, USER, clock)
            .inZone(ZoneId.systemDefault())
            .withInput(INPUT);
    List<String> wrong = new ArrayList<>();
    for (String line : lines) {
      Result theirs = hadoop.run(words(line, hadoopTree.toString()), INPUT);
      Result expected = meant(line, normal(theirs, hadoopTree));
      Result actual = normal(ours.run(words(line, HOME)), localTree);
      if (!sortedIfUnordered(line, expected).equals(sortedIfUnordered(line, actual))) {
        wrong.add("$ " + line + "\nHADOOP " + expected + "OURS " + actual);
      }
    }
    assertThat(String.join("\n", wrong)).isEmpty();
  }

  private static List<String> words(String line, String home) {
    return Arrays.stream(line.split(" "))
        .map(word -> word.startsWith("@") ? home + word.substring(1) : word)
        .toList();
  }

  private static Result meant(String line, Result hadoop) {
    Result result = hadoop;
    for (Difference difference : DIFFERENCES) {
      if (difference.concerns().test(line)) {
        result = difference.asOurs().apply(result);
      }
    }
    return result;
  }

  /**
   * Places and present times differ between runs in any case. What was moved to the trash Hadoop
   * tells its log, which is silent here.
   */
  private static Result normal(Result result, Path directory) {
    return new Result(
        result.code(), normal(result.out(), directory), normal(result.err(), directory));
  }

  private static String normal(String text, Path directory) {
    return text.replaceAll("(?m)^(d\\S+ +- \\S+ +\\S+ +)   0 ", "$1<none> ")
        .replace("cairn://" + ShellRun.AUTHORITY + HOME, "@")
        .replace(HOME, "@")
        .replace("file:" + directory, "@")
        .replace(directory.toString(), "@")
        .replaceAll("20(2[2-9]|[3-9][0-9])-[0-9]{2}-[0-9]{2} [0-9:]{5,8}", "NOW")
        .replaceAll("\\b1[6-9][0-9]{11}\\b", "NOW")
        .replaceAll("(?m)^Moved: '.*' to trash at: .*\\n", "");
  }

  /** The local file system lists in no order where HDFS' listings are sorted by name. */
  private static Result sortedIfUnordered(String line, Result result) {
    if (!line.matches("-(ls -R|lsr|du|find|stat -R|setrep -R|put d).*")) {
      return result;
    }
    return new Result(result.code(), sorted(result.out()), sorted(result.err()));
  }

  private static String sorted(String text) {
    return text.lines().sorted().collect(Collectors.joining("\n"));
  }

  // The tree.

  private static Map<String, byte[]> files() throws IOException {
    ByteArrayOutputStream zipped = new ByteArrayOutputStream();
    try (GZIPOutputStream gzip = new GZIPOutputStream(zipped)) {
      gzip.write("zipped\n".getBytes(StandardCharsets.UTF_8));
    }
    Map<String, byte[]> files = new LinkedHashMap<>();
    files.put("a.txt", "hello\n".getBytes(StandardCharsets.UTF_8));
    files.put("b.txt", "x".repeat(3000).getBytes(StandardCharsets.UTF_8));
    files.put("d/b.txt", "world\n".getBytes(StandardCharsets.UTF_8));
    files.put("d/g.gz", zipped.toByteArray());
    files.put("d/sub/c.bin", "0123456789".getBytes(StandardCharsets.UTF_8));
    files.put("d/zero", new byte[0]);
    files.put("sizes/big", new byte[2000]);
    files.put("sizes/empty", new byte[0]);
    files.put("sizes/little", new byte[20]);
    return files;
  }

  private static Path seedLocal(Path root) throws IOException {
    Files.createDirectories(root.resolve("d/sub"));
    Files.createDirectories(root.resolve("empty"));
    Files.createDirectories(root.resolve("sizes"));
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      Files.write(root.resolve(file.getKey()), file.getValue());
    }
    try (Stream<Path> all = Files.walk(root)) {
      for (Path path : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.setPosixFilePermissions(
            path,
            PosixFilePermissions.fromString(Files.isDirectory(path) ? "rwxr-xr-x" : "rw-r--r--"));
        Files.setAttribute(path, "lastAccessTime", FileTime.from(LONG_AGO));
        Files.setLastModifiedTime(path, FileTime.from(LONG_AGO));
      }
    }
    return root;
  }

  private static MemoryFileSystem seedMemory(Path like, Clock clock) throws IOException {
    PosixFileAttributes attributes = Files.readAttributes(like, PosixFileAttributes.class);
    MemoryFileSystem memory =
        new MemoryFileSystem(
            clock, attributes.owner().getName(), attributes.group().getName(), 1, BLOCK);
    List<String> names = new ArrayList<>(List.of(HOME, HOME + "/d", HOME + "/d/sub"));
    names.addAll(List.of(HOME + "/empty", HOME + "/sizes"));
    for (String directory : names) {
      var unused = memory.mkdirs(CairnPath.of(directory), 0755);
    }
    for (Map.Entry<String, byte[]> file : files().entrySet()) {
      String path = HOME + "/" + file.getKey();
      names.add(path);
      var unused =
          memory.createWithContent(
              CairnPath.of(path), ByteBuffer.wrap(file.getValue()), CreateOptions.defaults());
    }
    long nanos = LONG_AGO.getEpochSecond() * 1_000_000_000L;
    for (String name : names) {
      var unused =
          memory.setAttributes(
              CairnPath.of(name),
              AttributeChange.none().modificationTimeNanos(nanos).accessTimeNanos(nanos));
    }
    return memory;
  }
}
