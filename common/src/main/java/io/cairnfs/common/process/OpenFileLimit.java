package io.cairnfs.common.process;

import java.lang.management.ManagementFactory;
import java.lang.management.OperatingSystemMXBean;

/** How many files this process may have open ({@code ulimit -n}). */
public final class OpenFileLimit {
  /** What a server should have at least. */
  public static final long WANTED = 4_096;

  private OpenFileLimit() {}

  /** A remark for the operator where the limit is too low; empty where it is not. */
  public static String remark() {
    OperatingSystemMXBean system = ManagementFactory.getOperatingSystemMXBean();
    if (system instanceof com.sun.management.UnixOperatingSystemMXBean unix
        && unix.getMaxFileDescriptorCount() < WANTED) {
      return "only "
          + unix.getMaxFileDescriptorCount()
          + " files may be open (ulimit -n); at least "
          + WANTED
          + " are wanted";
    }
    return "";
  }
}
