package io.cairnfs.shell;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.cluster.Surroundings;
import io.cairnfs.shell.check.FsckCommand;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.Output;
import java.io.FileDescriptor;
import java.io.FileOutputStream;

/** {@code cairn fsck}: checks files and replicas. */
public final class FsckMain {
  private FsckMain() {}

  public static void main(String[] arguments) {
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    Output err = new Output(new FileOutputStream(FileDescriptor.err));
    int code =
        Program.run(
            "fsck",
            RawArguments.of(arguments),
            Surroundings.ofProcess(),
            CairnFileSystem::connect,
            out,
            err,
            (program, words) -> new FsckCommand(program::fileSystem, out, err).run(words));
    Runtime.getRuntime().halt(code);
  }
}
