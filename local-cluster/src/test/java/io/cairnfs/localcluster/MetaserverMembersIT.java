package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.admin.AddMetaserver;
import io.cairnfs.proto.admin.ChangeMetaserversRequest;
import io.cairnfs.proto.admin.PromoteMetaserver;
import io.cairnfs.proto.admin.RemoveMetaserver;
import io.cairnfs.proto.metadata.Belonging;
import io.cairnfs.proto.metadata.MetaserverReport;
import io.cairnfs.proto.metadata.WhoLeadsReply;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Metaservers are added, removed and replaced by command while files are written; no acknowledged
 * file is lost, and whoever was started with the old members goes on.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class MetaserverMembersIT {
  @TempDir Path directory;
  private RealCluster cluster;
  private CairnFileSystem fileSystem;
  private Programs programs;

  private void start(int metaservers) throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), metaservers, 3);
    fileSystem = cluster.connect();
    programs = new Programs(directory.resolve("here"));
  }

  @AfterEach
  void stop() throws Exception {
    try {
      if (fileSystem != null) {
        fileSystem.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  private FileLoad load(String prefix) {
    return new FileLoad(cluster, fileSystem, prefix, i -> i % 10 == 9 ? 20_000 : 300, 100_000);
  }

  private Programs.Result metaserver(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("admin", "metaserver"));
    all.addAll(List.of(words));
    // Every metaserver that there ever was: some do not run any more.
    return programs.with("CAIRN_FS", cluster.controller().uri()).cairn(all.toArray(new String[0]));
  }

  private String done(String... words) throws Exception {
    Programs.Result result = metaserver(words);
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    return result.out();
  }

  private List<String> voters() throws Exception {
    return fileSystem.administration().report().getMetaserversList().stream()
        .filter(each -> !each.getLearner())
        .map(MetaserverReport::getId)
        .toList();
  }

  /** As the commands do, without a program for each step. */
  private void join(String id) throws Exception {
    HostPort address = cluster.controller().startJoining(id);
    ClusterAdministration administration = fileSystem.administration();
    WhoLeadsReply joining = administration.whoLeads(address);
    assertThat(joining.getBelonging()).isEqualTo(Belonging.JOINING);
    change(
        ChangeMetaserversRequest.newBuilder()
            .setAdd(
                AddMetaserver.newBuilder()
                    .setId(id)
                    .setHost(address.host())
                    .setPort(address.port())
                    .setInstance(joining.getInstance())));
    // Tried again by the client until it has caught up.
    change(
        ChangeMetaserversRequest.newBuilder().setPromote(PromoteMetaserver.newBuilder().setId(id)));
  }

  private void leave(String id) throws Exception {
    change(
        ChangeMetaserversRequest.newBuilder().setRemove(RemoveMetaserver.newBuilder().setId(id)));
  }

  private void change(ChangeMetaserversRequest.Builder change) throws Exception {
    var unused = fileSystem.administration().changeMetaservers(change.build());
  }

  private void remove(String id) throws Exception {
    assertThat(done("remove", id)).startsWith(id + " is removed");
  }

  private String leadingMember() throws Exception {
    return cluster.await(
        Duration.ofSeconds(20),
        "a leader",
        () ->
            fileSystem.administration().report().getMetaserversList().stream()
                .filter(MetaserverReport::getLeader)
                .map(MetaserverReport::getId)
                .findFirst());
  }

  @Test
  void oneBecomesThreeAndFiveAndOneAgainWhileFilesAreWritten() throws Exception {
    start(1);
    try (FileLoad writer = load("/members")) {
      writer.awaitFurther(10);
      for (String id : List.of("m2", "m3", "m4", "m5")) {
        join(id);
        writer.awaitFurther(10);
      }
      JsonNode five = new ObjectMapper().readTree(done("list", "--json"));
      assertThat(five.get("leader").asText()).isEqualTo(leadingMember());
      assertThat(five.get("metaservers")).hasSize(5);
      assertThat(voters()).containsExactly("m1", "m2", "m3", "m4", "m5");
      // The leader first, then whoever is left, the leader among them.
      for (int left = 4; left >= 1; left--) {
        String next = left % 2 == 0 ? leadingMember() : voters().get(0);
        leave(next);
        writer.awaitFurther(10);
        cluster.controller().kill(next);
        writer.awaitFurther(10);
        assertThat(voters()).hasSize(left).doesNotContain(next);
      }
      Programs.Result last = metaserver("remove", voters().get(0));
      assertThat(last.code()).isEqualTo(255);
      assertThat(last.err()).contains("is the last voter");
      try (CairnFileSystem fresh = cluster.connect()) {
        writer.checkAll(fresh);
      }
    }
    cluster.awaitHealthy(Duration.ofMinutes(2));
  }

  @Test
  void allMembersAreReplacedUnderAClientAndDataServersThatKnowOnlyTheOldOnes() throws Exception {
    start(3);
    String old = cluster.controller().uri();
    try (FileLoad writer = load("/replaced")) {
      writer.awaitFurther(10);
      for (int i = 1; i <= 3; i++) {
        join("m" + (i + 3));
        leave("m" + i);
        writer.awaitFurther(10);
      }
      assertThat(voters()).containsExactly("m4", "m5", "m6");
      // Removed ones that still run send callers on, say why, and stay out.
      assertThat(programs.with("CAIRN_FS", old).dfs("-ls", "/replaced").code()).isZero();
      for (String id : List.of("m1", "m2", "m3")) {
        boolean unused =
            cluster.await(
                Duration.ofSeconds(20),
                id + " in its log",
                () ->
                    Files.readString(cluster.controller().directory().logFile(id))
                            .contains(id + " was removed from the cluster")
                        ? Optional.of(true)
                        : Optional.empty());
        cluster.controller().kill(id);
      }
      writer.awaitFurther(10);
      // The next failover, too, is among new members only.
      cluster.controller().kill(leadingMember());
      writer.awaitFurther(10);
      writer.checkAll(fileSystem);
    }
    for (String id : List.of("d1", "d2", "d3")) {
      assertThat(cluster.pid(id)).isPositive();
    }
    Contents.write(fileSystem, "/replaced/after", 3_000_000);
    Contents.check(fileSystem, "/replaced/after", 3_000_000);
  }

  @Test
  void anEmptiedDiskIsNoMemberUntilItIsAddedAnew() throws Exception {
    start(3);
    String victim = cluster.followers().get(0);
    Path lost = cluster.root().resolve(victim);
    try (FileLoad writer = load("/emptied")) {
      writer.awaitFurther(10);
      cluster.controller().kill(victim);
      ClusterDirectory.deleteTree(lost);
      // As on the first day: it would be a voter that has promised nothing.
      cluster.format(victim);
      cluster.controller().restart(victim);
      String refused =
          cluster.await(
              Duration.ofSeconds(20),
              "REFUSED",
              () -> Optional.of(done("list")).filter(text -> text.contains("REFUSED")));
      assertThat(refused)
          .contains("emptied has lost what it promised")
          .contains("'cairn admin metaserver remove " + victim + "'")
          .contains("'cairn admin metaserver add " + victim + " HOST:PORT'");
      String address = cluster.controller().directory().role(victim).address().toString();
      Programs.Result early = metaserver("add", victim, address);
      assertThat(early.code()).isEqualTo(255);
      assertThat(early.err()).contains("is a member already").contains("remove it first");
      writer.awaitFurther(10);
      // Without it two of three run; what is left must not become less.
      String other =
          cluster.followers().stream().filter(id -> !id.equals(victim)).findFirst().orElseThrow();
      Programs.Result tooMany = metaserver("remove", other);
      assertThat(tooMany.code()).isEqualTo(255);
      assertThat(tooMany.err()).contains("only 1 can be reached").contains("--force");

      remove(victim);
      cluster.controller().kill(victim);
      ClusterDirectory.deleteTree(lost);
      cluster.format(victim, "--join");
      cluster.controller().restart(victim);
      assertThat(done("add", victim, address)).isEqualTo(victim + " is a voter.\n");
      assertThat(voters()).containsExactly("m1", "m2", "m3");
      // It counts again: another one may die.
      cluster.controller().kill(other);
      writer.awaitFurther(10);
      cluster.controller().restart(other);
      writer.checkAll(fileSystem);
    }
  }

  @Test
  void aDamagedDiskIsNamedAndItsMemberReplacedByCommandWhileFilesAreWritten() throws Exception {
    start(3);
    String victim = cluster.followers().get(0);
    Path lost = cluster.root().resolve(victim);
    try (FileLoad writer = load("/damaged")) {
      writer.awaitFurther(10);
      cluster.controller().kill(victim);
      Path state = lost.resolve("raft").resolve("log").resolve("state");
      byte[] bytes = Files.readAllBytes(state);
      bytes[20] ^= 1;
      Files.write(state, bytes);
      String said = "";
      try {
        cluster.controller().restart(victim);
      } catch (LocalClusterException e) {
        said = e.getMessage();
      }
      assertThat(said)
          .contains(state + ": corrupt at offset 8: expected CRC ")
          .contains(", found ")
          .contains("must be removed from the group and join again as a new member");
      writer.awaitFurther(10);

      // The command asks again when an answer is late: then it finds its work done.
      assertThat(done("remove", victim)).startsWith(victim).containsAnyOf("removed", "any more");
      ClusterDirectory.deleteTree(lost);
      cluster.format(victim, "--join");
      cluster.controller().restart(victim);
      String address = cluster.controller().directory().role(victim).address().toString();
      assertThat(done("add", victim, address)).isEqualTo(victim + " is a voter.\n");
      // It counts: of the two that were never damaged one dies.
      String other =
          cluster.followers().stream().filter(id -> !id.equals(victim)).findFirst().orElseThrow();
      cluster.controller().kill(other);
      writer.awaitFurther(10);
      cluster.controller().restart(other);
      writer.checkAll(fileSystem);
    }
    cluster.awaitHealthy(Duration.ofMinutes(2));
  }

  @Test
  void aPlannedChangeOfTheLeaderIsHardlyNoticed() throws Exception {
    start(3);
    try (FileLoad writer = load("/planned")) {
      writer.awaitFurther(10);
      for (int i = 0; i < 5; i++) {
        String next = cluster.followers().get(0);
        writer.awaitFurther(10);
        long unused = writer.takeLongestMillis();
        String said = done("transfer", next);
        writer.awaitFurther(10);
        System.out.printf(
            "transfer to %s: longest write %d ms; %s", next, writer.takeLongestMillis(), said);
        assertThat(said).startsWith(next + " leads; the longest time without an answer was ");
        assertThat(cluster.leader()).isEqualTo(next);
      }
      for (int i = 0; i < 3; i++) {
        String leader = cluster.leader();
        writer.awaitFurther(10);
        long unused = writer.takeLongestMillis();
        cluster.terminate(leader);
        writer.awaitFurther(10);
        System.out.printf(
            "SIGTERM of leader %s: longest write %d ms%n", leader, writer.takeLongestMillis());
        assertThat(Files.readString(cluster.controller().directory().logFile(leader)))
            .contains("hands leadership to");
        cluster.controller().restart(leader);
      }
      writer.checkAll(fileSystem);
    }
    assertThat(done("transfer", cluster.leader())).endsWith(" leads already.\n");
    Programs.Result unknown = metaserver("transfer", "m9");
    assertThat(unknown.code()).isEqualTo(255);
    assertThat(unknown.err())
        .contains("m9 is no metaserver of this cluster; there are [m1, m2, m3]");
    Programs.Result stranger =
        programs
            .with("CAIRN_FS", cluster.controller().uri())
            .with("CAIRN_USER", "mallory")
            .cairn("admin", "metaserver", "remove", "m1");
    assertThat(stranger.code()).isEqualTo(255);
    assertThat(stranger.err()).contains("mallory is not the superuser");
  }
}
