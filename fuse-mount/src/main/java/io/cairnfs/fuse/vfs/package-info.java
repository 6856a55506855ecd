/**
 * POSIX over the client, as a kernel asks for it: nodes by inode number, open handles by number,
 * callers by uid. {@link io.cairnfs.fuse.vfs.Vfs} is the entry. Any thread; each call blocks until
 * it is done, on the caller's thread. Knows nothing of FUSE's messages and of native types: a
 * binding translates.
 */
package io.cairnfs.fuse.vfs;
