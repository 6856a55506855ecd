/**
 * The fall-back: the kernel is spoken to by libfuse 2, through jnr-fuse. {@link
 * io.cairnfs.fuse.binding.jnr.JnrMount} is the entry. libfuse's threads call {@link
 * io.cairnfs.fuse.binding.jnr.PathOperations}, one method for each of its operations; a path is
 * resolved to a node of the {@link io.cairnfs.fuse.vfs.Vfs} by {@link
 * io.cairnfs.fuse.binding.jnr.NodePaths}. jnr-fuse brings the library and its structures. Its own
 * callbacks have paths as text, which loses names that are not UTF-8: {@link
 * io.cairnfs.fuse.binding.jnr.OperationTable} fills libfuse's table with callbacks that get bytes.
 *
 * <p>What a library that goes by paths cannot carry stands in docs/semantics.md, call by call.
 */
package io.cairnfs.fuse.binding.jnr;
