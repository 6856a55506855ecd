package io.cairnfs.localcluster;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.localcluster.SourceTree.SourceFile;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Copies a list of files into a cluster and out again, several at a time, with the SHA-256 of what
 * went through.
 */
final class TreeCopy {
  private static final int THREADS = 6;
  private static final int BUFFER_BYTES = 1 << 20;

  private final CairnFileSystem fileSystem;
  private final CairnPath target;
  private final AtomicLong bytes = new AtomicLong();

  TreeCopy(CairnFileSystem fileSystem, CairnPath target) {
    this.fileSystem = fileSystem;
    this.target = target;
  }

  /** Bytes copied so far; any thread. */
  long bytesCopied() {
    return bytes.get();
  }

  /** Copies every file in; the digest of each by name. */
  Map<String, String> in(List<SourceFile> files) throws IOException, LocalClusterException {
    return forEach(files, this::copyIn);
  }

  /** Copies every file out below {@code directory}; the digest of each by name. */
  Map<String, String> out(List<SourceFile> files, Path directory)
      throws IOException, LocalClusterException {
    return forEach(files, file -> copyOut(file, directory));
  }

  private interface Copy {
    String apply(SourceFile file) throws IOException;
  }

  private Map<String, String> forEach(List<SourceFile> files, Copy copy)
      throws IOException, LocalClusterException {
    bytes.set(0);
    Map<String, String> digests = new ConcurrentHashMap<>();
    ExecutorService pool = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<String>> results =
          files.stream()
              .map(file -> pool.submit(() -> digests.put(file.name(), copy.apply(file))))
              .toList();
      for (Future<String> result : results) {
        result.get();
      }
    } catch (ExecutionException e) {
      throw new IOException(e.getCause().getMessage(), e.getCause());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    } finally {
      pool.shutdownNow();
    }
    return digests;
  }

  private String copyIn(SourceFile file) throws IOException {
    MessageDigest digest = sha256();
    try (InputStream in = Files.newInputStream(file.file());
        CairnOutputStream out =
            fileSystem.create(
                target.resolve(CairnPath.of(file.name())),
                CreateOptions.defaults().deferred().createParents().overwrite())) {
      pump(in, out, digest);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private String copyOut(SourceFile file, Path directory) throws IOException {
    MessageDigest digest = sha256();
    Path local = directory.resolve(file.name());
    Files.createDirectories(local.getParent());
    try (CairnInputStream in = fileSystem.open(target.resolve(CairnPath.of(file.name())));
        OutputStream out = Files.newOutputStream(local)) {
      pump(in, out, digest);
    }
    return HexFormat.of().formatHex(digest.digest());
  }

  private void pump(InputStream in, OutputStream out, MessageDigest digest) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
      digest.update(buffer, 0, read);
      out.write(buffer, 0, read);
      bytes.addAndGet(read);
    }
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
