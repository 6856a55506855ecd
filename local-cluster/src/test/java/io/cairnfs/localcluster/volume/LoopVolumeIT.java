package io.cairnfs.localcluster.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Needs root and loop devices. */
final class LoopVolumeIT {
  private static final int MEGABYTES = 32;

  @TempDir private Path root;

  @BeforeEach
  void possible() {
    Optional<String> why = LoopVolume.unavailable(root);
    assumeTrue(why.isEmpty(), () -> "no loop volumes here: " + why.orElseThrow());
  }

  @Test
  void forcedBytesSurviveACutAndOthersAreLost() throws IOException {
    byte[] content = new byte[200_000];
    Arrays.fill(content, (byte) 7);
    try (LoopVolume volume = LoopVolume.create(root, "disk", MEGABYTES)) {
      Path forced = volume.directory().resolve("forced");
      Path unforced = volume.directory().resolve("unforced");
      force(forced, content);
      Files.write(unforced, content);
      volume.cutPower();
      assertThat(Files.exists(forced)).isFalse();
      assertThat(volume.isMounted()).isFalse();
      volume.mountAgain();
      assertThat(Files.readAllBytes(forced)).isEqualTo(content);
      // Its name may have come into the journal by itself; its bytes have not.
      assertThat(Files.exists(unforced) ? Files.size(unforced) : 0).isLessThan(content.length);
      Files.write(unforced, content);
    }
    assertNothingIsLeft();
  }

  private static void force(Path file, byte[] content) throws IOException {
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      channel.write(ByteBuffer.wrap(content));
      channel.force(true);
    }
    try (FileChannel directory = FileChannel.open(file.getParent(), StandardOpenOption.READ)) {
      directory.force(true);
    }
  }

  private void assertNothingIsLeft() throws IOException {
    try (Stream<Path> files = Files.list(root)) {
      assertThat(files).isEmpty();
    }
    assertThat(Files.readString(Path.of("/proc/self/mounts"))).doesNotContain(root.toString());
    assertThat(RootCommand.run("losetup", "--list")).doesNotContain(root.toString());
  }

  @Test
  void aFileThatStaysOpenStopsTheCutFromEndingAndTheVolumeCanStillBeClosed() throws IOException {
    try (LoopVolume volume = LoopVolume.create(root, "disk", MEGABYTES)) {
      try (FileChannel open =
          FileChannel.open(
              volume.directory().resolve("open"),
              StandardOpenOption.CREATE_NEW,
              StandardOpenOption.WRITE)) {
        assertThatThrownBy(volume::cutPower)
            .isInstanceOf(IOException.class)
            .hasMessageContaining("still has files open");
        assertThatThrownBy(() -> open.write(ByteBuffer.allocate(10)))
            .isInstanceOf(IOException.class);
      }
      volume.mountAgain();
      Files.writeString(volume.directory().resolve("after"), "well");
    }
    assertNothingIsLeft();
  }

  @Test
  void aFullVolumeTakesNoByteUntilItIsFreed() throws IOException {
    try (LoopVolume volume = LoopVolume.create(root, "disk", MEGABYTES)) {
      volume.fill(0);
      Path file = volume.directory().resolve("file");
      assertThatThrownBy(() -> Files.write(file, new byte[1 << 20]))
          .isInstanceOf(IOException.class)
          .hasMessageContaining("No space left");
      volume.free();
      Files.write(file, new byte[1 << 20]);
    }
  }

  @Test
  void aVolumeThatCannotBeMadeLeavesNothing() throws IOException {
    assertThatThrownBy(() -> LoopVolume.create(root, "disk", 0))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("mkfs.ext4");
    assertNothingIsLeft();
    Path file = Files.createFile(root.resolve("taken"));
    assertThatThrownBy(() -> LoopVolume.create(root, "taken", MEGABYTES))
        .isInstanceOf(IOException.class);
    assertThat(file).exists();
  }

  @Test
  void whatAKilledMakerLeftIsRemovedAndWhatIsInUseIsNot() throws IOException {
    Path image = root.resolve(LoopVolume.PREFIX + "left over.img");
    Path point = Files.createDirectory(root.resolve("left over"));
    Files.write(image, new byte[8 << 20]);
    RootCommand.run("mkfs.ext4", "-q", "-F", image.toString());
    String device = RootCommand.run("losetup", "--find", "--show", image.toString());
    RootCommand.run("mount", device, point.toString());
    try (LoopVolume used = LoopVolume.create(root, "used", MEGABYTES)) {
      assertThat(LoopVolume.removeLeftovers()).contains(image);
      assertThat(LoopVolume.removeLeftovers()).isEmpty();
      Files.writeString(used.directory().resolve("file"), "well");
    }
    Files.delete(point);
    assertNothingIsLeft();
  }
}
