package io.cairnfs.fuse.vfs;

/**
 * What stat(2) tells of a node.
 *
 * @param node number that the kernel knows it by
 * @param inode number that programs see
 * @param mode type and permission bits
 * @param blocks of 512 bytes
 * @param device what a device node stands for, as the kernel numbers it; 0 otherwise
 */
public record NodeAttributes(
    long node,
    long inode,
    int mode,
    int links,
    int uid,
    int gid,
    long size,
    long blocks,
    long accessedNanos,
    long modifiedNanos,
    long changedNanos,
    int device) {}
