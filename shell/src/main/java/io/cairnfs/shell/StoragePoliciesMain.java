package io.cairnfs.shell;

import io.cairnfs.shell.policy.StoragePoliciesTool;

/** {@code cairn storagepolicies}: on which class of volumes files lie. */
public final class StoragePoliciesMain {
  private StoragePoliciesMain() {}

  public static void main(String[] arguments) {
    Runtime.getRuntime()
        .halt(PolicyProgram.run("storagepolicies", arguments, StoragePoliciesTool::new));
  }
}
