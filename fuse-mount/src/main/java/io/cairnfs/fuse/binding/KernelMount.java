package io.cairnfs.fuse.binding;

import java.time.Duration;

/** A file system that the kernel shows at a place, until it is unmounted. Any thread. */
public interface KernelMount {
  /**
   * How the kernel is to mount it.
   *
   * @param source how it is shown in /proc/mounts
   * @param flags of mount(2)
   * @param allowOther whether other users may come in at all
   * @param threads that answer requests; libfuse 2 starts as many as it needs
   */
  record Options(String source, long flags, boolean allowOther, int threads, CacheTimes times) {}

  /** Waits until it has been unmounted. */
  void awaitEnd() throws InterruptedException;

  /**
   * @return whether it has been unmounted within that time
   */
  boolean awaitEnd(Duration patience) throws InterruptedException;

  /** Unmounts: at once if nobody uses it, else as soon as nobody does. */
  void unmount();
}
