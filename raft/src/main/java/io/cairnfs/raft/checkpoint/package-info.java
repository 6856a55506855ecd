/**
 * Completed checkpoints of the state machine on disk, and the way of one from member to member.
 * {@link io.cairnfs.raft.checkpoint.CheckpointStore} is the entry. One thread calls what writes;
 * parts may be read by any thread. Knows neither network nor consensus.
 *
 * <p>The store's directory holds:
 *
 * <table>
 * <caption>Files</caption>
 * <tr><td>{@code current}</td><td>pointer to the newest completed checkpoint, replaced as a
 * whole</td></tr>
 * <tr><td>{@code checkpoint-INDEX-TERM/}</td><td>a completed checkpoint: the state machine's files
 * and {@code cairn-manifest}</td></tr>
 * <tr><td>{@code making/}</td><td>a checkpoint being made; deleted at start</td></tr>
 * <tr><td>{@code incoming-INDEX-TERM-SENDER/}</td><td>a checkpoint being received; continued if the same
 * one is offered again, deleted otherwise</td></tr>
 * </table>
 *
 * <table>
 * <caption>{@code current} and {@code cairn-manifest} (big-endian)</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>magic: {@code CRCP} (current), {@code CRCM} (manifest)</td></tr>
 * <tr><td>4</td><td>4</td><td>version, 1</td></tr>
 * <tr><td>8</td><td>4</td><td>CRC-32C of everything from byte 12 on</td></tr>
 * <tr><td>12</td><td>4</td><td>length of the message</td></tr>
 * <tr><td>16</td><td></td><td>a {@code CheckpointPointer} or {@code CheckpointManifest}
 * message</td></tr>
 * </table>
 *
 * <p>A checkpoint directory gets its final name only when all its files and its manifest are
 * forced; the pointer is switched after that name is durable, and the log is cut or reset only
 * after the pointer is. So whatever the moment of a crash, pointer, checkpoint and log fit.
 */
package io.cairnfs.raft.checkpoint;
