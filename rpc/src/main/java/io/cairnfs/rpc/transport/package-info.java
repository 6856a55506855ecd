/** Event loops that a process shares among its servers and clients. */
package io.cairnfs.rpc.transport;
