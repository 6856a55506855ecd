package io.cairnfs.shell.admin;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Output;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine;

/** One word of {@code cairn admin}. Made for one run. */
abstract class AdminTask implements Callable<Integer> {
  static final ObjectMapper JSON = new ObjectMapper();

  private final Program program;
  private int exitCode = CommandLine.ExitCode.OK;

  AdminTask(Program program) {
    this.program = program;
  }

  final ClusterAdministration administration() throws IOException {
    return program.fileSystem().administration();
  }

  final Program program() {
    return program;
  }

  final Output out() {
    return program.out();
  }

  final void print(JsonNode node) {
    try {
      out().line(JSON.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values cannot fail to be written", e);
    }
  }

  @Override
  public final Integer call() throws IOException {
    run();
    return exitCode;
  }

  /** Ends the task, when it has run, with another code than 0. */
  final void setExitCode(int code) {
    exitCode = code;
  }

  abstract void run() throws IOException;
}
