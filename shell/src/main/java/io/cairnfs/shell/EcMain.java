package io.cairnfs.shell;

import io.cairnfs.shell.policy.EcTool;

/** {@code cairn ec}: which erasure code the files of a directory have. */
public final class EcMain {
  private EcMain() {}

  public static void main(String[] arguments) {
    Runtime.getRuntime().halt(PolicyProgram.run("ec", arguments, EcTool::new));
  }
}
