package io.cairnfs.contract.linux;

import jnr.ffi.Pointer;
import jnr.ffi.annotations.Variadic;

/** What is called of the C library; names, arguments and results are its own. */
public interface CLibrary {
  @Variadic(fixedCount = 1)
  long syscall(long number, long first, long second, long third);

  @Variadic(fixedCount = 2)
  int open(String path, int flags, int mode);

  int close(int descriptor);

  int getuid();

  int getgid();

  long pread(int descriptor, byte[] target, long length, long position);

  long pwrite(int descriptor, byte[] source, long length, long position);

  long write(int descriptor, byte[] source, long length);

  int fchmod(int descriptor, int mode);

  int fchown(int descriptor, int user, int group);

  int futimens(int descriptor, long[] times);

  int ftruncate(int descriptor, long length);

  long lseek(int descriptor, long offset, int whence);

  int flock(int descriptor, int operation);

  @Variadic(fixedCount = 2)
  int fcntl(int descriptor, int command, byte[] argument);

  int truncate(String path, long length);

  int fsync(int descriptor);

  long read(int descriptor, byte[] target, long length);

  int statfs(String path, byte[] target);

  int renameat(int fromDirectory, String from, int toDirectory, String to);

  int linkat(int fromDirectory, String existing, int toDirectory, String link, int flags);

  int lsetxattr(String path, String name, byte[] value, long length, int flags);

  long lgetxattr(String path, String name, byte[] target, long length);

  long copy_file_range(
      int from, long[] fromOffset, int to, long[] toOffset, long length, int flags);

  int fallocate(int descriptor, int mode, long offset, long length);

  int statx(int directory, String path, int flags, int mask, byte[] target);

  int faccessat(int directory, String path, int mode, int flags);

  int mkdir(String path, int mode);

  /**
   * @param path with its NUL
   */
  int mknod(byte[] path, int mode, long device);

  int rmdir(String path);

  int unlink(String path);

  int renameat2(int fromDirectory, String from, int toDirectory, String to, int flags);

  int link(String existing, String link);

  int symlink(String target, String link);

  long readlink(String link, byte[] target, long length);

  int chmod(String path, int mode);

  int chown(String path, int user, int group);

  int lchown(String path, int user, int group);

  int utimensat(int directory, String path, long[] times, int flags);

  int setxattr(String path, String name, byte[] value, long length, int flags);

  int removexattr(String path, String name);

  long getxattr(String path, String name, byte[] target, long length);

  long listxattr(String path, byte[] target, long length);

  Pointer opendir(String path);

  Pointer readdir(Pointer directory);

  int closedir(Pointer directory);
}
