/**
 * What one member of a Raft group keeps on its disk besides checkpoints: the segmented log and the
 * state file (term, vote). Entry class: {@link io.cairnfs.raft.log.RaftStorage}. One thread calls
 * everything that writes; reads of the log may come from any thread. Knows no network, no clock and
 * no consensus: {@code append} and {@code force} are two calls, and the caller acknowledges nothing
 * before the second one has returned.
 *
 * <p>All numbers are big-endian. A directory holds:
 *
 * <table>
 * <caption>Files</caption>
 * <tr><td>{@code state}</td><td>identity, instance, term, vote, forced mark; replaced as a
 * whole</td></tr>
 * <tr><td>{@code state.tmp}</td><td>the next {@code state}; ignored at start</td></tr>
 * <tr><td>{@code log-N.segment}</td><td>records from index N on (20 digits)</td></tr>
 * <tr><td>{@code spare.segment}</td><td>zeros, allocated ahead: the next segment</td></tr>
 * <tr><td>{@code spare.tmp}</td><td>a spare being made; ignored at start</td></tr>
 * <tr><td>{@code reserve}</td><td>zeros; given up so that {@code state} can be written on a full
 * disk</td></tr>
 * </table>
 *
 * <table>
 * <caption>Segment header (padded with zeros to 4,096 bytes)</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code CRLS}</td></tr>
 * <tr><td>4</td><td>4</td><td>version, 1</td></tr>
 * <tr><td>8</td><td>4</td><td>CRC-32C of bytes [12, 48 + length of the group id)</td></tr>
 * <tr><td>12</td><td>4</td><td>length of the group id</td></tr>
 * <tr><td>16</td><td>8</td><td>index of the first record; all entries before it were forced</td></tr>
 * <tr><td>24</td><td>8</td><td>term of the entry before the first</td></tr>
 * <tr><td>32</td><td>8</td><td>salt: random, enters every record's CRC</td></tr>
 * <tr><td>40</td><td>8</td><td>length of the file in bytes</td></tr>
 * <tr><td>48</td><td></td><td>group id, UTF-8</td></tr>
 * </table>
 *
 * <table>
 * <caption>Record, from byte 4,096 on, each at a multiple of 8</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code CRLR}</td></tr>
 * <tr><td>4</td><td>4</td><td>CRC-32C of the segment's salt and bytes [8, 40 + length)</td></tr>
 * <tr><td>8</td><td>4</td><td>length of the payload</td></tr>
 * <tr><td>12</td><td>1</td><td>kind: a number of {@code EntryKind}, or 127 = mark</td></tr>
 * <tr><td>13</td><td>3</td><td>zeros</td></tr>
 * <tr><td>16</td><td>8</td><td>term</td></tr>
 * <tr><td>24</td><td>8</td><td>index; a mark repeats that of the entry before it</td></tr>
 * <tr><td>32</td><td>8</td><td>highest index known forced when this was written</td></tr>
 * <tr><td>40</td><td></td><td>payload, then zeros up to a multiple of 8</td></tr>
 * </table>
 *
 * <table>
 * <caption>State file</caption>
 * <tr><th>offset</th><th>bytes</th><th>what</th></tr>
 * <tr><td>0</td><td>4</td><td>magic {@code CRST}</td></tr>
 * <tr><td>4</td><td>4</td><td>version: 1 without an instance, 2 with one</td></tr>
 * <tr><td>8</td><td>4</td><td>CRC-32C of everything from byte 12 on</td></tr>
 * <tr><td>12</td><td>4</td><td>length of the file in bytes</td></tr>
 * <tr><td>16</td><td>8</td><td>term</td></tr>
 * <tr><td>24</td><td>8</td><td>forced mark: all entries up to this index were forced</td></tr>
 * <tr><td>32</td><td>4</td><td>unfinished step: 0 none, 1 cut behind an index, 2 reset to a base</td></tr>
 * <tr><td>36</td><td>8</td><td>index of that step</td></tr>
 * <tr><td>44</td><td>8</td><td>term of that step's base</td></tr>
 * <tr><td>52</td><td>2 + n</td><td>group id</td></tr>
 * <tr><td></td><td>2 + n</td><td>id of this member</td></tr>
 * <tr><td></td><td>2 + n</td><td>member voted for in the term; empty = none</td></tr>
 * <tr><td></td><td>8</td><td>version 2: which life of the directory this is; never 0</td></tr>
 * </table>
 *
 * <p><b>Torn or corrupt.</b> A power cut may leave any subset of the unforced sectors behind, so a
 * bad record followed by good ones is no proof of damage. The record that should hold index i is
 * bad: if a later valid record of the same segment, a later segment, or the state file says that i
 * was forced, it is damage ({@link io.cairnfs.common.error.CorruptionException}; the member must
 * stop and rejoin as a new one). Otherwise it is a torn tail: it is cut, the rest of the segment
 * zeroed and forced, and the member goes on. Rot of the newest record that nothing written later
 * vouches for cannot be told from a torn one; a mark record behind an idle log keeps that window
 * short. The salt keeps bytes that a user stored inside a payload from posing as a record.
 *
 * <p><b>After a failed force</b> the operating system may take what it could not write for written:
 * the process must end, but the next one reads those bytes as if they were on the disk, and no
 * later force writes them. So a start trusts only what is vouched for: the records of the last
 * segment behind the highest index that some record, or the state file, calls forced are written
 * once more and forced, a torn tail is zeroed as a cut is (a step in the state file, so that zeros
 * that were seen but never forced are written again), and the directory is forced.
 *
 * <p><b>Cutting a suffix</b> must not let old records speak again: the state file first says what
 * is being cut, then later segments are deleted from the last one down, the rest of the segment is
 * zeroed and forced, and the state file says that it is done. A crash between repeats the step.
 */
package io.cairnfs.raft.log;
