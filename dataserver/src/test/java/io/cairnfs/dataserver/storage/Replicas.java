package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.time.Clock;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/** Stores on given disks, packets with checksums, and reads that verify. */
final class Replicas {
  static final String CLUSTER = "cluster-1";
  static final ServerId SERVER = new ServerId(7);

  private Replicas() {}

  /** A store whose volumes belong to a registered server; formats empty disks. */
  static ReplicaStore open(Clock clock, VolumeOptions options, List<? extends Disk> disks)
      throws IOException {
    return open(clock, disks.stream().map(disk -> source(disk, options)).toList());
  }

  static VolumeSource source(Disk disk, VolumeOptions options) {
    return new VolumeSource(disk, options, () -> {});
  }

  static ReplicaStore open(Clock clock, List<VolumeSource> sources) throws IOException {
    ServerIdentity identity = ServerIdentity.fresh(new Random(1)).withServer(SERVER, CLUSTER);
    VolumeSet set = VolumeSet.open(sources, identity, new Random(sources.size()), clock);
    set.mark(set.identity());
    return ReplicaStore.open(set, clock);
  }

  static byte[] bytes(long seed, int length) {
    byte[] bytes = new byte[length];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** The bytes of {@code content} in [from, to) as a packet at offset {@code from}. */
  static ReplicaPacket packet(byte[] content, int from, int to) {
    ByteBuffer sums = ByteBuffer.allocate(4 * Cells.pieces(from, to - from));
    for (int at = from; at < to; ) {
      int end = Math.min(to, (at / Cells.SIZE + 1) * Cells.SIZE);
      sums.putInt(Crc32c.of(content, at, end - at));
      at = end;
    }
    return new ReplicaPacket(
        from, List.of(ByteBuffer.wrap(content, from, to - from).slice()), sums.flip());
  }

  /** Appends and acknowledges. */
  static void append(ReplicaWriter writer, byte[] content, int from, int to, Durability durability)
      throws CairnException {
    writer.append(List.of(packet(content, from, to)), durability);
    writer.acknowledge(to);
  }

  /** Bytes of an answered range, after every checksum was compared. */
  static byte[] verified(ReplicaRead read) throws IOException {
    try (read) {
      ByteBuffer bytes = ByteBuffer.allocate(read.length());
      read.read(bytes, 0);
      int[] sums = read.checksums();
      if (sums.length != Cells.count(read.length())) {
        throw new AssertionError(sums.length + " checksums for " + read.length() + " bytes");
      }
      for (int i = 0; i < sums.length; i++) {
        int from = i * Cells.SIZE;
        int to = Math.min(read.length(), from + Cells.SIZE);
        if (Crc32c.of(bytes.array(), from, to - from) != sums[i]) {
          throw new AssertionError("checksum of cell " + i + " of the answer differs");
        }
      }
      return bytes.array();
    }
  }

  static byte[] range(byte[] content, int from, int to) {
    return Arrays.copyOfRange(content, from, to);
  }
}
