package io.cairnfs.common.process;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;

/** The version of this build. */
public final class CairnVersion {
  private CairnVersion() {}

  /** Such as {@code 0.1.0}. */
  public static String text() {
    try (InputStream in = CairnVersion.class.getResourceAsStream("/io/cairnfs/version.txt")) {
      if (in == null) {
        throw new IllegalStateException("version.txt is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
