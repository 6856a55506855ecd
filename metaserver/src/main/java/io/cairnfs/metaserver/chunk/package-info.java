/**
 * The bytes behind files: chunks, the extents that point at them, where they lie and what is
 * missing of them. Records, tables and the rules that join them, within one {@link
 * io.cairnfs.metaserver.namespace.Transaction}.
 *
 * <p>{@link io.cairnfs.metaserver.chunk.ChunkLifecycle} is the entry: it alone moves a chunk from
 * one state to the next, and keeps repair entries and garbage in step. {@link
 * io.cairnfs.metaserver.chunk.ChunkExtents} is the face towards operations on names, {@link
 * io.cairnfs.metaserver.chunk.SlotMembership} the one towards data servers that come and go.
 *
 * <p>Runs on the thread that applies the log (reads: on any view). Knows no clock, socket,
 * randomness or health: what is decided here must come out the same on every replica. All keys are
 * big-endian behind the view byte:
 *
 * <table>
 * <caption>Keys</caption>
 * <tr><th>table</th><th>key</th><th>value</th></tr>
 * <tr><td>CHUNK</td><td>chunk 8</td><td>{@link io.cairnfs.metaserver.chunk.ChunkRecord}</td></tr>
 * <tr><td>EXTENT</td><td>inode 8, end in the file 8</td>
 *     <td>{@link io.cairnfs.metaserver.chunk.ExtentRecord}</td></tr>
 * <tr><td>REFERENCE</td><td>chunk 8, offset in chunk 8, inode 8, offset in file 8</td>
 *     <td>version, length varint</td></tr>
 * <tr><td>OPEN_CHUNK</td><td>0, session 8, chunk 8</td><td>empty</td></tr>
 * <tr><td>OPEN_CHUNK</td><td>1, chunk 8 (so by slot)</td><td>empty</td></tr>
 * <tr><td>OPEN_CHUNK</td><td>2, chunk 8: SETTLING</td><td>empty</td></tr>
 * <tr><td>OPEN_CHUNK</td><td>3, inode 8, chunk 8</td><td>empty</td></tr>
 * <tr><td>REPAIR</td><td>0, chunk 8, server 4</td><td>version, since varint</td></tr>
 * <tr><td>REPAIR</td><td>1, server 4, chunk 8</td><td>the same</td></tr>
 * <tr><td>GARBAGE</td><td>0, log index 8, chunk 8: waits for the grace</td>
 *     <td>version, tick varint</td></tr>
 * <tr><td>GARBAGE</td><td>1, server 4, chunk 8: to be deleted there</td><td>empty</td></tr>
 * <tr><td>GARBAGE</td><td>2, chunk 8, server 4: the same</td><td>empty</td></tr>
 * <tr><td>GARBAGE</td><td>3, pool 2, slot 2, server 4: the server lets the slot go</td>
 *     <td>version, position varint, chunk handled last 8</td></tr>
 * <tr><td>CLUSTER</td><td>"server/", server 4</td>
 *     <td>{@link io.cairnfs.metaserver.chunk.ServerRecord}</td></tr>
 * <tr><td>CLUSTER</td><td>"server-nonce/", nonce</td><td>server 4</td></tr>
 * <tr><td>CLUSTER</td><td>"server-total/", server 4</td>
 *     <td>{@link io.cairnfs.metaserver.chunk.ServerTotals}</td></tr>
 * <tr><td>CLUSTER</td><td>"pool/", pool 2</td>
 *     <td>{@link io.cairnfs.metaserver.chunk.PoolRecord}</td></tr>
 * <tr><td>CLUSTER</td><td>"slot/", pool 2, slot 2</td>
 *     <td>{@link io.cairnfs.metaserver.chunk.SlotRecord}</td></tr>
 * <tr><td>CLUSTER</td><td>"digest/", pool 2, slot 2, replication 1</td>
 *     <td>version, sum 8, count varint</td></tr>
 * </table>
 */
package io.cairnfs.metaserver.chunk;
