package io.cairnfs.common.process;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import java.util.Optional;

/**
 * A process that was started, remembered by pid and start time, so that a reused pid is not taken
 * for it. File format: one line, {@code pid startMillis}.
 */
public record PidFile(Path file) {
  /** Clock ticks make the start time that the system reports coarse. */
  private static final long TOLERANCE_MILLIS = 2_000;

  public void write(ProcessHandle process) throws IOException {
    long start = process.info().startInstant().map(Instant::toEpochMilli).orElse(0L);
    Path fresh = file.resolveSibling(file.getFileName() + ".new");
    Files.createDirectories(file.getParent());
    Files.writeString(fresh, process.pid() + " " + start + "\n");
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  public void delete() throws IOException {
    Files.deleteIfExists(file);
  }

  /**
   * The process if it still runs; a stale file, or one whose pid now belongs to another process, is
   * nobody.
   */
  public Optional<ProcessHandle> running() throws IOException {
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    try {
      String line = Files.readString(file).strip();
      int space = line.indexOf(' ');
      long start = Long.parseLong(line.substring(space + 1));
      return ProcessHandle.of(Long.parseLong(line.substring(0, Math.max(0, space))))
          .filter(ProcessHandle::isAlive)
          .filter(process -> startedAt(process, start));
    } catch (NumberFormatException e) {
      throw new IOException(file + " is not a pid file: delete it if no server runs", e);
    }
  }

  private static boolean startedAt(ProcessHandle process, long startMillis) {
    return process
        .info()
        .startInstant()
        .map(start -> Math.abs(start.toEpochMilli() - startMillis) <= TOLERANCE_MILLIS)
        .orElse(true);
  }
}
