package io.cairnfs.bench.mount;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.cairnfs.bench.mount.FileWork.Done;
import io.cairnfs.bench.mount.FileWork.Operation;
import io.cairnfs.common.time.SystemClock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FileWorkTest {
  private static final int LONG_ENOUGH_MILLIS = 60_000;

  @TempDir private Path directory;
  private final FileWork work = new FileWork(new SystemClock());

  private long entries() throws IOException {
    try (Stream<Path> all = Files.list(directory)) {
      return all.count();
    }
  }

  @Test
  void smallFilesAreMadeReadAndRemoved() throws IOException {
    assertEquals(5, work.run(Operation.CREATE, directory, 5).count());
    assertEquals(5, entries());
    assertEquals(FileWork.RECORD, Files.size(directory.resolve("file-4")));
    assertEquals(5, work.run(Operation.STAT, directory, 5).count());
    assertEquals(5, work.run(Operation.READ, directory, 5).count());
    assertEquals(5, work.run(Operation.UNLINK, directory, 5).count());
    assertEquals(0, entries());
  }

  @Test
  void aFileThatIsThereIsNotMade() throws IOException {
    Done unused = work.run(Operation.CREATE, directory, 1);
    assertThrows(IOException.class, () -> work.run(Operation.CREATE, directory, 1));
  }

  @Test
  void aShortFileIsNoticed() throws IOException {
    Path unused = Files.write(directory.resolve("file-0"), new byte[FileWork.RECORD - 1]);
    assertThrows(IOException.class, () -> work.run(Operation.STAT, directory, 1));
    assertThrows(IOException.class, () -> work.run(Operation.READ, directory, 1));
  }

  @Test
  void aStreamIsWrittenAndReadAsAWhole() throws IOException {
    Path file = directory.resolve("stream");
    assertEquals(3, work.run(Operation.STREAM_WRITE, file, 3).count());
    assertEquals(3 << 20, Files.size(file));
    assertEquals(3, work.run(Operation.STREAM_READ, file, 3).count());
    assertThrows(IOException.class, () -> work.run(Operation.STREAM_READ, file, 4));
  }

  @Test
  void randomReadsTakeEverySecondPlaceOnce() throws IOException {
    Path file = directory.resolve("random");
    Done unused = work.run(Operation.STREAM_WRITE, file, 1);
    assertEquals(128, work.run(Operation.RANDOM_READ, file, LONG_ENOUGH_MILLIS).count());
  }

  @Test
  void randomWritesReachEveryPlace() throws IOException {
    Path file = directory.resolve("random");
    Path unused = Files.write(file, new byte[1 << 20]);
    assertEquals(256, work.run(Operation.RANDOM_WRITE, file, LONG_ENOUGH_MILLIS).count());
    byte[] content = Files.readAllBytes(file);
    assertEquals(1 << 20, content.length);
    for (int at = 0; at < content.length; at += FileWork.RECORD) {
      assertEquals(content[0], content[at]);
    }
    assertTrue(content[0] != 0 || content[1] != 0);
  }

  @Test
  void randomWorkEndsAfterItsTime() throws IOException {
    Path file = directory.resolve("random");
    Path unused = Files.write(file, new byte[1 << 20]);
    assertEquals(1, work.run(Operation.RANDOM_WRITE, file, 0).count());
  }

  @Test
  void appendsGrowTheFile() throws IOException {
    Path file = directory.resolve("log");
    Done done = work.run(Operation.APPEND, file, 7);
    assertEquals(7 * FileWork.RECORD, Files.size(file));
    assertTrue(done.endNanos() > done.beginNanos());
  }

  @Test
  void theSourceTreeIsAlwaysTheSame() throws IOException {
    Path first = directory.resolve("first");
    Path second = directory.resolve("second");
    long bytes = SourceTree.write(first, 2_000);
    assertEquals(28e6, (double) bytes, 3e6);
    assertEquals(bytes, SourceTree.write(second, 2_000));
    try (Stream<Path> all = Files.walk(first)) {
      assertEquals(2_000, all.filter(Files::isRegularFile).count());
    }
    Path sample = Path.of("module-5", "package1", "part5", "Source71.java");
    assertArrayEquals(
        Files.readAllBytes(first.resolve(sample)), Files.readAllBytes(second.resolve(sample)));
  }
}
