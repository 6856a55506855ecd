package io.cairnfs.contract.suite;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Mounts of the usual kind pass the contract. */
final class MountContractIT extends TwoMountsContractTest {
  @BeforeAll
  static void mount(@TempDir Path directory) throws Exception {
    mount(directory, "raw");
  }
}
