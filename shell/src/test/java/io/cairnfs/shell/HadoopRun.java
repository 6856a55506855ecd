package io.cairnfs.shell;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.FsShell;
import org.apache.hadoop.util.ToolRunner;

/** Runs command lines of Hadoop's own shell on the local file system, in this process. */
final class HadoopRun {
  private final Path directory;
  private final int trashMinutes;

  /**
   * @param directory what relative paths are relative to, and the user's home
   * @param trashMinutes how long deleted files are kept; 0 = there is no trash
   */
  HadoopRun(Path directory, int trashMinutes) {
    this.directory = directory;
    this.trashMinutes = trashMinutes;
  }

  ShellRun.Result run(List<String> words, String input) throws Exception {
    PrintStream systemOut = System.out;
    PrintStream systemErr = System.err;
    InputStream systemIn = System.in;
    String workingDirectory = System.getProperty("user.dir");
    String home = System.getProperty("user.home");
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      System.setProperty("user.dir", directory.toString());
      System.setProperty("user.home", directory.toString());
      System.setIn(new ByteArrayInputStream(input.getBytes(StandardCharsets.UTF_8)));
      System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
      System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
      Configuration configuration = new Configuration(false);
      configuration.set("fs.defaultFS", "file:///");
      configuration.setInt("fs.trash.interval", trashMinutes);
      int code = ToolRunner.run(configuration, new FsShell(), words.toArray(new String[0]));
      return new ShellRun.Result(
          code & 0xff, out.toString(StandardCharsets.UTF_8), err.toString(StandardCharsets.UTF_8));
    } finally {
      // The next run may have another working directory.
      FileSystem.closeAll();
      System.setOut(systemOut);
      System.setErr(systemErr);
      System.setIn(systemIn);
      System.setProperty("user.dir", workingDirectory);
      System.setProperty("user.home", home);
    }
  }
}
