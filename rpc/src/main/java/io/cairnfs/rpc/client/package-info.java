/**
 * The calling end. {@link io.cairnfs.rpc.client.RpcClient} is its entry. A connection and all its
 * calls are owned by one event loop; futures complete there.
 */
package io.cairnfs.rpc.client;
