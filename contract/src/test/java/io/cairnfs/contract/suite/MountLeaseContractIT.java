package io.cairnfs.contract.suite;

import java.nio.file.Path;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;

/** Mounts that defer changes of leased directories pass the contract. */
final class MountLeaseContractIT extends TwoMountsContractTest {
  @BeforeAll
  static void mount(@TempDir Path directory) throws Exception {
    mount(directory, "raw,dir_lease");
  }
}
