package io.cairnfs.localcluster.volume;

import java.io.IOException;
import java.nio.file.Path;
import jnr.ffi.LibraryLoader;
import jnr.ffi.Runtime;
import jnr.ffi.annotations.Variadic;

/** The ioctl by which ext4 stops at once, as if its disk had lost power. */
final class Ext4Shutdown {
  /** {@code EXT4_IOC_SHUTDOWN}: {@code _IOR('X', 125, __u32)}. */
  private static final long REQUEST = 0x8004587DL;

  /** {@code EXT4_GOING_FLAGS_NOLOGFLUSH}: what is not in the journal yet is lost. */
  private static final int WITHOUT_FLUSHING_THE_LOG = 2;

  private static final int READ_ONLY = 0;

  private Ext4Shutdown() {}

  /** The C library. */
  public interface CLibrary {
    @Variadic(fixedCount = 2)
    int open(String path, int flags);

    @Variadic(fixedCount = 2)
    int ioctl(int descriptor, long request, int[] argument);

    int close(int descriptor);
  }

  /**
   * From here on the file system writes nothing any more and refuses every access.
   *
   * @param mounted a directory in it
   */
  static void cut(Path mounted) throws IOException {
    CLibrary library = LibraryLoader.create(CLibrary.class).load("c");
    int descriptor = library.open(mounted.toString(), READ_ONLY);
    if (descriptor < 0) {
      throw failure("opening " + mounted, library);
    }
    int result = library.ioctl(descriptor, REQUEST, new int[] {WITHOUT_FLUSHING_THE_LOG});
    IOException failed = result == 0 ? null : failure("shutting down " + mounted, library);
    if (library.close(descriptor) != 0 && failed == null) {
      failed = failure("closing " + mounted, library);
    }
    if (failed != null) {
      throw failed;
    }
  }

  private static IOException failure(String what, CLibrary library) {
    return new IOException(what + " failed: errno " + Runtime.getRuntime(library).getLastError());
  }
}
