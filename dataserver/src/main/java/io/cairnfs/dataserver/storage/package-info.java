/**
 * Volumes and chunk replicas on them. Entry: {@link io.cairnfs.dataserver.storage.ReplicaStore}.
 * Knows nothing of sockets, of metaservers or of other members. Every method may block on the disk;
 * any thread may call, but never an event loop, and never a thread that is interrupted (an
 * interrupt closes a {@code FileChannel}).
 *
 * <p>A volume:
 *
 * <pre>
 * VOLUME                            identity of the volume (text, see {@link VolumeIdentity})
 * LOCK                              locked by the process that uses the volume
 * chunks/PPP/SSSS/                  one directory a slot: pool and slot in hexadecimal
 *   CHUNK.data, CHUNK.log           a replica that is not SEALED, and its checksum file
 *   CHUNK.LENGTH.R.data             a SEALED replica: length in hexadecimal, R = replication
 *   CHUNK.sums                      its checksum file
 *   CHUNK.sums.new, CHUNK.copy      a seal or a copy at work; deleted at start
 * bad/CHUNK                         empty marker: the SEALED replica was found bad
 * quarantine/CHUNK.SINCE.data, .sums  bad replicas that were replaced, kept for inspection
 * </pre>
 *
 * <p>All numbers are big-endian. A data file:
 *
 * <pre>
 * offset size
 *      0    8  magic "CAIRNDAT"
 *      8    4  version, 1
 *     12    8  chunk id
 *     20    4  epoch at creation
 *     24    8  maximum length
 *     32    4  CRC-32C of the 32 bytes above
 *     36       zeros up to 4096
 *   4096       the chunk's bytes
 * </pre>
 *
 * <p>The checksum file of a replica that is not SEALED: a header and records that are only ever
 * appended. While a replica is OPEN nothing in either file is overwritten.
 *
 * <pre>
 *      0    8  magic "CAIRNLOG"
 *      8    4  version, 1
 *     12    8  chunk id
 *     20    4  CRC-32C of the 20 bytes above
 *     24    8  zeros
 *     32       records of 16 bytes:
 *      0    2  kind: 1 = cell, 2 = epoch
 *      2    2  cell: covered bytes of the cell, 1 to 4096
 *      4    4  cell: index of the 4 KiB cell; epoch: the epoch
 *      8    4  cell: CRC-32C of the cell's first covered bytes
 *     12    4  CRC-32C of the 12 bytes above
 * </pre>
 *
 * Both files may go on in zeros: room that small forced appends find on the disk ({@link
 * io.cairnfs.dataserver.storage.RoomAhead}). No record vouches for them, and sealing cuts them off.
 *
 * <p>A partial cell that grows gets another record. After a crash the longest record of a cell
 * whose bytes verify counts, and the replica ends where the first cell is not whole.
 *
 * <p>The checksum file of a SEALED replica:
 *
 * <pre>
 *      0    8  magic "CAIRNSUM"
 *      8    4  version, 1
 *     12    8  chunk id
 *     20    4  epoch
 *     24    8  sealed length
 *     32    4  CRC-32C of the 32 bytes above
 *     36   28  zeros
 *     64    4  CRC-32C of each cell, in order; the last cell may be short
 * </pre>
 *
 * <p>Sealing, in this order: cut the data file to the sealed length, force it; write the new
 * checksum file beside its place, force it, rename it; rename the data file, force the directory
 * (file systems keep the order of two renames in one directory; one that did not would leave a data
 * file without checksums, which is noticed at start); delete the old checksum file. A data file
 * whose name carries a length is therefore SEALED and whole, and a start needs to look into the
 * others only. All names of a replica are in one directory, since a rename between two is not one
 * change on every file system.
 */
package io.cairnfs.dataserver.storage;
