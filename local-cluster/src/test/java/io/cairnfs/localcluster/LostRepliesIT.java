package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Replies are lost after the metaserver has carried a request out: the client asks again, and
 * nothing is carried out twice. Each operation here fails when it is done a second time.
 */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
class LostRepliesIT {
  private static final int ROUNDS = 10;

  @TempDir Path directory;

  private interface Operation {
    void run() throws Exception;
  }

  @Test
  void everyRequestThatIsRepeatedAfterItsReplyWasLostTakesEffectOnce() throws Exception {
    try (RealCluster cluster = RealCluster.start(directory.resolve("cluster"), 1, 1);
        ReplyDroppingProxy proxy =
            new ReplyDroppingProxy(cluster.controller().metaservers().get(0));
        CairnFileSystem fileSystem = LocalRpc.connect(List.of(proxy.address()))) {
      CairnPath top = CairnPath.of("/lost-replies");
      // Also makes the session, so that the replies below are those of the operations.
      var unused = fileSystem.mkdirs(top, 0755);
      for (int i = 0; i < ROUNDS; i++) {
        CairnPath made = CairnPath.of("/lost-replies/d" + i);
        CairnPath file = CairnPath.of("/lost-replies/d" + i + "/f");
        CairnPath renamed = CairnPath.of("/lost-replies/d" + i + "/g");
        byte[] content = ("content " + i).getBytes(StandardCharsets.UTF_8);
        dropping(proxy, () -> fileSystem.mkdir(made, 0755));
        dropping(
            proxy,
            () ->
                fileSystem.createWithContent(
                    file, ByteBuffer.wrap(content), CreateOptions.defaults()));
        dropping(proxy, () -> fileSystem.rename(file, renamed, RenameMode.NO_REPLACE));
        assertThat(fileSystem.readFully(renamed, 100)).isEqualTo(content);
        dropping(proxy, () -> fileSystem.unlink(renamed));
        dropping(proxy, () -> fileSystem.rmdir(made));
      }
      assertThat(fileSystem.listAll(top)).isEmpty();
      assertThat(proxy.dropped()).isEqualTo(5 * ROUNDS);
      assertThat(fileSystem.statistics().metadataRetries()).isGreaterThanOrEqualTo(5 * ROUNDS - 5);
      Contents.write(fileSystem, "/lost-replies/after", 100_000);
      Contents.check(fileSystem, "/lost-replies/after", 100_000);
    }
  }

  /** The reply that is lost may once in a while be a heartbeat's; the operation is done anyway. */
  private static void dropping(ReplyDroppingProxy proxy, Operation operation) throws Exception {
    proxy.dropNextReply();
    operation.run();
  }
}
