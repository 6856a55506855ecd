package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnInputStream;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.Random;

/** File content that says whose it is: the bytes follow from the name and the offset. */
final class Contents {
  private Contents() {}

  /** The first {@code length} bytes of the content that belongs to a name. */
  static byte[] of(String name, int length) {
    byte[] bytes = new byte[length];
    new Random(name.hashCode()).nextBytes(bytes);
    return bytes;
  }

  static void write(CairnFileSystem fileSystem, String name, int length) throws IOException {
    byte[] bytes = of(name, length);
    try (CairnOutputStream out =
        fileSystem.create(
            CairnPath.of(name), CreateOptions.defaults().createParents().overwrite())) {
      int half = length / 2;
      out.write(bytes, 0, half);
      out.write(bytes, half, length - half);
    }
  }

  static byte[] read(CairnFileSystem fileSystem, String name) throws IOException {
    try (InputStream in = fileSystem.open(CairnPath.of(name))) {
      return in.readAllBytes();
    }
  }

  static void check(CairnFileSystem fileSystem, String name, int length) {
    try {
      assertThat(read(fileSystem, name)).as(name).isEqualTo(of(name, length));
    } catch (IOException e) {
      throw new UncheckedIOException(name + ": " + e.getMessage(), e);
    }
  }

  /** Reads at a position, through the positional interface. */
  static byte[] readAt(CairnFileSystem fileSystem, String name, long position, int length)
      throws IOException {
    try (CairnInputStream in = fileSystem.open(CairnPath.of(name))) {
      byte[] bytes = new byte[length];
      in.seek(position);
      int read = in.readNBytes(bytes, 0, length);
      assertThat(read).isEqualTo(length);
      return bytes;
    }
  }
}
