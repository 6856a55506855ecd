/**
 * The bytes on a connection, the same for metadata calls, Raft and chunk streams.
 *
 * <pre>
 * offset  size  field
 *      0     4  length of what follows, big-endian: 4 + header + payload
 *      4     1  kind: 1 handshake request, 2 handshake reply, 3 request, 4 response,
 *               5 stream data, 6 stream acknowledgement, 7 cancel
 *      5     3  header length, big-endian
 *      8     h  header: a message of frame.proto
 *    8+h     p  raw payload, to the end of the frame; only with kinds 3, 4 and 5
 * </pre>
 *
 * <p>Every length is checked against {@link io.cairnfs.rpc.frame.FrameLimits} before anything is
 * allocated for it. {@link io.cairnfs.rpc.frame.FrameConnection} is the entry; the event loop of
 * the connection owns all state.
 */
package io.cairnfs.rpc.frame;
