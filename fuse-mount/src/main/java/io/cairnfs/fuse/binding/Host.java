package io.cairnfs.fuse.binding;

import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.vfs.Identities;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;

/** This machine, as its C library tells of it. Any thread. */
public final class Host {
  public static final CLibrary LIBRARY = LibraryLoader.create(CLibrary.class).load("c");
  public static final Runtime RUNTIME = Runtime.getRuntime(LIBRARY);

  private Host() {}

  /** Users and groups of this machine. */
  public static Identities identities(Clock clock) {
    return new HostIdentities(LIBRARY, clock);
  }

  /** Who runs this process. */
  public static int uid() {
    return LIBRARY.getuid();
  }

  /** The group of this process. */
  public static int gid() {
    return LIBRARY.getgid();
  }

  /** The errno of this thread's last call. */
  public static int errno() {
    return RUNTIME.getLastError();
  }
}
