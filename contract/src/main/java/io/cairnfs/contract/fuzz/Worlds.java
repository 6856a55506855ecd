package io.cairnfs.contract.fuzz;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions.AccessTimes;
import io.cairnfs.contract.CairnFace;
import io.cairnfs.contract.EmbeddedCluster;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/**
 * Makes fresh pairs of directories, each five levels below one of its own, so that no symlink leads
 * out. Connections and processes are kept for the next pair. Safe for any thread.
 */
final class Worlds implements Closeable {
  private static final String BELOW = "r/r/r/r/r";
  private static final int ROOT_MODE = 0777;
  private static final CairnPath CAIRN_HOME = CairnPath.of("/fuzz");

  private final Cast cast;
  private final Path linuxHome;
  private final CairnFileSystem superuser;
  private final Map<String, CairnFileSystem> clients = new HashMap<>();
  private final Map<String, HelperProcess> helpers = new HashMap<>();
  private final AtomicInteger made = new AtomicInteger();

  /**
   * @param linuxHome an empty directory
   */
  Worlds(EmbeddedCluster cluster, Path linuxHome, Cast cast) throws IOException {
    this.cast = cast;
    this.linuxHome = linuxHome;
    this.superuser = cluster.connect(Cast.SUPERUSER);
    var unused = superuser.mkdir(CAIRN_HOME, 0755);
    try {
      for (String actor : cast.actors()) {
        String user = Cast.user(actor);
        clients.put(actor, cluster.connect(cluster.options(user).accessTimes(AccessTimes.NONE)));
        helpers.put(actor, HelperProcess.start(user, cast.usersForHelpers()));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  /** What came of an episode. */
  record Result(
      Optional<Episode.Difference> difference,
      Map<KnownDifference, Long> known,
      Map<Step.Kind, Long> done,
      Map<Occasion, Long> met) {}

  /** Runs steps in a new world and removes it. */
  Result run(List<Step> steps) throws IOException {
    String name = "w" + made.getAndIncrement();
    Path linuxRoot = Files.createDirectories(linuxHome.resolve(name).resolve(BELOW));
    CairnPath cairnRoot = CAIRN_HOME.resolve(name + "/" + BELOW);
    var unused =
        Files.setPosixFilePermissions(linuxRoot, PosixFilePermissions.fromString("rwxrwxrwx"));
    var unusedToo = superuser.mkdirs(cairnRoot, 0755);
    unusedToo = superuser.setAttributes(cairnRoot, AttributeChange.none().mode(ROOT_MODE));
    Map<String, Side> linux = new HashMap<>();
    Map<String, Side> cairn = new HashMap<>();
    try {
      for (String actor : cast.actors()) {
        linux.put(actor, helpers.get(actor).begin(name, linuxRoot));
        cairn.put(actor, new Actor(new CairnFace(clients.get(actor), cairnRoot)));
      }
      Episode episode = new Episode(linux, cairn, cast.teller());
      return new Result(episode.run(steps), episode.known(), episode.done(), episode.met());
    } finally {
      for (Side side : linux.values()) {
        side.close();
      }
      for (Side side : cairn.values()) {
        side.close();
      }
      boolean unusedAlso = superuser.delete(CAIRN_HOME.resolve(name), DeleteMode.RECURSIVE);
      delete(linuxHome.resolve(name));
    }
  }

  /** Whatever its modes are. */
  static void delete(Path tree) throws IOException {
    if (Files.isDirectory(tree, LinkOption.NOFOLLOW_LINKS)) {
      var unused =
          Files.setPosixFilePermissions(tree, PosixFilePermissions.fromString("rwx------"));
      List<Path> below;
      try (Stream<Path> listed = Files.list(tree)) {
        below = listed.toList();
      }
      for (Path each : below) {
        delete(each);
      }
    }
    Files.delete(tree);
  }

  /** The clients are the cluster's to close. */
  @Override
  public void close() throws IOException {
    for (HelperProcess helper : helpers.values()) {
      helper.close();
    }
  }
}
