package io.cairnfs.bench.mount;

import com.google.common.base.Splitter;
import io.cairnfs.common.time.Clock;
import io.cairnfs.common.time.SystemClock;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * A process that makes the system calls that are measured. It runs compiled from the first one on:
 * it has done all of it before, in a directory of its own.
 *
 * <pre>
 * in:  operation | number | path, separated by tabs, a line each
 * out: "ready" at first; then "done" | count | begin ns | end ns, or "failed" | why
 * </pre>
 *
 * Times are of the machine's monotonic clock, which all processes share.
 */
public final class FileWorker {
  private static final int WARM_UP_FILES = 2_000;

  private FileWorker() {}

  /**
   * @param arguments a directory to warm up in, and the number of rounds
   */
  public static void main(String[] arguments) throws IOException {
    Clock clock = new SystemClock();
    FileWork work = new FileWork(clock);
    warmUp(work, Path.of(arguments[0]), Integer.parseInt(arguments[1]));
    System.out.println("ready");
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = in.readLine(); line != null; line = in.readLine()) {
      List<String> words = Splitter.on('\t').limit(3).splitToList(line);
      System.out.println(answer(work, words));
    }
  }

  private static String answer(FileWork work, List<String> words) {
    try {
      FileWork.Done done =
          work.run(
              FileWork.Operation.valueOf(words.get(0)),
              Path.of(words.get(2)),
              Integer.parseInt(words.get(1)));
      return "done\t" + done.count() + "\t" + done.beginNanos() + "\t" + done.endNanos();
    } catch (IOException e) {
      return "failed\t" + words.get(0) + ": " + e;
    }
  }

  private static void warmUp(FileWork work, Path directory, int rounds) throws IOException {
    for (int round = 0; round < rounds; round++) {
      FileWork.Done unused = work.run(FileWork.Operation.CREATE, directory, WARM_UP_FILES);
      unused = work.run(FileWork.Operation.STAT, directory, WARM_UP_FILES);
      unused = work.run(FileWork.Operation.READ, directory, WARM_UP_FILES);
      unused = work.run(FileWork.Operation.UNLINK, directory, WARM_UP_FILES);
      Path file = directory.resolve("file");
      unused = work.run(FileWork.Operation.STREAM_WRITE, file, 8);
      unused = work.run(FileWork.Operation.STREAM_READ, file, 8);
      unused = work.run(FileWork.Operation.RANDOM_WRITE, file, 1_000);
      unused = work.run(FileWork.Operation.RANDOM_READ, file, 1_000);
      unused = work.run(FileWork.Operation.APPEND, file, 100);
      Files.delete(file);
    }
  }
}
