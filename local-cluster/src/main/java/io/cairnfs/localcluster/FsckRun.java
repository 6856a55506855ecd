package io.cairnfs.localcluster;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

/** Runs {@code cairn fsck} of this installation in a process of its own. */
final class FsckRun {
  private FsckRun() {}

  /** Its errors go to standard error. */
  static LocalProcesses.Check of(String uri) throws IOException, LocalClusterException {
    Process process =
        JavaCommand.of(
                JavaCommand.toolFlags(), "io.cairnfs.shell.FsckMain", List.of("-fs", uri, "/"))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    String output =
        new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    try {
      return new LocalProcesses.Check(
          process.waitFor(), output.substring(output.lastIndexOf('\n') + 1), output);
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
      throw new LocalClusterException("interrupted", e);
    }
  }
}
