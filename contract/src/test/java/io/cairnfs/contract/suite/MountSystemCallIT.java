package io.cairnfs.contract.suite;

import io.cairnfs.contract.MountedCluster;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A mount refuses as the pages say. */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
final class MountSystemCallIT extends SystemCallContractTest {
  private MountedCluster cluster;
  private Path point;

  @BeforeAll
  void mount(@TempDir Path directory) throws Exception {
    cluster = MountedCluster.start(directory);
    point = cluster.mount("m", "dev");
  }

  @AfterAll
  void unmount() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  @Override
  protected Path directory() {
    return point;
  }
}
