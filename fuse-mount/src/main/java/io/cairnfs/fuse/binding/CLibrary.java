package io.cairnfs.fuse.binding;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.Variadic;

/** What is called of the C library; names, arguments and results are its own. */
public interface CLibrary {
  @Variadic(fixedCount = 2)
  int open(String path, int flags, int mode);

  int close(int descriptor);

  long read(int descriptor, Pointer target, long length);

  long write(int descriptor, Pointer source, long length);

  @Variadic(fixedCount = 2)
  int ioctl(int descriptor, long request, int[] argument);

  int mount(String source, String target, String type, long flags, String data);

  int umount2(String target, int flags);

  int dup(int descriptor);

  int socketpair(int domain, int type, int protocol, int[] both);

  long recvmsg(int socket, Pointer message, int flags);

  int posix_spawn(
      int[] process,
      String path,
      Pointer actions,
      Pointer attributes,
      Pointer words,
      Pointer environment);

  @Variadic(fixedCount = 2)
  int fcntl(int descriptor, int command, int argument);

  int waitpid(int process, int[] status, int options);

  int getuid();

  int getgid();

  Pointer getpwuid(int uid);

  Pointer getpwnam(String name);

  Pointer getgrgid(int gid);

  Pointer getgrnam(String name);
}
