package io.cairnfs.localcluster;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Enumeration;
import java.util.List;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/**
 * Real files of all sizes to copy: the JDK that runs, this installation, its jars unpacked, and one
 * file of 1 GiB.
 */
final class SourceTree {
  /** Length of the large file. */
  static final long LARGE_BYTES = 1L << 30;

  /**
   * One file to copy.
   *
   * @param file where it is
   * @param name its path in the tree, with {@code /}
   */
  record SourceFile(Path file, String name, long bytes) {}

  private SourceTree() {}

  /**
   * Unpacks jars and writes the large file below {@code scratch}, and lists everything, the large
   * file first.
   */
  static List<SourceFile> prepare(Path scratch, Path home, Path jars) throws IOException {
    Files.createDirectories(scratch);
    List<SourceFile> files = new ArrayList<>();
    Path large = scratch.resolve("one-gibibyte.bin");
    writeLarge(large);
    files.add(new SourceFile(large, "one-gibibyte.bin", LARGE_BYTES));
    Path unpacked = scratch.resolve("jars");
    unpackAll(jars, unpacked);
    collect(unpacked, "jars", files);
    collect(home, "cairn", files);
    collect(Path.of(System.getProperty("java.home")), "jdk", files);
    return files;
  }

  private static void writeLarge(Path file) throws IOException {
    Random random = new Random(20261121);
    byte[] block = new byte[1 << 20];
    try (OutputStream out = Files.newOutputStream(file)) {
      for (long written = 0; written < LARGE_BYTES; written += block.length) {
        random.nextBytes(block);
        out.write(block);
      }
    }
  }

  private static void unpackAll(Path jars, Path target) throws IOException {
    try (var list = Files.newDirectoryStream(jars, "*.jar")) {
      for (Path jar : list) {
        unpack(jar, target.resolve(jar.getFileName().toString()));
      }
    }
  }

  private static void unpack(Path jar, Path target) throws IOException {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      Enumeration<? extends ZipEntry> entries = zip.entries();
      while (entries.hasMoreElements()) {
        ZipEntry entry = entries.nextElement();
        Path file = target.resolve(entry.getName()).normalize();
        if (!file.startsWith(target)) {
          throw new IOException(jar + " has an entry outside its own tree: " + entry.getName());
        }
        if (!entry.isDirectory()) {
          Files.createDirectories(file.getParent());
          try (InputStream in = zip.getInputStream(entry);
              OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
            in.transferTo(out);
          }
        }
      }
    }
  }

  private static void collect(Path root, String prefix, List<SourceFile> files) throws IOException {
    Path real = root.toRealPath();
    Files.walkFileTree(
        real,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes) {
            String name = String.valueOf(directory.getFileName());
            return name.equals("target") || name.equals(".git")
                ? FileVisitResult.SKIP_SUBTREE
                : FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            // A link counts as the file it leads to; sockets, broken links and the like are no real
            // files.
            if (Files.isRegularFile(file) && Files.isReadable(file)) {
              files.add(
                  new SourceFile(
                      file,
                      prefix + "/" + real.relativize(file).toString().replace('\\', '/'),
                      Files.size(file)));
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof java.nio.file.AccessDeniedException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }
        });
  }
}
