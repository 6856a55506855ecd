/**
 * The kernel's FUSE protocol, spoken on /dev/fuse without any library between. {@link
 * io.cairnfs.fuse.binding.raw.FuseMount} is the entry: it opens the device, mounts, negotiates, and
 * runs threads each of which reads a request from its own clone of the device, has it done by the
 * {@link io.cairnfs.fuse.vfs.Vfs} and writes the reply. Only who waits for a lock waits on a thread
 * of its own.
 *
 * <p>All numbers are in the machine's byte order. A request:
 *
 * <pre>
 * length 4 | opcode 4 | unique 8 | node 8 | uid 4 | gid 4 | pid 4 | extensions 2 | 0 2 | arguments
 * </pre>
 *
 * <p>A reply; with an error nothing follows:
 *
 * <pre>
 * length 4 | negative errno or 0 4 | unique 8 | result
 * </pre>
 *
 * <p>A message to the kernel that nobody asked for has unique 0 and its own code instead of errno.
 * What a node looks like (88 bytes), and what a name was found to be (128 bytes):
 *
 * <pre>
 * attributes: inode 8 | size 8 | blocks 8 | atime 8 | mtime 8 | ctime 8 | their nanoseconds 4 4 4 |
 *             mode 4 | links 4 | uid 4 | gid 4 | device 4 | block size 4 | flags 4
 * entry:      node 8 | generation 8 | valid s 8 | attributes valid s 8 | both ns 4 4 | attributes 88
 * </pre>
 *
 * <p>The arguments of each request are read in {@link io.cairnfs.fuse.binding.raw.Dispatcher},
 * field by field. Source: the kernel's include/uapi/linux/fuse.h, protocol 7.38.
 */
package io.cairnfs.fuse.binding.raw;
