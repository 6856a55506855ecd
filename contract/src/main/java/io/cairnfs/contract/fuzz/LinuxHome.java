package io.cairnfs.contract.fuzz;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** Worlds in a directory of this machine, also of a mount: a process for each actor. */
final class LinuxHome implements Home {
  private final Path directory;
  private final Map<String, HelperProcess> helpers = new HashMap<>();

  /**
   * @param directory an empty one, which every user gets to
   */
  LinuxHome(Path directory, Cast cast, Actor.GivingUp givingUp) throws IOException {
    this.directory = directory;
    try {
      for (String actor : cast.actors()) {
        helpers.put(actor, HelperProcess.start(Cast.user(actor), cast.usersForHelpers(), givingUp));
      }
    } catch (IOException e) {
      close();
      throw e;
    }
  }

  @Override
  public Map<String, Side> begin(String world) throws IOException {
    Path top = Files.createDirectories(directory.resolve(world).resolve(BELOW));
    var unused = Files.setPosixFilePermissions(top, PosixFilePermissions.fromString("rwxrwxrwx"));
    Map<String, Side> sides = new HashMap<>();
    for (Map.Entry<String, HelperProcess> each : helpers.entrySet()) {
      sides.put(each.getKey(), each.getValue().begin(world, top));
    }
    return sides;
  }

  @Override
  public void remove(String world) throws IOException {
    delete(directory.resolve(world));
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

  @Override
  public void close() throws IOException {
    for (HelperProcess helper : helpers.values()) {
      helper.close();
    }
  }
}
