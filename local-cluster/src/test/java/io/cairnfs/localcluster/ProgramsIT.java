package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.id.HostPort;
import java.io.BufferedReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The scripts of the distribution on a cluster of six processes with default settings. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ProgramsIT {
  /** Stated in README.md. */
  private static final long MEMORY_BUDGET_KIB = (5L << 20) / 2;

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static Programs programs;
  private static String uri;

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 3, 3);
    programs = new Programs(directory.resolve("here"));
    uri = cluster.controller().uri();
  }

  @AfterAll
  static void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static Programs.Result good(Programs.Result result) {
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    assertThat(result.errWithoutWaiting()).isEmpty();
    return result;
  }

  /** Writes a configuration that knows the cluster by a name. */
  private static Path configuration(String name, String text) throws Exception {
    String metaservers =
        cluster.controller().metaservers().stream()
            .map(HostPort::toString)
            .collect(Collectors.joining("\", \""));
    return Files.writeString(
        directory.resolve(name),
        "clusters.prod.metaservers = [\"" + metaservers + "\"]\n" + text + "\n");
  }

  @Test
  void sixIdleProcessesKeepToTheMemoryBudget() throws Exception {
    long total = 0;
    List<String> parts = new ArrayList<>();
    for (Role role : cluster.controller().directory().roles()) {
      Path status = Path.of("/proc", Long.toString(cluster.pid(role.id())), "status");
      String line =
          Files.readAllLines(status).stream()
              .filter(each -> each.startsWith("VmRSS:"))
              .findFirst()
              .orElseThrow();
      long kibibytes = Long.parseLong(line.replaceAll("[^0-9]", ""));
      parts.add(role.id() + " " + kibibytes + " KiB");
      total += kibibytes;
    }
    assertThat(parts).hasSize(6);
    assertThat(total).as(parts.toString()).isBetween(1L, MEMORY_BUDGET_KIB);
  }

  @Test
  void everyProgramFindsTheClusterByTheSameRules() throws Exception {
    List<String[]> questions =
        List.of(
            new String[] {"dfs", "-ls", "/"},
            new String[] {"admin", "servers"},
            new String[] {"fsck", "/tmp"});
    String named = configuration("named.conf", "client.fs = \"cairn://prod\"").toString();
    String unnamed = configuration("unnamed.conf", "").toString();
    for (String[] question : questions) {
      Programs.Result none = ask(programs, question);
      assertThat(none.code()).isNotZero();
      assertThat(none.err())
          .contains("no cluster is named and none runs here")
          .contains("cairn local start");
      good(ask(programs, question, "-fs", uri));
      good(ask(programs.with("CAIRN_FS", uri), question));
      good(ask(programs, question, "--conf", named));
      good(ask(programs.with("CAIRN_CONF", named), question));
      good(ask(programs, question, "-fs", "cairn://prod", "--conf", unnamed));
      // The option is stronger than the variable, the variable than the configuration.
      Programs wrong = programs.with("CAIRN_FS", "cairn://nobody").with("CAIRN_CONF", named);
      assertThat(ask(wrong, question).err()).contains("cluster nobody is not known");
      good(ask(wrong, question, "-fs", "cairn://prod"));
    }
    good(programs.with("CAIRN_CONF", unnamed).dfs("-ls", "cairn://prod/tmp"));
  }

  private static Programs.Result ask(Programs programs, String[] question, String... generic)
      throws Exception {
    List<String> words = new ArrayList<>(List.of(question[0]));
    words.addAll(List.of(generic));
    words.addAll(List.of(question).subList(1, question.length));
    return programs.cairn(words.toArray(new String[0]));
  }

  @Test
  void aBenchFindsTheClusterByTheSameRules() throws Exception {
    Programs.Result unknown =
        programs.with("CAIRN_FS", "cairn://nobody").cairn("bench", "meta", "--runs", "1");
    assertThat(unknown.code()).isEqualTo(1);
    assertThat(unknown.err()).contains("cluster nobody is not known").doesNotContain("\tat ");
    Path named = configuration("bench.conf", "client.fs = \"cairn://prod\"");
    Process bench =
        programs
            .with("CAIRN_CONF", named.toString())
            .start(Programs.bin().resolve("cairn"), "bench", "meta", "--runs", "1");
    try (BufferedReader err = bench.errorReader(StandardCharsets.UTF_8)) {
      assertThat(err.readLine()).isEqualTo("bench: measuring cairn://prod");
    } finally {
      bench.destroyForcibly();
      assertThat(bench.waitFor(20, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void usersWhoAreNotTheSuperuserHaveTheirHomesAndNothingElse() throws Exception {
    Programs ann = programs.with("CAIRN_FS", uri).with("CAIRN_USER", "ann");
    Path file = Files.writeString(directory.resolve("note"), "hello");
    good(ann.dfs("-put", file.toString(), "note"));
    assertThat(good(ann.dfs("-cat", "/user/ann/note")).out()).isEqualTo("hello");
    assertThat(good(ann.dfs("-stat", "%u %A", "/user/ann")).out()).isEqualTo("ann rwxr-xr-x\n");
    assertThat(ann.dfs("-mkdir", "/user/bob").errWithoutWaiting())
        .isEqualTo("mkdir: `/user/bob': Permission denied\n");
    Programs.Result out = ann.cairn("admin", "out", "d1");
    assertThat(out.code()).isEqualTo(255);
    assertThat(out.errWithoutWaiting())
        .startsWith("admin: ")
        .contains("user=ann is not the superuser");
  }

  @Test
  void aServerIsTakenOutAndIn() throws Exception {
    Programs here = programs.with("CAIRN_FS", uri);
    assertThat(good(here.cairn("admin", "out", "d2")).out())
        .contains("d2 (server=")
        .contains("too few other servers are in")
        .contains("'cairn admin in d2' takes it back.");
    assertThat(good(here.cairn("admin", "servers")).out()).contains("DRAINING");
    assertThat(good(here.cairn("admin", "in", "d2")).out()).contains("is in again, with ");
    assertThat(good(here.cairn("admin", "servers")).out()).doesNotContain("DRAINING");
    assertThat(here.cairn("admin", "in", "d77").err()).contains("no data server is called d77");
  }

  @Test
  void whoWaitsForMetaserversIsToldAndMayLeave() throws Exception {
    Programs lost = programs.with("CAIRN_FS", "cairn://127.0.0.1:1");
    Programs.Result gaveUp = lost.dfs("-D", "client.timeout=7s", "-ls", "/");
    assertThat(gaveUp.code()).isEqualTo(1);
    assertThat(gaveUp.err().lines())
        .satisfiesExactly(
            waiting ->
                assertThat(waiting)
                    .startsWith("dfs: no metaserver answers at [127.0.0.1:1] for 5 s (")
                    .endsWith("; giving up after 7 s"),
            end -> assertThat(end).startsWith("ls: "));

    // Whoever started the tests in the background had the shell ignore SIGINT for all of them.
    Process waiting =
        lost.start(
            Path.of("/usr/bin/env"),
            "--default-signal=INT",
            Programs.bin().resolve("dfs").toString(),
            "-ls",
            "/");
    try (BufferedReader err = waiting.errorReader(StandardCharsets.UTF_8)) {
      assertThat(err.readLine()).contains("for 5 s (").endsWith("; giving up after 60 s");
      Process interrupt = new ProcessBuilder("kill", "-INT", "" + waiting.pid()).start();
      assertThat(interrupt.waitFor()).isZero();
      assertThat(waiting.waitFor(20, TimeUnit.SECONDS)).isTrue();
      assertThat(waiting.exitValue()).isEqualTo(130);
    } finally {
      waiting.destroyForcibly();
    }
  }

  /** Names are bytes: what a script makes with {@code $'...'} comes back with the same bytes. */
  @Test
  void aTreeWithNamesOfAnyBytesComesBackEqual() throws Exception {
    Path tree = Files.createDirectories(directory.resolve("bytes"));
    String script =
        """
        set -e
        export LC_ALL=C
        cd "$1"
        mkdir in in/$'d\\xff\\xfe' in/$'new\\nline' in/$'e\\xcc\\x81'
        printf a > in/$'d\\xff\\xfe'/$'\\xc3\\x28'
        printf b > in/$'new\\nline'/$'tab\\there'
        printf c > in/$'e\\xcc\\x81'/-rf
        printf d > in/$(printf 'x%.0s' $(seq 255))
        printf e > in/$'\\x1b[2J'
        "$2" -put in /tmp/bytes
        "$2" -get /tmp/bytes out
        diff -r in out
        (cd in && find . | sort | od -c) > in.names
        (cd out && find . | sort | od -c) > out.names
        cmp in.names out.names
        "$2" -cat /tmp/bytes/$'d\\xff\\xfe'/$'\\xc3\\x28'
        "$2" -rm -r -skipTrash /tmp/bytes
        """;
    Programs here = programs.with("CAIRN_FS", uri);
    Programs.Result result =
        here.run(
            Path.of("/bin/bash"),
            "",
            "-c",
            script,
            "script",
            tree.toString(),
            Programs.bin().resolve("dfs").toString());
    assertThat(good(result).out()).isEqualTo("aDeleted /tmp/bytes\n");
    try (Stream<Path> names = Files.list(tree.resolve("out"))) {
      assertThat(names.count()).isEqualTo(5);
    }
  }

  @Test
  void namesAndPathsBeyondTheLimitsAreErrors() throws Exception {
    Programs here = programs.with("CAIRN_FS", uri);
    good(here.dfs("-mkdir", "/tmp/" + "n".repeat(255)));
    assertRefused(here.dfs("-mkdir", "/tmp/" + "n".repeat(256)), "mkdir: ", "File name too long");
    String deep = "/tmp/" + "abcdefghi/".repeat(500);
    assertRefused(here.dfs("-mkdir", "-p", deep), "mkdir: ", "File name too long");
    // Dots are steps of the path, never names of the file system.
    good(here.dfs("-mkdir", "/tmp/dots"));
    good(here.dfs("-touchz", "/tmp/./dots/../dots/f"));
    assertThat(good(here.dfs("-ls", "-C", "/tmp/dots")).out()).isEqualTo("/tmp/dots/f\n");
    try (CairnFileSystem fileSystem = cluster.connect()) {
      assertThat(fileSystem.exists(CairnPath.of("/tmp/dots/f"))).isTrue();
    }
  }

  private static void assertRefused(Programs.Result result, String begin, String reason) {
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.errWithoutWaiting())
        .startsWith(begin)
        .contains(reason)
        .doesNotContain("\tat ");
  }
}
