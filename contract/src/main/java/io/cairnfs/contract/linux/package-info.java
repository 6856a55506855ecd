/**
 * The machine's own file system as a face, by system calls: what the Java library has no words for,
 * and each user's rights. {@link io.cairnfs.contract.linux.LinuxFace} is the entry; every face has
 * a thread of its own, whose identity is the user's.
 */
package io.cairnfs.contract.linux;
