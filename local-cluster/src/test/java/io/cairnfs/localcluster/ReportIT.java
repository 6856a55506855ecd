package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What monitors and operators are told of a cluster of processes, well, ill and gone. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class ReportIT {
  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final Clock CLOCK = new SystemClock();

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static Programs programs;

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 3);
    programs = new Programs(directory.resolve("here")).with("CAIRN_FS", cluster.controller().uri());
  }

  @AfterAll
  static void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  private static Programs.Result admin(String... words) throws Exception {
    String[] all = new String[words.length + 1];
    all[0] = "admin";
    System.arraycopy(words, 0, all, 1, words.length);
    return programs.cairn(all);
  }

  private static JsonNode json(String... words) throws Exception {
    return new ObjectMapper().readTree(admin(words).out());
  }

  private static Programs.Result awaitReport(int code, String text) throws Exception {
    long deadline = CLOCK.monotonicNanos() + LIMIT.toNanos();
    while (true) {
      Programs.Result result = admin("report");
      if (result.code() == code && result.out().contains(text)) {
        return result;
      }
      if (CLOCK.monotonicNanos() - deadline > 0) {
        throw new TimeoutException(result.code() + "\n" + result.out() + result.err());
      }
      LockSupport.parkNanos(100_000_000);
    }
  }

  @Test
  void theClusterExplainsItself() throws Exception {
    Path local = Files.write(directory.resolve("f"), new byte[100_000]);
    assertThat(programs.dfs("-put", local.toString(), "/tmp/f").code()).isZero();
    assertThat(awaitReport(0, "HEALTHY").out()).startsWith("HEALTHY\n");

    JsonNode why = json("why", "/tmp/f", "--json");
    assertThat(why.at("/chunks/0/members").size()).isEqualTo(3);
    assertThat(why.at("/chunks/0/missing").size()).isZero();
    assertThat(why.at("/slots/0/ranked").size()).isEqualTo(3);
    String slot = why.at("/slots/0/pool").asText() + "." + why.at("/slots/0/slot").asText();
    assertThat(admin("why", slot).out()).startsWith("slot " + slot + " is served by ");
    assertThat(admin("why", "d2").out()).contains("is IN and UP").contains("not being emptied");

    cluster.signal("d2", "STOP");
    try {
      Programs.Result ill = awaitReport(1, "data server d2 is DOWN");
      assertThat(ill.out()).startsWith("DEGRADED: data server d2 is DOWN");
      assertThat(admin("why", "d2").out()).contains("is IN and DOWN").contains("Start it");
      assertThat(json("report", "--json").get("health").asText()).isEqualTo("DEGRADED");
    } finally {
      cluster.signal("d2", "CONT");
    }
    awaitReport(0, "HEALTHY");

    cluster.terminate("m1");
    Programs.Result gone = admin("-D", "client.timeout=2s", "report");
    assertThat(gone.code()).isEqualTo(3);
    assertThat(gone.out()).isEmpty();
    assertThat(gone.err()).contains("admin: ");
  }
}
