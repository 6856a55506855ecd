package io.cairnfs.fuse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.contract.EmbeddedCluster;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** What a mount knows without asking the cluster is what the cluster says. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class OwnChangesMountTest {
  @TempDir private Path directory;
  private EmbeddedCluster cluster;
  private CairnFileSystem other;
  private Mounting mounting;
  private Path point;

  @BeforeEach
  void start() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
    point = Files.createDirectory(directory.resolve("mount"));
    cluster = EmbeddedCluster.start(Files.createDirectory(directory.resolve("cluster")));
    other = cluster.connect("root");
    // So long that whatever is remembered wrongly is seen.
    mounting =
        Mounting.of(
            cluster.connect("root"),
            "root",
            CairnPath.ROOT,
            point,
            "entry_timeout=60,attr_timeout=60",
            new SystemClock());
  }

  @AfterEach
  void stop() throws Exception {
    if (mounting != null) {
      mounting.close();
      other.close();
      cluster.close();
    }
  }

  private static long nanos(Path path, String time) throws Exception {
    return ((FileTime) Files.getAttribute(path, time)).to(TimeUnit.NANOSECONDS);
  }

  private void assertDirectoryIsAsTheClusterSays(String after) throws Exception {
    Path seen = point.resolve("d");
    FileStatus is = other.stat(CairnPath.of("/d"));
    assertThat(nanos(seen, "lastModifiedTime")).as(after).isEqualTo(is.modificationTimeNanos());
    assertThat(nanos(seen, "unix:ctime")).as(after).isEqualTo(is.changeTimeNanos());
    assertThat((int) Files.getAttribute(seen, "unix:mode") & 07777).as(after).isEqualTo(is.mode());
  }

  /** Something that changes the directory. */
  private interface Change {
    Path make(Path directory) throws Exception;
  }

  private static Path deleted(Path path) throws Exception {
    Files.delete(path);
    return path;
  }

  @Test
  void aDirectoryIsAsTheClusterSaysAfterEachChange() throws Exception {
    Path made = Files.createDirectory(point.resolve("d"));
    Map<String, Change> changes = new LinkedHashMap<>();
    changes.put("a file", in -> Files.createFile(in.resolve("file")));
    changes.put("a directory", in -> Files.createDirectory(in.resolve("sub")));
    changes.put("a symlink", in -> Files.createSymbolicLink(in.resolve("symlink"), Path.of("x")));
    changes.put("a link", in -> Files.createLink(in.resolve("link"), in.resolve("file")));
    changes.put("a name less", in -> deleted(in.resolve("symlink")));
    changes.put(
        "another mode",
        in -> Files.setPosixFilePermissions(in, PosixFilePermissions.fromString("rwx-----x")));
    changes.put("another name", in -> Files.move(in.resolve("link"), in.resolve("moved")));
    changes.put("a directory less", in -> deleted(in.resolve("sub")));
    changes.put("one more file", in -> Files.createFile(in.resolve("file2")));
    for (Map.Entry<String, Change> change : changes.entrySet()) {
      Path unused = change.getValue().make(made);
      assertDirectoryIsAsTheClusterSays(change.getKey());
    }
  }

  @Test
  void aDirectoryThatWasRemovedIsGone() throws Exception {
    Path made = Files.createDirectory(point.resolve("d"));
    Files.delete(made);
    assertThat(Files.exists(made)).isFalse();
    Path again = Files.createDirectory(point.resolve("d"));
    assertThat(again).isEqualTo(made);
    assertDirectoryIsAsTheClusterSays("made again");
  }

  @Test
  void aFileThatIsUnpackedIsAsItsUnpackerSaid() throws Exception {
    Path unpacked = point.resolve("unpacked");
    FileTime time = FileTime.from(1_234_567_890_123_456_789L, TimeUnit.NANOSECONDS);
    try (FileChannel channel =
        FileChannel.open(
            unpacked,
            Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      int written = channel.write(ByteBuffer.allocate(5000));
      assertThat(written).isEqualTo(5000);
      Path unused = Files.setLastModifiedTime(unpacked, time);
      unused = Files.setAttribute(unpacked, "unix:uid", 1);
      unused = Files.setAttribute(unpacked, "unix:gid", 2);
      unused = Files.setAttribute(unpacked, "unix:mode", 0644);
      assertAsSaid(unpacked, time);
    }
    assertAsSaid(unpacked, time);
    FileStatus is = other.stat(CairnPath.of("/unpacked"));
    assertThat(is.mode()).isEqualTo(0644);
    assertThat(is.length()).isEqualTo(5000);
    assertThat(is.modificationTimeNanos()).isEqualTo(time.to(TimeUnit.NANOSECONDS));
    assertThat(nanos(unpacked, "unix:ctime")).isEqualTo(is.changeTimeNanos());
  }

  private static void assertAsSaid(Path unpacked, FileTime time) throws Exception {
    assertThat(Files.size(unpacked)).isEqualTo(5000);
    assertThat(Files.getLastModifiedTime(unpacked)).isEqualTo(time);
    assertThat(Files.getAttribute(unpacked, "unix:uid")).isEqualTo(1);
    assertThat(Files.getAttribute(unpacked, "unix:gid")).isEqualTo(2);
    assertThat((int) Files.getAttribute(unpacked, "unix:mode") & 07777).isEqualTo(0644);
  }

  @Test
  void whatIsWrittenAfterTheTimesWereSetChangesThem() throws Exception {
    Path path = point.resolve("f");
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      Path unused = Files.setLastModifiedTime(path, FileTime.fromMillis(1000));
      int written = channel.write(ByteBuffer.allocate(10));
      assertThat(written).isEqualTo(10);
    }
    assertThat(Files.getLastModifiedTime(path)).isGreaterThan(FileTime.fromMillis(1000));
  }

  @Test
  void rightsThatAreTakenAreTakenAtOnce() throws Exception {
    Path path = point.resolve("f");
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
      assertThat(channel.isOpen()).isTrue();
      Path unused =
          Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rw-------"));
      assertThat(other.stat(CairnPath.of("/f")).mode()).isEqualTo(0600);
      unused = Files.setPosixFilePermissions(path, PosixFilePermissions.fromString("rwxrwxrwx"));
      unused = Files.setAttribute(path, "unix:mode", 04755);
      assertThat(other.stat(CairnPath.of("/f")).mode()).isEqualTo(04755);
    }
  }
}
