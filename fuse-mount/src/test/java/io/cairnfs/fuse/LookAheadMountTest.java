package io.cairnfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.contract.EmbeddedCluster;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a listing has told of names does not hide what programs do on the mount. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class LookAheadMountTest {
  private static final int FILES = 40;

  @TempDir private Path directory;

  private static CairnPath file(int number) {
    return CairnPath.of("/d/file-" + number);
  }

  @Test
  void changesAreSeenAtOnceAmongNamesThatAreLookedUpInARow() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
    Path point = Files.createDirectory(directory.resolve("mount"));
    try (EmbeddedCluster cluster =
            EmbeddedCluster.start(Files.createDirectory(directory.resolve("cluster")));
        CairnFileSystem client = cluster.connect("root")) {
      for (int i = 0; i < FILES; i++) {
        long unused =
            client
                .createWithContent(
                    file(i), ByteBuffer.allocate(100 + i), CreateOptions.defaults().createParents())
                .length();
      }
      // So long that whatever is found wrong would be found for the whole test.
      try (Mounting mounting =
          Mounting.of(
              cluster.connect("root"),
              "root",
              CairnPath.ROOT,
              point,
              "entry_timeout=60,attr_timeout=60",
              new SystemClock())) {
        assertThat(mounting).isNotNull();
        Path mounted = point.resolve("d");
        lookUp(mounted, 0, 20);
        Path unused =
            Files.write(mounted.resolve("file-30"), new byte[7], StandardOpenOption.APPEND);
        Files.delete(mounted.resolve("file-31"));
        unused = Files.move(mounted.resolve("file-32"), mounted.resolve("moved"));
        assertThat(Files.size(mounted.resolve("file-30"))).isEqualTo(137);
        assertThat(Files.size(mounted.resolve("moved"))).isEqualTo(132);
        assertThatThrownBy(() -> Files.size(mounted.resolve("file-31")))
            .isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> Files.size(mounted.resolve("file-32")))
            .isInstanceOf(NoSuchFileException.class);
        lookUp(mounted, 20, 30);
        lookUp(mounted, 33, FILES);
      }
    }
  }

  private static void lookUp(Path mounted, int from, int until) throws Exception {
    for (int i = from; i < until; i++) {
      assertThat(Files.size(mounted.resolve("file-" + i))).isEqualTo(100 + i);
    }
  }
}
