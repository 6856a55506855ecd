package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.XattrMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.FileSystemException;
import java.nio.file.attribute.UserDefinedFileAttributeView;
import java.util.List;

/**
 * Extended attributes of the namespace {@code user}, without that word. Symlinks are followed: they
 * have none themselves.
 */
record XattrView(NioPath path) implements UserDefinedFileAttributeView {
  private static final String PREFIX = "user.";

  private interface Work<T> {
    T run(CairnFileSystem client, CairnPath path) throws CairnException;
  }

  private <T> T call(Work<T> work) throws IOException {
    try {
      return work.run(path.getFileSystem().client(), path.toCairn());
    } catch (CairnException e) {
      throw Refusals.of(e, path);
    }
  }

  @Override
  public String name() {
    return "user";
  }

  @Override
  public List<String> list() throws IOException {
    return call(CairnFileSystem::xattrNames).stream()
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()))
        .toList();
  }

  byte[] value(String name) throws IOException {
    return call((client, file) -> client.xattr(file, PREFIX + name));
  }

  @Override
  public int size(String name) throws IOException {
    return value(name).length;
  }

  @Override
  public int read(String name, ByteBuffer target) throws IOException {
    byte[] value = value(name);
    if (value.length > target.remaining()) {
      throw new FileSystemException(
          path.toString(),
          null,
          "attribute '"
              + name
              + "' has "
              + value.length
              + " bytes; there is space for "
              + target.remaining());
    }
    target.put(value);
    return value.length;
  }

  @Override
  public int write(String name, ByteBuffer source) throws IOException {
    byte[] value = new byte[source.remaining()];
    source.get(value);
    return call(
        (client, file) -> {
          client.setXattr(file, PREFIX + name, value, XattrMode.SET);
          return value.length;
        });
  }

  @Override
  public void delete(String name) throws IOException {
    boolean unused =
        call(
            (client, file) -> {
              client.removeXattr(file, PREFIX + name);
              return true;
            });
  }
}
