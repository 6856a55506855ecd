package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.localcluster.volume.RootCommand;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Needs root, iproute2, and nftables or iptables. */
class NamespacesIT {
  @BeforeEach
  void possible() {
    Optional<String> why = Namespaces.unavailable();
    assumeTrue(why.isEmpty(), () -> "no network namespaces here: " + why.orElseThrow());
  }

  /** A port where nobody listens refuses at once, unless packets are lost on the way. */
  private static boolean reaches(Namespaces network, String from, String to) throws Exception {
    List<String> command = new ArrayList<>();
    if (!from.equals(Namespaces.CLIENT)) {
      command.addAll(network.prefix(from));
    }
    command.addAll(
        List.of("timeout", "2", "bash", "-c", "</dev/tcp/" + network.address(to) + "/9"));
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    int exit = process.waitFor();
    assertThat(exit).as(said).isIn(1, 124);
    return exit == 1 && said.contains("refused");
  }

  @Test
  void whatIsCutIsLostAndEverythingElsePasses() throws Exception {
    String before = RootCommand.run("ip", "-o", "link");
    try (Namespaces network = Namespaces.create(List.of("m1", "m2", "d1"))) {
      assertThat(reaches(network, "m1", "m2")).isTrue();
      assertThat(reaches(network, Namespaces.CLIENT, "d1")).isTrue();
      network.cut(
          Set.of(
              new Cut("m1", "m2"),
              new Cut(Namespaces.CLIENT, "d1"),
              new Cut("d1", Namespaces.CLIENT)));
      // No answer comes back in one direction, no question arrives in the other.
      assertThat(reaches(network, "m1", "m2")).isFalse();
      assertThat(reaches(network, "m2", "m1")).isFalse();
      assertThat(reaches(network, Namespaces.CLIENT, "d1")).isFalse();
      assertThat(reaches(network, "m1", "d1")).isTrue();
      assertThat(reaches(network, Namespaces.CLIENT, "m1")).isTrue();
      network.heal();
      assertThat(reaches(network, "m2", "m1")).isTrue();
      assertThat(reaches(network, Namespaces.CLIENT, "d1")).isTrue();
    }
    assertNothingIsLeft(before);
  }

  private static void assertNothingIsLeft(String before) throws IOException {
    long own = ProcessHandle.current().pid();
    assertThat(RootCommand.run("ip", "netns", "list")).doesNotContain(Namespaces.PREFIX + own);
    assertThat(before).doesNotContain("cairn" + own);
    assertThat(RootCommand.run("ip", "-o", "link")).doesNotContain("cairn" + own);
  }

  @Test
  void namespacesOfADeadProcessAreRemovedAndThoseOfALivingOneAreNot() throws Exception {
    Process dead = new ProcessBuilder("true").start();
    assertThat(dead.waitFor()).isZero();
    String left = Namespaces.PREFIX + dead.pid() + "-m1";
    String unused = RootCommand.run("ip", "netns", "add", left);
    try (Namespaces network = Namespaces.create(List.of("m1"))) {
      assertThat(Namespaces.removeLeftovers()).contains(left);
      assertThat(reaches(network, Namespaces.CLIENT, "m1")).isTrue();
    }
    assertThat(RootCommand.run("ip", "netns", "list")).doesNotContain(left);
  }
}
