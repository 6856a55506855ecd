package io.cairnfs.shell.admin;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.proto.metadata.BackgroundWork;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlowPart;
import io.cairnfs.proto.metadata.VolumeReport;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.ServerHealth;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.admin.Finding.Level;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is found in reports of three metaservers and three data servers. */
final class ClusterHealthTest {
  private static final long ROOM = 1L << 39;

  private final ClusterReportResult.Builder report =
      ClusterReportResult.newBuilder().setDefaultReplication(3).setSecurityMode("loopback");

  ClusterHealthTest() {
    for (int i = 1; i <= 3; i++) {
      report.addMetaservers(
          MetaserverReport.newBuilder().setId("m" + i).setLeader(i == 1).setReachable(true));
      report.addServers(
          ServerReport.newBuilder()
              .setMember(
                  Member.newBuilder().setServer(i).setName("d" + i).setHealth(ServerHealth.UP))
              .setMembership(ServerMembership.IN)
              .addVolumes(
                  VolumeReport.newBuilder()
                      .setVolume("v" + i)
                      .setCapacityBytes(2 * ROOM)
                      .setAvailableBytes(ROOM)));
    }
  }

  private List<Finding> findings() {
    return ClusterHealth.of(report.build());
  }

  private Finding only() {
    List<Finding> found = findings();
    assertThat(found).hasSize(1);
    return found.get(0);
  }

  private void assertFound(Level level, String name, String subject, String problem) {
    assertThat(findings())
        .anySatisfy(
            found -> {
              assertThat(found.level()).isEqualTo(level);
              assertThat(found.name()).isEqualTo(name);
              assertThat(found.subject()).isEqualTo(subject);
              assertThat(found.problem()).isEqualTo(problem);
              assertThat(found.advice()).isNotEmpty();
            });
  }

  private ServerReport.Builder server(int number) {
    return report.getServersBuilder(number - 1);
  }

  private void health(int number, ServerHealth health, long silentMillis) {
    server(number).getMemberBuilder().setHealth(health);
    server(number).setMillisSinceHeartbeat(silentMillis);
  }

  @Test
  void aClusterThatIsWellHasNoFindings() {
    assertThat(findings()).isEmpty();
    assertThat(ClusterHealth.worst(findings())).isEqualTo(Level.NOTE);
  }

  @Test
  void lostChunksAreCriticalAndComeFirst() {
    report.setChunksLost(1).setChunksUnderReplicated(1);
    report.addWork(
        BackgroundWork.newBuilder()
            .setKind(BackgroundWork.Kind.REPAIR)
            .setLeft(900)
            .setDonePerSecond(3));
    assertThat(findings()).extracting(Finding::level).isSortedAccordingTo((a, b) -> b.compareTo(a));
    assertFound(Level.CRITICAL, "chunks-lost", "", "1 chunk is lost: no server has a good replica");
    assertFound(
        Level.DEGRADED,
        "chunks-under-replicated",
        "",
        "1 chunk lacks replicas, 900 copies to be made, time left about 5 min");
    assertThat(ClusterHealth.worst(findings())).isEqualTo(Level.CRITICAL);
  }

  @Test
  void aSilentMetaserverIsWorseWhereNoneIsToSpare() {
    report.getMetaserversBuilder(1).setReachable(false);
    assertThat(only().problem())
        .isEqualTo("metaserver m2 does not answer, and if one more fails the cluster stands still");
    for (int i = 4; i <= 5; i++) {
      report.addMetaservers(MetaserverReport.newBuilder().setId("m" + i).setReachable(true));
    }
    assertThat(only().problem()).isEqualTo("metaserver m2 does not answer");
    assertThat(only().subject()).isEqualTo("m2");
    report.getMetaserversBuilder(1).setReachable(true).setLagEntries(2_000_000);
    assertThat(only().name()).isEqualTo("metaserver-behind");
  }

  @Test
  void aLearnerThatIsSilentIsNoVoterLess() {
    report.addMetaservers(MetaserverReport.newBuilder().setId("m4").setLearner(true));
    assertThat(only().problem()).isEqualTo("metaserver m4 does not answer");
  }

  @Test
  void serversThatAreSilentAreNamedWithTheirSilence() {
    health(2, ServerHealth.DOWN, 150_000);
    assertFound(Level.DEGRADED, "server-down", "d2", "data server d2 is DOWN, silent for 3 min");
    health(2, ServerHealth.SUSPECT, 4_000);
    assertFound(Level.DEGRADED, "server-suspect", "d2", "data server d2 was not heard for 4 s");
  }

  @Test
  void whatAnOperatorHasBegunIsNoReasonToWakeAnybody() {
    report.addServers(server(1).build());
    server(4).getMemberBuilder().setName("d4");
    server(1).setMembership(ServerMembership.DRAINING).setSlots(12);
    assertThat(only().level()).isEqualTo(Level.NOTE);
    assertThat(only().problem()).isEqualTo("data server d1 is being emptied: 12 slots left");
    server(1).setMembership(ServerMembership.IN);
    server(2).setMembership(ServerMembership.MAINTENANCE);
    health(2, ServerHealth.DOWN, 10_000);
    assertThat(findings()).extracting(Finding::level).containsOnly(Level.NOTE);
    server(2).setMembership(ServerMembership.OUT);
    assertThat(findings()).isEmpty();
  }

  @Test
  void aSlowServerIsNamedWithItsFigures() {
    SlowPart forces =
        SlowPart.newBuilder()
            .setKind(SlowPart.Kind.FORCES)
            .setVolume("v2")
            .setP99Micros(812_400)
            .setOthersMedianMicros(9_000)
            .build();
    server(2)
        .setSlow(true)
        .addSlowParts(forces)
        .addSlowParts(
            SlowPart.newBuilder()
                .setKind(SlowPart.Kind.ACKNOWLEDGEMENTS)
                .setP99Micros(900_000)
                .setOthersMedianMicros(400));
    assertFound(
        Level.DEGRADED,
        "server-slow",
        "d2",
        "data server d2 is slow: 99 % of the forces on volume v2 take up to 812 ms, elsewhere 9 ms;"
            + " 99 % of its acknowledgements take up to 900 ms, elsewhere less than 1 ms");
    server(2).clearSlow().clearSlowParts().addSlowParts(forces);
    assertFound(
        Level.DEGRADED,
        "slow-parts",
        "d2",
        "data server d2 is slow in part: 99 % of the forces on volume v2 take up to 812 ms,"
            + " elsewhere 9 ms");
    server(2).setMembership(ServerMembership.OUT);
    assertThat(findings()).extracting(Finding::name).doesNotContain("slow-parts");
  }

  @Test
  void serversWithoutRoomAreFoundBeforeAllAreFull() {
    server(1).getVolumesBuilder(0).setAvailableBytes(ROOM / 100);
    assertThat(only().name()).isEqualTo("server-nearly-full");
    server(1).getVolumesBuilder(0).setAvailableBytes(0);
    assertThat(only().name()).isEqualTo("server-full");
    server(2).getVolumesBuilder(0).setAvailableBytes(0);
    server(3).getVolumesBuilder(0).setAvailableBytes(0);
    assertFound(
        Level.CRITICAL, "cluster-full", "", "all data servers are full: nothing can be written");
  }

  @Test
  void aFailedVolumeIsNamed() {
    server(3).addVolumes(VolumeReport.newBuilder().setVolume("v9").setFailed(true));
    assertThat(only().problem()).isEqualTo("volume v9 of data server d3 has failed");
  }

  @Test
  void badReplicasAreFoundUntilTheyWereReplaced() {
    server(2).getScrubBuilder().setBadReplicas(1);
    assertThat(only().problem()).isEqualTo("data server d2 has 1 bad replica and no good copy yet");
    assertThat(only().level()).isEqualTo(Level.DEGRADED);
    server(2).getScrubBuilder().setBadReplicas(0).setQuarantinedReplicas(3);
    assertThat(only().level()).isEqualTo(Level.NOTE);
    assertThat(only().name()).isEqualTo("replicas-quarantined");
  }

  private Backlog scrub() {
    List<Backlog> all = Backlog.of(report.build());
    return all.get(all.size() - 1);
  }

  @Test
  void scrubbingTakesAsLongAsTheSlowestServer() {
    assertThat(scrub().name()).isEqualTo("scrub");
    assertThat(scrub().secondsLeft()).hasValue(0);
    server(1).getScrubBuilder().setBytesLeft(10 << 20).setBytesPerSecond(1 << 20);
    server(2).getScrubBuilder().setBytesLeft(50 << 20).setBytesPerSecond(1 << 20);
    assertThat(scrub().secondsLeft()).hasValue(50);
    assertThat(scrub().leftText()).isEqualTo("60 M");
    assertThat(scrub().pace()).isEqualTo("2 M/s");
    server(3).getScrubBuilder().setBytesLeft(1);
    assertThat(scrub().timeLeft()).isEqualTo("unknown");
  }

  @Test
  void tooFewServersAreFound() {
    report.removeServers(2);
    assertThat(only().problem()).isEqualTo("files ask for 3 replicas, and 2 data servers are in");
    report.clearServers();
    assertThat(only().name()).isEqualTo("no-data-server");
    assertThat(only().level()).isEqualTo(Level.CRITICAL);
  }

  @Test
  void whoHasNotSpokenYetIsNotFull() {
    server(1).clearVolumes();
    assertThat(findings()).isEmpty();
  }

  @Test
  void timesAreRounded() {
    assertThat(Spans.text(0)).isEqualTo("0 s");
    assertThat(Spans.text(119)).isEqualTo("119 s");
    assertThat(Spans.text(120)).isEqualTo("2 min");
    assertThat(Spans.text(7_200)).isEqualTo("2 h");
    assertThat(Spans.text(400_000)).isEqualTo("5 d");
  }
}
