package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class LogTailTest {
  @TempDir Path directory;
  private final BlockingQueue<String> printed = new LinkedBlockingQueue<>();

  @Test
  void printsALogToItsEnd() throws Exception {
    Path log = Files.writeString(directory.resolve("m1.log"), "one\nzw\u00f6lf\n");
    new LogTail(log, printed::add).run(LogTail.End.AT_END);
    assertThat(printed).containsExactly("one\nzw\u00f6lf\n");
  }

  @Test
  void followsThroughARotation() throws Exception {
    Path log = Files.writeString(directory.resolve("m1.log"), "one\n");
    LogTail tail = new LogTail(log, printed::add);
    Thread follower =
        new Thread(
            () -> {
              try {
                tail.run(LogTail.End.NEVER);
              } catch (InterruptedException e) {
                printed.add("ended");
              } catch (java.io.IOException e) {
                printed.add(e.toString());
              }
            });
    follower.start();
    assertThat(next()).isEqualTo("one\n");
    Files.writeString(log, "two\n", StandardOpenOption.APPEND);
    assertThat(next()).isEqualTo("two\n");
    Files.move(log, directory.resolve("m1.log.1"));
    Files.writeString(log, "three\n");
    assertThat(next()).isEqualTo("three\n");
    follower.interrupt();
    assertThat(next()).isEqualTo("ended");
    follower.join();
  }

  private String next() throws InterruptedException {
    return printed.poll(20, TimeUnit.SECONDS);
  }
}
