package io.cairnfs.fuse.binding.jnr;

import jnr.ffi.Pointer;

/**
 * libfuse's {@code struct fuse_file_info}, at the places where it has its fields on machines of 64
 * bits; jnr-fuse's own has none for the bits.
 *
 * <pre>
 * flags 4 | 0 4 | unused 8 | from cache 4 | bits 4: direct I/O 1, keep cache 2 | handle 8 | lock owner 8
 * </pre>
 */
record OpenFile(Pointer memory) {
  private static final int FLAGS = 0;
  private static final int FROM_CACHE = 16;
  private static final int BITS = 20;
  private static final int HANDLE = 24;
  private static final int LOCK_OWNER = 32;
  private static final int DIRECT_IO = 1;

  int flags() {
    return memory.getInt(FLAGS);
  }

  /** The kernel writes pages back. */
  boolean fromCache() {
    return memory.getInt(FROM_CACHE) != 0;
  }

  long handle() {
    return memory.getLongLong(HANDLE);
  }

  long lockOwner() {
    return memory.getLongLong(LOCK_OWNER);
  }

  void opened(long handle) {
    memory.putLongLong(HANDLE, handle);
  }

  /** Reads and writes are not to go through the kernel's cache. */
  void direct() {
    memory.putInt(BITS, memory.getInt(BITS) | DIRECT_IO);
  }
}
