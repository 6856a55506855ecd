/**
 * Remote calls between Cairn's processes. {@link io.cairnfs.rpc.frame} knows the bytes, {@link
 * io.cairnfs.rpc.transport} the event loops, {@link io.cairnfs.rpc.server} and {@link
 * io.cairnfs.rpc.client} the two ends; neither end knows the other.
 */
package io.cairnfs.rpc;
