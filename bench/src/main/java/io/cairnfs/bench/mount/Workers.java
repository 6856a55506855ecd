package io.cairnfs.bench.mount;

import com.google.common.base.Splitter;
import java.io.BufferedReader;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Processes that make system calls, ready to begin at once. For one thread. */
final class Workers implements AutoCloseable {
  private final List<Worker> workers = new ArrayList<>();

  private record Worker(Process process, BufferedWriter to, BufferedReader from) {}

  /**
   * What some of them have done together.
   *
   * @param seconds from the first one's begin to the last one's end
   */
  record Done(long count, double seconds) {
    double rate() {
      return count / seconds;
    }
  }

  /**
   * Starts them.
   *
   * @param scratch where they warm up: in memory at best, since that only warms the processes
   * @param rounds of the warm-up
   */
  static Workers start(int count, Path scratch, int rounds) throws IOException {
    Workers started = new Workers();
    boolean complete = false;
    try {
      for (int i = 0; i < count; i++) {
        started.add(Files.createDirectory(scratch.resolve("worker-" + i)), rounds);
      }
      for (Worker worker : started.workers) {
        String line = worker.from().readLine();
        if (!"ready".equals(line)) {
          throw new IOException("a worker process says " + line);
        }
      }
      complete = true;
      return started;
    } finally {
      if (!complete) {
        started.close();
      }
    }
  }

  private void add(Path scratch, int rounds) throws IOException {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Xmx64m",
                "-cp",
                System.getProperty("java.class.path"),
                FileWorker.class.getName(),
                scratch.toString(),
                Integer.toString(rounds))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    workers.add(
        new Worker(
            process,
            new BufferedWriter(
                new OutputStreamWriter(process.getOutputStream(), StandardCharsets.UTF_8)),
            new BufferedReader(
                new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))));
  }

  /** Has one of them do something. */
  Done run(FileWork.Operation operation, Path path, int number) throws IOException {
    return run(operation, List.of(path), number);
  }

  /** Has as many work side by side as there are paths, each on its own. */
  Done run(FileWork.Operation operation, List<Path> paths, int number) throws IOException {
    for (int i = 0; i < paths.size(); i++) {
      BufferedWriter to = workers.get(i).to();
      to.write(operation + "\t" + number + "\t" + paths.get(i) + "\n");
      to.flush();
    }
    long count = 0;
    long begin = Long.MAX_VALUE;
    long end = Long.MIN_VALUE;
    String failure = "";
    for (int i = 0; i < paths.size(); i++) {
      String line = workers.get(i).from().readLine();
      if (line == null || !line.startsWith("done\t")) {
        failure = line == null ? "a worker process has ended" : line;
        continue;
      }
      List<String> words = Splitter.on('\t').splitToList(line);
      count += Long.parseLong(words.get(1));
      begin = Math.min(begin, Long.parseLong(words.get(2)));
      end = Math.max(end, Long.parseLong(words.get(3)));
    }
    if (!failure.isEmpty()) {
      throw new IOException(failure);
    }
    return new Done(count, (end - begin) / 1e9);
  }

  @Override
  public void close() {
    workers.forEach(worker -> worker.process().destroyForcibly());
  }
}
