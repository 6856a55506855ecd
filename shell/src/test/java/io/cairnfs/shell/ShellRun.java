package io.cairnfs.shell;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.common.time.Clock;
import io.cairnfs.shell.command.Pause;
import io.cairnfs.shell.command.Shell;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.copy.UnfinishedFiles;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.ClusterTree;
import io.cairnfs.shell.tree.LocalTree;
import io.cairnfs.shell.tree.Trees;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.List;

/** Runs command lines of the shell on a file system in memory and a local directory. */
final class ShellRun {
  static final String AUTHORITY = "127.0.0.1:7700";

  private final CairnFileSystem fileSystem;
  private final Path localDirectory;
  private final String user;
  private final Clock clock;
  private final UnfinishedFiles unfinished = new UnfinishedFiles();
  private byte[] input = new byte[0];
  private Pause pause =
      millis -> {
        throw new AssertionError("waited for " + millis + " ms");
      };
  private ZoneId zone = ZoneOffset.UTC;

  /** What a run left behind. */
  record Result(int code, String out, String err) {
    @Override
    public String toString() {
      return "=> " + code + "\n--- out\n" + out + "--- err\n" + err;
    }
  }

  ShellRun(CairnFileSystem fileSystem, Path localDirectory, String user, Clock clock) {
    this.fileSystem = fileSystem;
    this.localDirectory = localDirectory;
    this.user = user;
    this.clock = clock;
  }

  ShellRun withInput(String text) {
    input = text.getBytes(StandardCharsets.UTF_8);
    return this;
  }

  ShellRun withPause(Pause value) {
    pause = value;
    return this;
  }

  ShellRun inZone(ZoneId value) {
    zone = value;
    return this;
  }

  UnfinishedFiles unfinished() {
    return unfinished;
  }

  Result run(String... words) {
    return run(List.of(words));
  }

  Result run(List<String> words) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    Trees trees =
        new Trees(
            authority -> new ClusterTree(fileSystem, AUTHORITY, user),
            new LocalTree(localDirectory));
    Shell shell =
        new Shell(
            new ByteArrayInputStream(input),
            new Output(out),
            new Output(err),
            trees,
            clock,
            pause,
            zone,
            () -> Progress.NONE,
            unfinished);
    int code = new Dfs(shell).run(words);
    return new Result(code, ByteText.decode(out.toByteArray()), ByteText.decode(err.toByteArray()));
  }
}
