package io.cairnfs.contract.suite;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.io.TempDir;

/** The machine's own file system refuses as the pages say. */
final class LinuxSystemCallTest extends SystemCallContractTest {
  @TempDir private static Path directory;

  @Override
  protected Path directory() throws Exception {
    return Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
  }
}
