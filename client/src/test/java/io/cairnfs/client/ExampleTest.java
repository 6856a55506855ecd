package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.common.checksum.Crc32c;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The example of the documentation compiles and does what it says. */
class ExampleTest {
  @Test
  void helloCairnRuns(@TempDir Path classes) throws Exception {
    Path source = Path.of("..", "docs", "examples", "HelloCairn.java").toAbsolutePath();
    int compiled =
        ToolProvider.getSystemJavaCompiler()
            .run(
                null,
                null,
                null,
                "-Xlint:all",
                "-Werror",
                "-proc:none",
                "-cp",
                System.getProperty("java.class.path"),
                "-d",
                classes.toString(),
                source.toString());
    assertThat(compiled).isZero();
    ByteArrayOutputStream printed = new ByteArrayOutputStream();
    PrintStream standardOut = System.out;
    try (FakeCluster cluster = new FakeCluster(1, 3);
        URLClassLoader loader =
            new URLClassLoader(
                new URL[] {classes.toUri().toURL()}, ExampleTest.class.getClassLoader())) {
      System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
      loader
          .loadClass("HelloCairn")
          .getMethod("main", String[].class)
          .invoke(null, (Object) new String[] {cluster.addresses().get(0).toString()});
    } finally {
      System.setOut(standardOut);
    }
    StringBuilder log = new StringBuilder();
    for (int line = 1; line <= 1000; line++) {
      log.append("line ").append(line).append('\n');
    }
    byte[] bytes = log.toString().getBytes(StandardCharsets.UTF_8);
    assertThat(printed.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "14 /tmp/hello/greeting\n"
                + bytes.length
                + " /tmp/hello/log\nHello, Cairn!\nline 1000\n"
                + String.format("%08x", Crc32c.of(bytes, 0, bytes.length))
                + "\n");
  }
}
