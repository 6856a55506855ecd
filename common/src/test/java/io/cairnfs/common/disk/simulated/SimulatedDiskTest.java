package io.cairnfs.common.disk.simulated;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.Disk.OpenMode;
import io.cairnfs.common.disk.DiskFile;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.NoSuchFileException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class SimulatedDiskTest {
  private final SimulatedDisk disk = new SimulatedDisk("d");

  @Test
  void bytesReadAreThoseWritten() throws IOException {
    DiskFile file = disk.open("f", OpenMode.CREATE);
    file.write(bytes("hello"), 4094);
    assertThat(file.size()).isEqualTo(4099);
    assertThat(text(file, 4094, 100)).isEqualTo("hello");
    assertThat(text(file, 0, 2)).isEqualTo("\0\0");
    assertThat(text(file, 5000, 1)).isEmpty();
    file.truncate(4095);
    file.write(bytes("x"), 4097);
    assertThat(text(file, 4094, 10)).isEqualTo("h\0\0x");
  }

  @Test
  void forcedBytesSurviveAndOthersMayNot() throws IOException {
    Set<String> outcomes = new HashSet<>();
    for (int seed = 0; seed < 50; seed++) {
      SimulatedDisk fresh = new SimulatedDisk("d");
      DiskFile file = fresh.open("f", OpenMode.CREATE);
      file.write(bytes("a".repeat(1024)), 0);
      file.force();
      fresh.forceDirectory("");
      file.write(bytes("b".repeat(1536)), 512);
      fresh.losePower(new SplittableRandom(seed));
      DiskFile after = fresh.open("f", OpenMode.READ);
      assertThat(text(after, 0, 512)).isEqualTo("a".repeat(512));
      outcomes.add(
          after.size() + text(after, 512, 1) + (after.size() > 1535 ? text(after, 1535, 1) : ""));
    }
    assertThat(outcomes).hasSizeGreaterThan(3);
  }

  @Test
  void anUnforcedFileMayVanishAndAForcedOneMayNot() throws IOException {
    int vanished = 0;
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk fresh = new SimulatedDisk("d");
      fresh.createDirectories("a/b");
      fresh.forceDirectory("");
      fresh.forceDirectory("a");
      fresh.open("a/b/kept", OpenMode.CREATE).force();
      fresh.forceDirectory("a/b");
      fresh.open("a/b/lost", OpenMode.CREATE).force();
      fresh.losePower(new SplittableRandom(seed));
      assertThat(fresh.exists("a/b/kept")).isTrue();
      vanished += fresh.exists("a/b/lost") ? 0 : 1;
    }
    assertThat(vanished).isBetween(1, 19);
  }

  @Test
  void aRenameIsAllOrNothing() throws IOException {
    Set<String> found = new HashSet<>();
    for (int seed = 0; seed < 20; seed++) {
      SimulatedDisk fresh = new SimulatedDisk("d");
      write(fresh, "target", "old");
      write(fresh, "side", "new");
      fresh.forceDirectory("");
      fresh.rename("side", "target");
      fresh.losePower(new SplittableRandom(seed));
      found.add(text(fresh.open("target", OpenMode.READ), 0, 3) + fresh.list("."));
    }
    assertThat(found).containsExactlyInAnyOrder("old[side, target]", "new[target]");
  }

  @Test
  void aKilledProcessLosesNoBytesButItsOpenFiles() throws IOException {
    DiskFile file = disk.open("f", OpenMode.CREATE);
    file.write(bytes("kept"), 0);
    disk.killProcess();
    assertThatThrownBy(file::size).hasMessageContaining("has died");
    assertThat(text(disk.open("f", OpenMode.READ), 0, 4)).isEqualTo("kept");
  }

  @Test
  void whatAFailedForceLeftIsLostEvenIfALaterForceSucceeds() throws IOException {
    DiskFile file = disk.open("f", OpenMode.CREATE);
    disk.forceDirectory("");
    file.write(bytes("x".repeat(512)), 0);
    disk.failForces(1);
    assertThatThrownBy(file::force).hasMessageContaining("Input/output error");
    file.force();
    boolean lost = false;
    for (int seed = 0; seed < 10 && !lost; seed++) {
      disk.losePower(new SplittableRandom(seed));
      lost = !text(disk.open("f", OpenMode.READ), 0, 1).equals("x");
    }
    assertThat(lost).isTrue();
  }

  @Test
  void whatAFailedForceLeftIsKeptWhenItIsWrittenAndForcedAgain() throws IOException {
    DiskFile file = disk.open("f", OpenMode.CREATE);
    disk.forceDirectory("");
    file.write(bytes("x".repeat(512)), 0);
    disk.failForces(1);
    assertThatThrownBy(file::force).hasMessageContaining("Input/output error");
    file.write(bytes("x".repeat(512)), 0);
    file.force();
    for (int seed = 0; seed < 10; seed++) {
      disk.losePower(new SplittableRandom(seed));
      assertThat(text(disk.open("f", OpenMode.READ), 0, 512)).isEqualTo("x".repeat(512));
    }
  }

  @Test
  void aForceBehindOthersCanBeMadeToFail() throws IOException {
    DiskFile file = disk.open("f", OpenMode.CREATE);
    disk.failForcesAfter(2, 1);
    file.force();
    disk.forceDirectory("");
    assertThatThrownBy(file::force).hasMessageContaining("Input/output error");
    file.force();
  }

  @Test
  void aFullDiskRefusesGrowthButNotOverwriting() throws IOException {
    disk.limitCapacity(100);
    DiskFile file = disk.open("f", OpenMode.CREATE);
    file.write(ByteBuffer.allocate(100), 0);
    assertThatThrownBy(() -> file.write(bytes("x"), 100)).hasMessageContaining("No space left");
    file.write(bytes("x"), 50);
    assertThat(disk.usableBytes()).isZero();
    file.truncate(10);
    assertThat(disk.usableBytes()).isEqualTo(90);
    disk.delete("f");
    assertThat(disk.usableBytes()).isEqualTo(100);
  }

  @Test
  void aFlippedBitIsSeenAndStays() throws IOException {
    write(disk, "f", "AAAA");
    disk.forceDirectory("");
    disk.flipBit("f", 8);
    assertThat(text(disk.open("f", OpenMode.READ), 0, 4)).isEqualTo("A@AA");
    disk.losePower(new SplittableRandom(1));
    assertThat(text(disk.open("f", OpenMode.READ), 0, 4)).isEqualTo("A@AA");
    assertThatThrownBy(() -> disk.flipBit("none", 0)).isInstanceOf(NoSuchFileException.class);
  }

  @Test
  void namesBehaveAsOnARealDisk() throws IOException {
    assertThatThrownBy(() -> disk.open("f", OpenMode.WRITE))
        .isInstanceOf(NoSuchFileException.class);
    write(disk, "f", "x");
    assertThatThrownBy(() -> disk.open("f", OpenMode.CREATE))
        .isInstanceOf(FileAlreadyExistsException.class);
    assertThatThrownBy(() -> disk.open("no/f", OpenMode.CREATE))
        .isInstanceOf(NoSuchFileException.class);
    disk.createDirectories("x/y");
    assertThatThrownBy(() -> disk.delete("x")).isInstanceOf(DirectoryNotEmptyException.class);
    assertThatThrownBy(() -> disk.open("x", OpenMode.READ)).hasMessageContaining("directory");
    assertThatThrownBy(() -> disk.createDirectories("f/g"))
        .isInstanceOf(FileAlreadyExistsException.class);
    disk.rename("f", "x/y/g");
    assertThat(disk.files()).containsExactly("x/y/g");
    assertThat(disk.list("x")).containsExactly("y");
    assertThat(disk.list("none")).isEmpty();
    assertThatThrownBy(() -> disk.open("x/y/g", OpenMode.READ).write(bytes("x"), 0))
        .hasMessageContaining("reading only");
    DiskFile closed = disk.open("x/y/g", OpenMode.READ);
    closed.close();
    assertThatThrownBy(closed::size).hasMessageContaining("closed");
  }

  private static void write(SimulatedDisk disk, String name, String text) throws IOException {
    DiskFile file = disk.open(name, OpenMode.CREATE);
    file.write(bytes(text), 0);
    file.force();
  }

  private static ByteBuffer bytes(String text) {
    return ByteBuffer.wrap(text.getBytes(UTF_8));
  }

  private static String text(DiskFile file, long position, int length) throws IOException {
    byte[] bytes = new byte[length];
    int read = file.read(ByteBuffer.wrap(bytes), position);
    return new String(Arrays.copyOf(bytes, read), UTF_8);
  }
}
