package io.cairnfs.shell.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.cluster.ClusterChoice;
import io.cairnfs.client.cluster.GenericOptions;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.shell.testing.MemoryFileSystem;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.ClusterTree;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ConnectionsTest {
  @Test
  void theClientGetsWhatWasChosenAndTellsWhileNobodyAnswers() throws Exception {
    List<ClientOptions> made = new ArrayList<>();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    GenericOptions options =
        GenericOptions.parse(List.of("-fs", "cairn://a:1,b:2", "-D", "client.timeout=9s"));
    Connections connections =
        new Connections(
            new ClusterChoice(options, new Surroundings(Map.of(), Path.of("/"), "alice")),
            client -> {
              made.add(client);
              return new MemoryFileSystem(new ManualClock(1), "alice", "staff", 3, 1 << 20);
            },
            "dfs",
            new Output(err));
    try (ClusterTree tree = connections.cluster("")) {
      assertThat(tree.uri()).isEqualTo("cairn://a:1,b:2");
    }
    ClientOptions client = made.get(0);
    assertThat(client.metaservers()).containsExactly(new HostPort("a", 1), new HostPort("b", 2));
    assertThat(client.user()).isEqualTo("alice");
    assertThat(client.timeout()).isEqualTo(Duration.ofSeconds(9));
    assertThat(client.unreachableReportInterval()).isEqualTo(Duration.ofSeconds(5));
    client.listener().metaserversUnreachable(Duration.ofSeconds(5), "a:1, b:2", "refused");
    assertThat(err.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "dfs: no metaserver answers at a:1, b:2 for 5 s (refused); giving up after 9 s\n");
  }
}
