package io.cairnfs.nio;

import com.carrotsearch.randomizedtesting.annotations.ThreadLeakScope;
import io.cairnfs.contract.EmbeddedCluster;
import java.io.IOException;
import java.net.URI;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.lucene.store.Directory;
import org.apache.lucene.store.IOContext;
import org.apache.lucene.store.IndexOutput;
import org.apache.lucene.store.NIOFSDirectory;
import org.apache.lucene.store.SimpleFSLockFactory;
import org.apache.lucene.tests.store.BaseDirectoryTestCase;
import org.junit.AfterClass;
import org.junit.BeforeClass;

/**
 * Lucene's own suite for directories, on Cairn. The suite counts threads that are left; the
 * cluster's and the client's live as long as the class.
 */
@ThreadLeakScope(ThreadLeakScope.Scope.NONE)
public final class LuceneDirectoryTest extends BaseDirectoryTestCase {
  private static Path home;
  private static EmbeddedCluster cluster;
  private static FileSystem fileSystem;

  @BeforeClass
  public static void startCluster() throws Exception {
    home = Files.createTempDirectory("cairn-lucene-");
    cluster = EmbeddedCluster.start(home);
    fileSystem =
        FileSystems.newFileSystem(
            URI.create("cairn://" + cluster.authority()), Map.of("user", "ann"));
  }

  @AfterClass
  public static void stopCluster() throws Exception {
    fileSystem.close();
    cluster.close();
    List<Path> all;
    try (Stream<Path> walked = Files.walk(home)) {
      all = walked.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : all) {
      Files.delete(each);
    }
    fileSystem = null;
    cluster = null;
    home = null;
  }

  /** What the suite calls by a local path lies under the same path on Cairn. */
  private static Path onCairn(Path local) {
    return fileSystem.getPath("/tmp/lucene" + local.toAbsolutePath());
  }

  @Override
  protected Directory getDirectory(Path path) throws IOException {
    return new NIOFSDirectory(Files.createDirectories(onCairn(path)), SimpleFSLockFactory.INSTANCE);
  }

  /** The suite's own looks at the local file system behind the directory's back. */
  @Override
  public void testFsyncDoesntCreateNewFiles() throws Exception {
    Path path = createTempDir("nocreate");
    try (Directory directory = getDirectory(path)) {
      try (IndexOutput out = directory.createOutput("afile", IOContext.DEFAULT)) {
        out.writeString("boo");
      }
      Files.delete(onCairn(path).resolve("afile"));
      expectThrows(IOException.class, () -> directory.sync(List.of("afile")));
      assertEquals(0, directory.listAll().length);
    }
  }

  /**
   * The suite waits until its own file system, which lies below another path than Cairn, refuses a
   * deletion. On Cairn none is refused, and a deleted name is free at once.
   */
  @Override
  public void testPendingDeletions() throws IOException {
    try (Directory directory = getDirectory(createTempDir("pending"))) {
      for (int round = 0; round < 20; round++) {
        try (IndexOutput out = directory.createOutput("again", IOContext.DEFAULT)) {
          out.writeInt(round);
        }
        directory.deleteFile("again");
        assertTrue(directory.getPendingDeletions().isEmpty());
        assertEquals(0, directory.listAll().length);
      }
    }
  }
}
