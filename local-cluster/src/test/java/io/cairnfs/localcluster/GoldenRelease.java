package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.config.CairnConfiguration;
import io.cairnfs.common.config.ConfigurationException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.metaserver.MetaserverFormat;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipInputStream;
import java.util.zip.ZipOutputStream;

/**
 * A small cluster of one metaserver and three data servers in this process, whose data directories
 * are kept for each release: {@code main} makes the archive of the version it was built from.
 */
final class GoldenRelease implements AutoCloseable {
  /** Nothing else uses this address; the metaserver's is part of what is kept. */
  private static final HostPort METASERVER = new HostPort("127.77.1.1", 17701);

  private static final List<String> ROLES = List.of("m1", "d1", "d2", "d3");

  /** Lengths of files by name: none, inline, a shared chunk, chunks of its own. */
  static final Map<String, Integer> FILES =
      new TreeMap<>(
          Map.of(
              "/golden/empty", 0,
              "/golden/inline", 777,
              "/golden/deep/er/shared", 40_000,
              "/golden/renamed", 123_456,
              "/golden/large", 1 << 20));

  private final Queue<String> fatal = new ConcurrentLinkedQueue<>();
  private final LocalCluster cluster;
  private final CairnFileSystem fileSystem;

  private GoldenRelease(CairnConfiguration configuration)
      throws IOException, ConfigurationException {

    cluster =
        LocalCluster.start(
            configuration,
            new SystemClock(),
            new SplittableRandom(7),
            (what, cause) -> fatal.add(what + " " + cause));
    boolean connected = false;
    try {
      fileSystem =
          CairnFileSystem.connect(
              ClientOptions.builder(List.of(METASERVER))
                  .user("golden")
                  .clientName("golden")
                  .build());
      connected = true;
    } finally {
      if (!connected) {
        cluster.close();
      }
    }
  }

  /** Starts the cluster whose directories are below a root. */
  static GoldenRelease open(Path root) throws IOException, ConfigurationException {
    return new GoldenRelease(configuration(root));
  }

  private static CairnConfiguration configuration(Path root)
      throws IOException, ConfigurationException {
    StringBuilder text = new StringBuilder("raft.segment-bytes = 4MiB\n");
    text.append(
        "metaservers.m1 { host = \"%s\", port = %d, directory = m1 }%n"
            .formatted(METASERVER.host(), METASERVER.port()));
    for (int i = 1; i <= 3; i++) {
      text.append(
          "dataservers.d%d { host = \"%s\", port = %d, directory = d%d, volumes = [d%d/v1] }%n"
              .formatted(i, METASERVER.host(), METASERVER.port() + i, i, i));
    }
    Path file = root.resolve("cluster.conf");
    Files.writeString(file, text);
    return CairnConfiguration.load(file, Map.of());
  }

  /** Text that says whose it is, and packs well. */
  static byte[] content(String name, int length) {
    StringBuilder text = new StringBuilder();
    for (int line = 0; text.length() < length; line++) {
      text.append(name).append(' ').append(line).append('\n');
    }
    return Arrays.copyOf(text.toString().getBytes(StandardCharsets.UTF_8), length);
  }

  CairnFileSystem fileSystem() {
    return fileSystem;
  }

  Queue<String> fatal() {
    return fatal;
  }

  private void fill() throws IOException {
    for (Map.Entry<String, Integer> file : FILES.entrySet()) {
      String name = file.getKey();
      byte[] bytes = content(name, file.getValue());
      if (bytes.length <= 1000) {
        var unused =
            fileSystem.createWithContent(
                CairnPath.of(name),
                ByteBuffer.wrap(bytes),
                CreateOptions.defaults().createParents());
      } else {
        String first = name.equals("/golden/renamed") ? "/golden/first" : name;
        try (OutputStream out =
            fileSystem.create(CairnPath.of(first), CreateOptions.defaults().createParents())) {
          out.write(bytes);
        }
        if (!first.equals(name)) {
          var unused =
              fileSystem.rename(
                  CairnPath.of(first), CairnPath.of(name), CairnFileSystem.RenameMode.NO_REPLACE);
        }
      }
    }
    try (OutputStream out =
        fileSystem.create(CairnPath.of("/golden/gone"), CreateOptions.defaults())) {
      out.write(content("gone", 50_000));
    }
    fileSystem.unlink(CairnPath.of("/golden/gone"));
  }

  @Override
  public void close() throws IOException {
    try {
      fileSystem.close();
    } finally {
      cluster.close();
    }
  }

  /** Unpacks an archive. */
  static void unpack(InputStream archive, Path root) throws IOException {
    try (ZipInputStream zip = new ZipInputStream(archive)) {
      for (ZipEntry entry = zip.getNextEntry(); entry != null; entry = zip.getNextEntry()) {
        Path target = root.resolve(entry.getName());
        Files.createDirectories(target.getParent());
        Files.copy(zip, target);
      }
    }
  }

  private static void pack(Path root, Path archive) throws IOException {
    try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
      for (String role : ROLES) {
        List<Path> files = new ArrayList<>();
        try (Stream<Path> tree = Files.walk(root.resolve(role))) {
          tree.filter(Files::isRegularFile).sorted().forEach(files::add);
        }
        for (Path file : files) {
          zip.putNextEntry(new ZipEntry(root.relativize(file).toString()));
          Files.copy(file, zip);
          zip.closeEntry();
        }
      }
    }
  }

  /**
   * Makes the archive of this version.
   *
   * @param arguments an empty directory to work in, and the archive to be written
   */
  public static void main(String[] arguments) throws Exception {
    Path root = Files.createDirectories(Path.of(arguments[0]));
    String unused = MetaserverFormat.format(configuration(root), "m1", Optional.empty(), "golden");
    try (GoldenRelease release = open(root)) {
      release.fill();
    }
    pack(root, Path.of(arguments[1]));
  }
}
