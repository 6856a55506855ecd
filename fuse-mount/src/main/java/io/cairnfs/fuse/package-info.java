/**
 * The FUSE mount: the commands {@code cairn mount} and {@code cairn umount}, and the wiring of one
 * mount. {@link io.cairnfs.fuse.MountMain} is the entry.
 */
package io.cairnfs.fuse;
