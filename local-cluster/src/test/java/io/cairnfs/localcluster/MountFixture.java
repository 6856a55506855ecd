package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A cluster of processes, and mounts of it as a person makes them. */
abstract class MountFixture {
  private static final Pattern FS = Pattern.compile("fs\\s*=\\s*\"([^\"]+)\"");
  private static final Path SHELL = Path.of("/bin/bash");

  private Path directory;
  private Programs programs;
  private String cluster;
  private final List<Path> points = new ArrayList<>();

  /** Starts the cluster, and has all there is of it below the directory. */
  final void start(Path below) throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
    directory = below;
    programs = new Programs(directory.resolve("home"));
    good(
        programs.cairn(
            "local",
            "start",
            "--processes",
            "--metaservers",
            "1",
            "--dataservers",
            "3",
            "--base-port",
            "0",
            "--dir",
            state()));
    Matcher named = FS.matcher(Files.readString(Path.of(state(), "client.conf")));
    assertThat(named.find()).isTrue();
    cluster = named.group(1);
  }

  /** Leaves nothing behind. */
  final void stop() throws Exception {
    if (programs == null) {
      return;
    }
    for (Path point : points) {
      // Also one whose process was killed; some are unmounted already.
      Programs.Result unused =
          programs.run(SHELL, "umount -l '" + point + "' 2>/dev/null; exit 0\n");
    }
    good(programs.cairn("local", "stop", "--dir", state()));
    assertThat(Files.readString(Path.of("/proc/mounts"))).doesNotContain(directory.toString());
  }

  final Programs programs() {
    return programs;
  }

  /** The URI's authority and scheme. */
  final String cluster() {
    return cluster;
  }

  private String state() {
    return directory.resolve("cluster").toString();
  }

  static final void good(Programs.Result result) {
    assertThat(result.code()).as(result.err() + result.out()).isZero();
  }

  final Path point(String name) throws Exception {
    Path point = Files.createDirectories(directory.resolve(name));
    points.add(point);
    return point;
  }

  final Path mount(String name, String... options) throws Exception {
    Path point = point(name);
    List<String> words = new ArrayList<>(List.of("mount", "-fs", cluster));
    words.addAll(List.of("--log", directory.resolve(name + ".log").toString()));
    words.addAll(List.of(options));
    words.add(point.toString());
    good(programs.cairn(words.toArray(new String[0])));
    return point;
  }

  /** tar, git and a file that is removed while it is open; at the end it is unmounted. */
  final void ordinaryProgramsWorkOn(Path point) throws Exception {
    assertThat(Files.readString(Path.of("/proc/mounts")))
        .contains(cluster + "/ " + point + " fuse.cairn ");
    assertThat(programs.cairn("mount", "--status", point.toString()).out())
        .isEqualTo(cluster + "/ " + point + " serves\n");
    script(
        point,
        """
        mkdir w && cd w && mkdir -p src/a src/b
        for i in 1 2 3 4 5 6 7 8; do head -c $((i * 40000)) /dev/urandom > src/a/$i; echo $i > src/b/$i; done
        ln -s a/1 src/link && ln src/a/2 src/hard
        find src -type f | sort | xargs sha256sum > sums
        tar cf t.tar src && mkdir x && tar xf t.tar -C x && cp sums x/ && cd x && sha256sum -c --quiet sums
        test "$(readlink src/link)" = a/1 && test src/hard -ef src/a/2 && test "$(stat -c %h src/hard)" = 2
        """);
    script(
        point,
        """
        export HOME=$PWD
        git init -q repo && cd repo && git config user.email a@b && git config user.name n
        cp -r ../w/src . && git add . && git commit -qm one && test -z "$(git status --short)"
        git fsck --strict 2>&1 && cd .. && git clone -q repo clone && diff -r repo/src clone/src
        """);
    script(
        point,
        """
        exec 3>gone 4<gone; rm gone; echo kept >&3; read -r line <&4; test "$line" = kept
        exec 3>&- 4<&-; rm -rf w repo clone; test -z "$(ls -A | grep -v -e tmp -e user -e .gitconfig || true)"
        """);
    good(programs.cairn("umount", point.toString()));
    assertThat(programs.cairn("mount", "--status", point.toString()).code()).isEqualTo(1);
  }

  /** Runs a program of Python, which fails by an exception. */
  final void python(Path where, String program) throws Exception {
    Path file = Files.writeString(directory.resolve("program.py"), program);
    String unused = script(where, "python3 '" + file + "'");
  }

  /** What a script prints; it ends at the first program that fails. */
  final String script(Path where, String text) throws Exception {
    Programs.Result result = programs.run(SHELL, "set -euo pipefail\ncd '" + where + "'\n" + text);
    good(result);
    return result.out();
  }
}
