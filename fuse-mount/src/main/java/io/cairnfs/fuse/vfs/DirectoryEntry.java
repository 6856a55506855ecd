package io.cairnfs.fuse.vfs;

import java.util.Optional;

/**
 * One name of a directory.
 *
 * @param inode as programs see it
 * @param type of the mode's bits
 * @param attributes none for {@code .} and {@code ..}
 * @param cookie where the listing goes on behind it
 */
@SuppressWarnings("ArrayRecordComponent") // never compared
public record DirectoryEntry(
    byte[] name, long inode, int type, Optional<NodeAttributes> attributes, long cookie) {}
