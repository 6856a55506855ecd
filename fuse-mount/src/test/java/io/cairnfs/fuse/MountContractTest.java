package io.cairnfs.fuse;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.contract.EmbeddedCluster;
import io.cairnfs.contract.Face;
import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import io.cairnfs.contract.suite.FileSystemContractTest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The mount passes the contract, through the kernel, for two users of it. */
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
final class MountContractTest extends FileSystemContractTest {
  @TempDir private static Path directory;
  private static EmbeddedCluster cluster;
  private static Mounting mounting;
  private static Path point;
  private static int directories;

  private final LinuxUsers users = new LinuxUsers(List.of("ann", "bob"));
  private final List<Face> faces = new ArrayList<>();
  private Path root;

  @BeforeAll
  static void start() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root mounts");
    assumeTrue(Files.exists(Path.of("/dev/fuse")), "there is no /dev/fuse");
    Path unused =
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    cluster = EmbeddedCluster.start(Files.createDirectory(directory.resolve("cluster")));
    point = Files.createDirectory(directory.resolve("mount"));
    mounting =
        Mounting.of(
            cluster.connect("root"), "root", CairnPath.ROOT, point, "suid,dev", new SystemClock());
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (mounting != null) {
        mounting.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  @Override
  protected Face newFace() throws Exception {
    directories++;
    Face superuser = face(point, "root");
    superuser.mkdir("c" + directories, 0755);
    superuser.chown("c" + directories, "ann", "ann", true);
    root = point.resolve("c" + directories);
    return face(root, "ann");
  }

  @Override
  protected Face secondFace() throws Exception {
    return face(root, "ann");
  }

  @Override
  protected Face otherUsersFace() throws Exception {
    return face(root, "bob");
  }

  private Face face(Path at, String user) throws Exception {
    Face face = new LinuxFace(at, users, user);
    faces.add(face);
    return face;
  }

  @AfterEach
  void close() {
    faces.forEach(Face::close);
  }
}
