package io.cairnfs.shell;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.shell.admin.AdminCommand;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Output;
import java.io.FileDescriptor;
import java.io.FileOutputStream;

/** {@code cairn admin}: what operators ask of a running cluster. */
public final class AdminMain {
  private AdminMain() {}

  public static void main(String[] arguments) {
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    Output err = new Output(new FileOutputStream(FileDescriptor.err));
    int code =
        Program.run(
            "admin",
            RawArguments.of(arguments),
            Surroundings.ofProcess(),
            CairnFileSystem::connect,
            out,
            err,
            AdminCommand::run);
    Runtime.getRuntime().halt(code);
  }
}
