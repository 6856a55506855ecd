/**
 * What a client asked of the metaservers and was answered, call by call, in a file: for a check of
 * linearizability afterwards. {@link io.cairnfs.client.history.HistoryRecorder} writes, {@link
 * io.cairnfs.client.history.HistoryFile} reads. Off unless asked for. An invocation is in the file
 * before it is sent, and both ends are written by one call each, so that a process that is killed
 * leaves at most a torn last record. Any thread; the recorder's monitor is held over the write.
 *
 * <p>All numbers are big-endian.
 *
 * <table>
 * <caption>Header</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code CRHI}</td></tr>
 * <tr><td>4</td><td>4</td><td>version, 1</td></tr>
 * <tr><td>8</td><td>4</td><td>CRC-32C of everything of the header from byte 12 on</td></tr>
 * <tr><td>12</td><td>4</td><td>length of what follows in the header</td></tr>
 * <tr><td>16</td><td>2 + n</td><td>user, UTF-8</td></tr>
 * <tr><td></td><td>2 + n</td><td>name of the client</td></tr>
 * <tr><td></td><td>2 + n</td><td>which monotonic clock the times are of: the machine's boot id; times
 * of different clocks are not compared</td></tr>
 * </table>
 *
 * <table>
 * <caption>Record</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>length of the record behind byte 8</td></tr>
 * <tr><td>4</td><td>4</td><td>CRC-32C of the record from byte 8 on</td></tr>
 * <tr><td>8</td><td>1</td><td>kind: 1 mutation sent, 2 read sent, 3 answered, 4 refused</td></tr>
 * <tr><td>9</td><td>8</td><td>number of the call in this file, from 1</td></tr>
 * <tr><td>17</td><td>8</td><td>monotonic time in nanoseconds</td></tr>
 * <tr><td>25</td><td></td><td>kind 1: session 8, call 8, an {@code Operation} message</td></tr>
 * <tr><td></td><td></td><td>kind 2: a {@code ReadRequest} message</td></tr>
 * <tr><td></td><td></td><td>kind 3: log index 8, an {@code OperationResult} or {@code ReadReply}
 * message</td></tr>
 * <tr><td></td><td></td><td>kind 4: log index 8 (0 = nothing says that it was logged or read), error
 * code 4, text UTF-8</td></tr>
 * </table>
 */
package io.cairnfs.client.history;
