package io.cairnfs.localcluster;

import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/** Prints a log, and what comes to it; goes on in the new file when the log was rotated. */
final class LogTail {
  private static final int POLL_MILLIS = 200;

  private final Path log;
  private final Consumer<String> out;

  /** When to end. */
  enum End {
    AT_END,
    NEVER
  }

  LogTail(Path log, Consumer<String> out) {
    this.log = log;
    this.out = out;
  }

  void run(End end) throws IOException, InterruptedException {
    boolean rotated;
    do {
      Object file = key();
      try (Reader reader =
          new InputStreamReader(Files.newInputStream(log), StandardCharsets.UTF_8)) {
        rotated = follow(reader, file, end);
      }
    } while (rotated);
  }

  /** True if another file has the log's name now, and all of this one was printed. */
  private boolean follow(Reader reader, Object file, End end)
      throws IOException, InterruptedException {
    char[] buffer = new char[16 << 10];
    boolean rotated = false;
    while (true) {
      int count = reader.read(buffer);
      if (count > 0) {
        out.accept(new String(buffer, 0, count));
      } else if (rotated) {
        return true;
      } else if (end == End.AT_END) {
        return false;
      } else {
        TimeUnit.MILLISECONDS.sleep(POLL_MILLIS);
        rotated = isRotated(file);
      }
    }
  }

  /** Between the two renames of a rotation there is no log. */
  private boolean isRotated(Object file) throws IOException {
    try {
      return !key().equals(file);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private Object key() throws IOException {
    return Files.readAttributes(log, BasicFileAttributes.class).fileKey();
  }
}
