package io.cairnfs.contract.suite;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.linux.LinuxFace;
import io.cairnfs.contract.linux.LinuxUsers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/** The suite asks for nothing that the machine's own file system does not do. */
final class LinuxContractTest extends FileSystemContractTest {
  private final LinuxUsers users = new LinuxUsers(List.of("ann", "bob"));
  private final List<Face> faces = new ArrayList<>();
  private Path root;

  @TempDir private Path directory;

  @Override
  protected Face newFace() throws Exception {
    assumeTrue("root".equals(System.getProperty("user.name")), "only root becomes other users");
    Path outer =
        Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    root = Files.createDirectory(outer.resolve("root"));
    Face superuser = face("root");
    superuser.chown(".", "ann", "ann", true);
    return face("ann");
  }

  @Override
  protected Face otherUsersFace() throws Exception {
    return face("bob");
  }

  @Override
  protected Face secondFace() throws Exception {
    return face("ann");
  }

  private Face face(String user) throws Exception {
    Face face = new LinuxFace(root, users, user);
    faces.add(face);
    return face;
  }

  @AfterEach
  void close() {
    faces.forEach(Face::close);
  }
}
