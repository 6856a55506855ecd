package io.cairnfs.fuse.vfs;

/** The caches of the kernel, which hold what was answered before. Any thread. */
public interface KernelCaches {
  /** Attributes and pages of a node are to be asked for again. */
  void forget(long node);

  /** Attributes of a node are to be asked for again. */
  void forgetAttributes(long node);
}
