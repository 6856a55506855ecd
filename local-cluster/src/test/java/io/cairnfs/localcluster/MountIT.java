package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Programs on a mount, as a person mounts it. */
@Timeout(value = 400, unit = TimeUnit.SECONDS)
class MountIT extends MountFixture {
  @TempDir Path directory;

  @BeforeEach
  void startCluster() throws Exception {
    start(directory);
  }

  @AfterEach
  void stopCluster() throws Exception {
    stop();
  }

  /** The process that serves a mount. */
  private String serverOf(Path point) throws Exception {
    return script(Path.of("/"), "pgrep -f -- '--background.* " + point + "$'").strip();
  }

  @Test
  void ordinaryProgramsWork() throws Exception {
    ordinaryProgramsWorkOn(mount("m"));
  }

  @Test
  void twoMountsAgree() throws Exception {
    Path one = mount("one");
    Path two = mount("two");
    for (int i = 0; i < 20; i++) {
      Path unused = Files.writeString(one.resolve("f"), "x".repeat(i * 31));
      assertThat(Files.readString(two.resolve("f"))).isEqualTo("x".repeat(i * 31));
      unused = Files.writeString(two.resolve("next"), "r" + i);
      script(two, "mv next replaced");
      assertThat(Files.readString(one.resolve("replaced"))).isEqualTo("r" + i);
    }
    script(
        directory,
        """
        for m in one two one two; do
          (for i in $(seq 50); do printf '%63s\\n' "$m" >> $m/log; done) &
        done
        wait
        test "$(wc -l < one/log)" = 200 && test "$(sort two/log | uniq -c | wc -l)" = 2
        """);
    script(
        directory,
        """
        echo 0 > one/count
        for m in one two one; do
          (for i in $(seq 10); do flock $m/count sh -c 'echo $(($(cat '$m'/count) + 1)) > '$m'/count'; done) &
        done
        wait
        test "$(cat two/count)" = 30
        exec 3<>one/lock; flock 3
        if flock -n two/lock true; then exit 1; fi
        exec 3>&-; flock -n two/lock true
        """);
  }

  @Test
  void whatWasSyncedOutlivesTheProcessAndARemountWorks() throws Exception {
    Path point = mount("m");
    String server = serverOf(point);
    script(
        point,
        "head -c 3000000 /dev/urandom > f; sync f; sha256sum < f > ../sum; kill -9 " + server);
    assertThat(programs().cairn("mount", "--status", point.toString()).out())
        .contains("does not answer");
    good(programs().cairn("umount", "-l", point.toString()));
    Path again = mount("m");
    script(again, "sha256sum -c ../sum < f");
    // A process that is asked to end takes the mount away.
    script(
        Path.of("/"),
        "kill "
            + serverOf(again)
            + "; for i in $(seq 300); do grep -q ' "
            + again
            + " ' /proc/mounts || exit 0; sleep 0.1; done; exit 1");
  }

  @Test
  void aReasonIsGiven() throws Exception {
    Path point = point("full");
    Path unused = Files.writeString(point.resolve("file"), "", StandardCharsets.UTF_8);
    Programs.Result result = programs().cairn("mount", "-fs", cluster(), point.toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("is not empty");
    result = programs().cairn("mount", "cairn://127.0.0.1:1/", point("empty").toString());
    assertThat(result.code()).isEqualTo(1);
    assertThat(result.err()).contains("no metaserver has answered");
    result = programs().cairn("mount", cluster() + "/none", point("empty").toString());
    assertThat(result.err()).contains("/none");
    assertThat(programs().cairn("mount", "-o", "what", point.toString()).code()).isEqualTo(1);
  }
}
