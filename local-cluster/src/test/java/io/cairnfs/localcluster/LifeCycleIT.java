package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.OpenOptions;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ServerMembership;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A data server's life with real processes and the operator's own commands, while files are
 * written: no call fails, and no file is worse off.
 */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class LifeCycleIT {
  private static final Duration HEAL = Duration.ofMinutes(1);

  @TempDir Path directory;
  private RealCluster cluster;
  private CairnFileSystem fileSystem;
  private Programs programs;

  @BeforeEach
  void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 4);
    fileSystem = cluster.connect();
    programs = new Programs(directory.resolve("home")).with("CAIRN_FS", cluster.controller().uri());
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
    return new FileLoad(cluster, fileSystem, prefix, i -> i % 10 == 9 ? 200_000 : 20_000, 20_000);
  }

  private Programs.Result admin(String... words) throws Exception {
    List<String> all = new ArrayList<>(List.of("admin"));
    all.addAll(List.of(words));
    return programs.cairn(all.toArray(new String[0]));
  }

  private String done(String... words) throws Exception {
    Programs.Result result = admin(words);
    assertThat(result.code()).as(result.err() + result.out()).isZero();
    return result.out();
  }

  private List<ServerReport> named(String name) throws Exception {
    return fileSystem.administration().report().getServersList().stream()
        .filter(each -> each.getMember().getName().equals(name))
        .toList();
  }

  private void awaitShare(String name) throws Exception {
    boolean unused =
        cluster.await(
            HEAL,
            "share of " + name,
            () ->
                named(name).stream()
                    .filter(each -> each.getMembership() == ServerMembership.IN)
                    .filter(each -> each.getTargetSlots() > 0)
                    .filter(each -> each.getSlots() == each.getTargetSlots())
                    .map(each -> true)
                    .findFirst());
  }

  @Test
  void aServerIsEmptiedStoppedRemovedAndReplacedUnderLoad() throws Exception {
    try (FileLoad writer = load("/drained")) {
      writer.awaitFurther(50);
      assertThat(admin("remove", "d1").err()).contains("empty it first");
      String safe = done("drain", "d1", "--wait");
      assertThat(safe).contains("is safe to stop: nothing depends on it any more.");
      assertThat(admin("remove", "d1").err()).contains("still runs").contains("stop it first");
      cluster.terminate("d1");
      writer.awaitFurther(50);
      assertThat(done("remove", "d1")).endsWith("is removed.\n");
      assertThat(named("d1")).isEmpty();
      // Another one in its place.
      awaitShare(cluster.controller().addDataServer());
      writer.awaitFurther(50);
      writer.checkAll();
    }
    cluster.awaitHealthy(HEAL);
    // What has the identity of the one that was removed is a new server.
    cluster.controller().restart("d1");
    awaitShare("d1");
    assertThat(named("d1")).hasSize(1);
    assertThat(named("d1").get(0).getMember().getServer()).isGreaterThan(5);
    cluster.awaitHealthy(HEAL);
  }

  /**
   * Files that are being written all the time: their chunks would keep the drained server for ever.
   */
  @Test
  void filesThatAreWrittenSlowlyGoOnElsewhereWhenTheirServerIsDrained() throws Exception {
    int length;
    byte[] content = Contents.of("/slow", 2_000_000);
    CreateOptions options = CreateOptions.defaults();
    try (CairnOutputStream appearing =
            fileSystem.create(CairnPath.of("/slow/1"), options.createParents());
        CairnOutputStream deferred =
            fileSystem.create(CairnPath.of("/slow/2"), options.deferred());
        CairnOutputStream flushed = fileSystem.create(CairnPath.of("/slow/3"), options);
        CairnFile positional =
            fileSystem.openFile(
                CairnPath.of("/slow/4"), OpenOptions.forReadingAndWriting().orCreate())) {
      AtomicInteger written = new AtomicInteger();
      Callable<Void> writeMore =
          () -> {
            int at = written.get();
            int more = at == 0 ? 300_000 : 1_000;
            appearing.write(content, at, more);
            deferred.write(content, at, more);
            flushed.write(content, at, more);
            flushed.flush();
            positional.write(at, ByteBuffer.wrap(content, at, more));
            written.addAndGet(more);
            return null;
          };
      writeMore.call();
      ExecutorService thread = Executors.newSingleThreadExecutor();
      try {
        Future<String> drain = thread.submit(() -> done("drain", "d1", "--wait"));
        String safe =
            cluster.await(
                Duration.ofMinutes(2),
                "the drain",
                () -> {
                  writeMore.call();
                  return drain.isDone() ? Optional.of(drain.get()) : Optional.empty();
                });
        assertThat(safe).contains("is safe to stop");
        cluster.terminate("d1");
        writeMore.call();
        length = written.get();
      } finally {
        thread.shutdownNow();
      }
    }
    for (int i = 1; i <= 4; i++) {
      assertThat(Contents.read(fileSystem, "/slow/" + i)).isEqualTo(Arrays.copyOf(content, length));
    }
  }

  @Test
  void aMaintenanceWithARestartFailsNoCall() throws Exception {
    try (FileLoad writer = load("/maintained")) {
      writer.awaitFurther(50);
      assertThat(done("maintenance", "d2", "--for", "10m")).contains("can be stopped");
      assertThat(done("servers")).containsPattern("d2 .*MAINTENANCE (10:00|9:5[0-9])");
      writer.awaitFurther(50);
      cluster.terminate("d2");
      writer.awaitFurther(200);
      cluster.controller().restart("d2");
      writer.awaitFurther(50);
      assertThat(done("maintenance", "d2", "--end")).endsWith("is in again.\n");
      writer.awaitFurther(50);
      writer.checkAll();
    }
    cluster.awaitHealthy(HEAL);
    assertThat(named("d2").get(0).getMembership()).isEqualTo(ServerMembership.IN);
  }
}
