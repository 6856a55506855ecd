package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnPath;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What any release wrote is opened by this version, and is whole. */
final class GoldenReleaseTest {
  @TempDir private Path directory;

  @ParameterizedTest
  @ValueSource(strings = {"0.1.0"})
  void dataOfAReleaseIsOpenedReadAndWrittenOn(String version) throws Exception {
    try (InputStream archive =
        GoldenReleaseTest.class.getResourceAsStream("/golden/release-" + version + ".zip")) {
      assertThat(archive).as("archive of release %s", version).isNotNull();
      GoldenRelease.unpack(archive, directory);
    }
    try (GoldenRelease release = GoldenRelease.open(directory)) {
      for (Map.Entry<String, Integer> file : GoldenRelease.FILES.entrySet()) {
        assertThat(Contents.read(release.fileSystem(), file.getKey()))
            .as(file.getKey())
            .isEqualTo(GoldenRelease.content(file.getKey(), file.getValue()));
      }
      assertThat(release.fileSystem().exists(CairnPath.of("/golden/gone"))).isFalse();
      assertThat(release.fileSystem().exists(CairnPath.of("/golden/first"))).isFalse();
      Contents.write(release.fileSystem(), "/golden/new", 200_000);
      Contents.check(release.fileSystem(), "/golden/new", 200_000);
      assertThat(release.fatal()).isEmpty();
    }
    // What this version wrote on top of it opens again.
    try (GoldenRelease release = GoldenRelease.open(directory)) {
      Contents.check(release.fileSystem(), "/golden/new", 200_000);
      assertThat(release.fatal()).isEmpty();
    }
  }
}
