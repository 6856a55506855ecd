package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.localcluster.StoreLife.Step;
import io.cairnfs.localcluster.volume.LoopVolume;
import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.MetadataStore;
import io.cairnfs.metaserver.store.RocksOptions;
import io.cairnfs.metaserver.store.RocksStore;
import io.cairnfs.metaserver.store.StoreDigest;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Comparator;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The metadata store on disk when its process is killed, or its disk loses power, at the changes
 * that a flush, a checkpoint or an installation makes to its directory: afterwards the store stands
 * at an index that it really had, and the log from there on leads to the same records as a run that
 * nothing interrupted.
 */
@Timeout(value = 5, unit = TimeUnit.MINUTES)
class StoreCrashIT {
  private static final Logger LOGGER = LoggerFactory.getLogger(StoreCrashIT.class);
  private static final int VOLUME_MEGABYTES = 256;
  private static final int MOST_CHANGES = 200;

  /** At every change in a long run, at every third one otherwise. */
  private static final int STRIDE = Boolean.getBoolean("cairn.long") ? 1 : 3;

  @TempDir Path directory;

  @ParameterizedTest
  @EnumSource(Step.class)
  void killedAtAnyChange(Step step) throws Exception {
    for (int change = 1; change <= MOST_CHANGES; change += STRIDE) {
      Path base = Files.createDirectory(directory.resolve("kill-" + change));
      boolean returned = live(base, step, change);
      requireRecovered(base, step, returned, "killed at change " + change + " of a " + step);
      delete(base);
      if (returned) {
        LOGGER.info("killed {} times within a {}", change / STRIDE, step);
        assertThat(change).isGreaterThan(2);
        return;
      }
    }
    throw new AssertionError(step + " never ended");
  }

  /** Half as often as it is killed, and a cut right after the step. */
  @ParameterizedTest
  @EnumSource(Step.class)
  void powerCutAtAnyChange(Step step) throws Exception {
    Optional<String> why = LoopVolume.unavailable(directory);
    why.ifPresent(reason -> LOGGER.warn("SKIPPED: no power is cut under a {}: {}", step, reason));
    assumeTrue(why.isEmpty());
    try (LoopVolume volume = LoopVolume.create(directory, "volume", VOLUME_MEGABYTES)) {
      for (int change = 1; change <= MOST_CHANGES; change += 2 * STRIDE) {
        Path base = Files.createDirectory(volume.directory().resolve("cut-" + change));
        force(volume.directory());
        boolean returned = live(base, step, change);
        volume.cutPower();
        volume.mountAgain();
        requireRecovered(base, step, returned, "power cut at change " + change + " of a " + step);
        delete(base);
        if (returned) {
          LOGGER.info("power cut {} times within a {}", change / (2 * STRIDE), step);
          assertThat(change).isGreaterThan(2);
          return;
        }
      }
    }
    throw new AssertionError(step + " never ended");
  }

  /** Runs a process to its end; true if its step returned before. */
  private static boolean live(Path base, Step step, int change) throws Exception {
    if (step == Step.INSTALL) {
      makeCheckpointOfAnother(base);
    }
    Path output = base.resolveSibling(base.getFileName() + ".out");
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx128m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                StoreLife.class.getName(),
                base.toString(),
                step.name(),
                Integer.toString(change))
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    assertThat(process.exitValue()).as(Files.readString(output)).isIn(0, StoreLife.ENDED_WITHIN);
    return process.exitValue() == 0;
  }

  /** Durable, as what was received and verified is. */
  private static void makeCheckpointOfAnother(Path base) throws IOException {
    Path other = Files.createDirectory(base.resolve("other"));
    try (MetadataStore store = StoreLife.home(other).open()) {
      StoreLife.apply(store, StoreLife.INSTALLED);
      Applied unused = store.checkpoint(base.resolve("checkpoint-of-another"));
    }
    delete(other);
    force(base);
    force(base.getParent());
  }

  private static void requireRecovered(Path base, Step step, boolean returned, String how)
      throws IOException {
    try (MetadataStore store = StoreLife.home(base).open()) {
      Applied found = store.applied();
      TreeSet<Long> possible = new TreeSet<>();
      if (!returned || step == Step.CHECKPOINT) {
        // At the last flush, or as far as RocksDB's own log went that nobody forced.
        LongStream.rangeClosed(StoreLife.FLUSHED, StoreLife.APPLIED).forEach(possible::add);
      }
      possible.add((long) (step == Step.INSTALL ? StoreLife.INSTALLED : StoreLife.APPLIED));
      assertThat(found.index()).as(how).isIn(possible);
      assertThat(found.digest()).as(how).isEqualTo(StoreLife.digestAt(found.index()));
      assertThat(StoreDigest.recompute(store)).as(how).isEqualTo(found.digest());
      StoreLife.apply(store, StoreLife.END);
      assertThat(StoreDigest.recompute(store)).as(how).isEqualTo(StoreLife.digestAt(StoreLife.END));
    }
    if (step == Step.CHECKPOINT && returned) {
      try (MetadataStore copy = RocksStore.open(base.resolve("checkpoint"), RocksOptions.SMALL)) {
        assertThat(copy.applied().index()).as(how).isEqualTo(StoreLife.APPLIED);
        assertThat(StoreDigest.recompute(copy))
            .as(how)
            .isEqualTo(StoreLife.digestAt(StoreLife.APPLIED));
      }
    }
  }

  private static void force(Path parent) throws IOException {
    try (FileChannel channel = FileChannel.open(parent, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  private static void delete(Path tree) throws IOException {
    try (Stream<Path> all = Files.walk(tree)) {
      for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(each);
      }
    }
  }
}
