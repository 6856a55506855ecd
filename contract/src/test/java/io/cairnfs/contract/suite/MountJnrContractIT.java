package io.cairnfs.contract.suite;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** The fall-back to libfuse 2 passes the contract, but for what a library of paths cannot carry. */
final class MountJnrContractIT extends TwoMountsContractTest {
  @RegisterExtension
  static final ExpectedFailures EXPECTED =
      new ExpectedFailures(
          Map.of(
              "renameCanReplaceNothingOrExchange",
              "the kernel does not pass flags of a rename to libfuse 2",
              "dataAndHolesAreFound",
              "the kernel does not ask libfuse 2 where holes are",
              "theMaskLimitsWhatAnAclGrants",
              "the kernel knows no ACLs of libfuse 2, and goes by the mode",
              "aDefaultAclIsInherited",
              "the kernel knows no ACLs of libfuse 2, and goes by the mode",
              "whatIsFlushedIsSeenByWhoHasTheFileOpenAlready",
              "the kernel drops pages of libfuse 2 at an open only"));

  @BeforeAll
  static void mount(@TempDir Path directory) throws Exception {
    mount(directory, "jnr");
  }
}
