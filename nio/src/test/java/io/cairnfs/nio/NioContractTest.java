package io.cairnfs.nio;

import io.cairnfs.contract.EmbeddedCluster;
import io.cairnfs.contract.Face;
import io.cairnfs.contract.suite.FileSystemContractTest;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The provider passes the contract. */
final class NioContractTest extends FileSystemContractTest {
  private static EmbeddedCluster cluster;
  private static FileSystem ann;
  private static FileSystem annElsewhere;
  private static FileSystem bob;
  private static int directories;

  private Path root;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    cluster = EmbeddedCluster.start(directory);
    ann = connect("ann");
    annElsewhere = connect("ann");
    bob = connect("bob");
  }

  /** Of providers of their own, since one provider has one user for an authority. */
  private static FileSystem connect(String user) throws Exception {
    URI uri = URI.create("cairn://" + cluster.authority());
    return new CairnFileSystemProvider()
        .newFileSystem(uri, Map.of("client", cluster.connect(user)));
  }

  @AfterAll
  static void stop() throws Exception {
    ann.close();
    annElsewhere.close();
    bob.close();
    cluster.close();
  }

  @Override
  protected Face newFace() throws Exception {
    root =
        Files.createDirectory(
            ann.getPath("/tmp/c" + directories++),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    return new NioFace(root);
  }

  @Override
  protected Face otherUsersFace() {
    return new NioFace(bob.getPath(root.toString()));
  }

  @Override
  protected Face secondFace() {
    return new NioFace(annElsewhere.getPath(root.toString()));
  }
}
