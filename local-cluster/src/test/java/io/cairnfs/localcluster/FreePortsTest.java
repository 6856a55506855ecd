package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FreePortsTest {
  private final SplittableRandom random = new SplittableRandom(1);

  @Test
  void portsAreDifferentAndBelowThoseOfOutgoingConnections() throws IOException {
    assertThat(FreePorts.of(null).pick(20, Set.of(), random))
        .hasSize(20)
        .doesNotHaveDuplicates()
        .allMatch(port -> port >= 10_240 && port <= 32_000);
  }

  @Test
  void whatSomebodyListensOnIsLeftOut() throws IOException {
    int taken = FreePorts.of(null).pick(1, Set.of(), random).get(0);
    try (ServerSocket socket = new ServerSocket(taken, 1, InetAddress.getLoopbackAddress())) {
      FreePorts three = FreePorts.of((taken - 1) + "-" + (taken + 1));
      assertThat(three.pick(1, Set.of(), random)).doesNotContain(socket.getLocalPort());
      assertThatThrownBy(() -> three.pick(3, Set.of(), random))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("3 are needed (CAIRN_PORT_RANGE=FIRST-LAST");
    }
  }

  /** A server that is stopped comes back to its port. */
  @Test
  void portsOfTheClusterItselfAreLeftOut() throws IOException {
    int reserved = FreePorts.of(null).pick(1, Set.of(), random).get(0);
    FreePorts alone = FreePorts.of(reserved + "-" + reserved);
    assertThat(alone.pick(1, Set.of(), random)).containsExactly(reserved);
    assertThatThrownBy(() -> alone.pick(1, Set.of(reserved), random))
        .hasMessageContaining("1 are needed");
  }

  @ParameterizedTest
  @ValueSource(strings = {"20000", "a-b", "20001-20000", "0-5", "1-70000", "1-2-3"})
  void whatIsNoRangeIsRefused(String range) {
    assertThatThrownBy(() -> FreePorts.of(range))
        .isInstanceOf(IOException.class)
        .hasMessage("CAIRN_PORT_RANGE=" + range + ": ports are needed, as in 20000-20999");
  }
}
