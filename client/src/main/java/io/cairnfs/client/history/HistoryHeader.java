package io.cairnfs.client.history;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Whose history it is.
 *
 * @param clock which monotonic clock the times are of; empty = not known
 */
public record HistoryHeader(String user, String client, String clock) {
  private static final Path BOOT_ID = Path.of("/proc/sys/kernel/random/boot_id");

  /** A history of this machine's clock. */
  public static HistoryHeader here(String user, String client) throws IOException {
    return new HistoryHeader(user, client, clockOf(BOOT_ID));
  }

  static String clockOf(Path bootId) throws IOException {
    try {
      return Files.readString(bootId, StandardCharsets.US_ASCII).strip();
    } catch (NoSuchFileException e) {
      return "";
    }
  }
}
