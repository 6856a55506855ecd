package io.cairnfs.contract.suite;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.contract.CairnFace;
import io.cairnfs.contract.EmbeddedCluster;
import io.cairnfs.contract.Face;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** The Java API passes the contract. */
final class JavaApiContractTest extends FileSystemContractTest {
  private static EmbeddedCluster cluster;
  private static CairnFileSystem ann;
  private static CairnFileSystem annElsewhere;
  private static CairnFileSystem bob;
  private static int directories;

  private CairnPath root;

  @BeforeAll
  static void start(@TempDir Path directory) throws Exception {
    cluster = EmbeddedCluster.start(directory);
    ann = cluster.connect("ann");
    annElsewhere = cluster.connect("ann");
    bob = cluster.connect("bob");
  }

  @AfterAll
  static void stop() throws Exception {
    cluster.close();
  }

  @Override
  protected Face newFace() throws Exception {
    root = CairnPath.of("/tmp/c" + directories++);
    var unused = ann.mkdir(root, 0755);
    return new CairnFace(ann, root);
  }

  @Override
  protected Face otherUsersFace() {
    return new CairnFace(bob, root);
  }

  @Override
  protected Face secondFace() {
    return new CairnFace(annElsewhere, root);
  }
}
