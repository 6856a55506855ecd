package io.cairnfs.contract.suite;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.MountedCluster;
import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;

/** The contract on two mounts, which ask the cluster at every question. */
@Timeout(value = 120, unit = TimeUnit.SECONDS)
abstract class TwoMountsContractTest extends FileSystemContractTest {
  private static final String STRICT = ",attr_timeout=0,entry_timeout=0";

  private static MountedCluster cluster;
  private static Path point;
  private static Path second;
  private static int directories;

  private final LinuxUsers users = new LinuxUsers(List.of("ann", "bob"));
  private final List<Face> faces = new ArrayList<>();
  private String name;

  /** Before all tests of a class. */
  static void mount(Path directory, String binding) throws Exception {
    cluster = MountedCluster.start(directory);
    point = cluster.mount("one", "binding=" + binding + STRICT);
    second = cluster.mount("two", "binding=" + binding + STRICT);
  }

  @AfterAll
  static void unmount() throws Exception {
    MountedCluster last = cluster;
    cluster = null;
    if (last != null) {
      last.close();
    }
  }

  @Override
  protected Face newFace() throws Exception {
    name = "c" + directories++;
    Path made = Files.createDirectory(point.resolve(name));
    Face superuser = face(made, "root");
    superuser.chmod(".", 0755);
    superuser.chown(".", "ann", "ann", true);
    return face(made, "ann");
  }

  @Override
  protected Face otherUsersFace() throws Exception {
    return face(point.resolve(name), "bob");
  }

  @Override
  protected Face secondFace() throws Exception {
    return face(second.resolve(name), "ann");
  }

  private Face face(Path root, String user) throws Exception {
    // The kernel tells of the end of an open file when close(2) has returned.
    Face face = new LinuxFace(root, users, user, Set.of(Feature.LOCKS_END_AT_CLOSE));
    faces.add(face);
    return face;
  }

  @AfterEach
  void closeFaces() {
    faces.forEach(Face::close);
  }
}
