package io.cairnfs.metaserver;

import com.google.common.base.Splitter;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Whose directory a metaserver's is: the file {@code identity}, written once by format.
 *
 * <pre>
 * cairn-metaserver 1
 * cluster=UUID
 * id=m1
 * superuser=NAME
 * </pre>
 */
record MetaserverIdentity(String clusterId, String id, String superuser) {
  private static final String FILE = "identity";
  private static final String HEAD = "cairn-metaserver ";
  private static final int VERSION = 1;

  static boolean exists(Path directory) {
    return Files.exists(directory.resolve(FILE));
  }

  /**
   * Reads the identity of a formatted directory.
   *
   * @throws CairnException {@code NOT_FOUND} where there is none, saying what to do; {@code
   *     WRONG_VERSION}; {@code CORRUPT}
   */
  static MetaserverIdentity read(Path directory) throws IOException {
    Path file = directory.resolve(FILE);
    if (!Files.exists(file)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND,
          directory
              + " holds no metaserver. A new one is made with 'cairn format' (the first of a cluster prints the cluster's"
              + " id, the others are given it). If this one was in use, its disk is missing or was emptied: its votes"
              + " and its log are gone, and it can take part only as a new member: 'cairn admin metaserver remove ID',"
              + " 'cairn format --join', start it, 'cairn admin metaserver add ID HOST:PORT'");
    }
    List<String> lines = Files.readAllLines(file);
    requireVersion(file, lines.isEmpty() ? "" : lines.get(0));
    Map<String, String> values = new HashMap<>();
    for (String line : lines.subList(1, lines.size())) {
      List<String> parts = Splitter.on('=').limit(2).splitToList(line);
      values.put(parts.get(0), parts.size() == 2 ? parts.get(1) : "");
    }
    if (!values.keySet().containsAll(List.of("cluster", "id", "superuser"))) {
      throw new CairnException(
          ErrorCode.CORRUPT,
          file + ": cluster, id and superuser expected, found " + values.keySet());
    }
    return new MetaserverIdentity(values.get("cluster"), values.get("id"), values.get("superuser"));
  }

  private static void requireVersion(Path file, String head) throws CairnException {
    if (!head.startsWith(HEAD)) {
      throw new CairnException(
          ErrorCode.CORRUPT, file + ": '" + HEAD + VERSION + "' expected, found '" + head + "'");
    }
    if (!head.equals(HEAD + VERSION)) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          file
              + ": format '"
              + head
              + "' was written by another version of Cairn; this one reads '"
              + HEAD
              + VERSION
              + "'");
    }
  }

  /** Writes and forces the file, and its directory. */
  void write(Path directory) throws IOException {
    Path fresh = directory.resolve(FILE + ".new");
    Files.writeString(
        fresh,
        HEAD
            + VERSION
            + "\ncluster="
            + clusterId
            + "\nid="
            + id
            + "\nsuperuser="
            + superuser
            + "\n");
    force(fresh, StandardOpenOption.WRITE);
    Files.move(fresh, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
    force(directory, StandardOpenOption.READ);
  }

  private static void force(Path path, StandardOpenOption option) throws IOException {
    try (FileChannel channel = FileChannel.open(path, option)) {
      channel.force(true);
    }
  }
}
