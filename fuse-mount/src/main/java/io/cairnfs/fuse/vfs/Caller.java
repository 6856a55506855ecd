package io.cairnfs.fuse.vfs;

/**
 * The process that asks the kernel: its user and group for files, and the thread.
 *
 * @param pid 0 where the kernel asks on its own account
 */
public record Caller(int uid, int gid, int pid) {}
