/**
 * The answering end. {@link io.cairnfs.rpc.server.RpcServer} is its entry. A connection and all its
 * calls are owned by one event loop.
 */
package io.cairnfs.rpc.server;
