package io.cairnfs.dataserver.storage;

import static io.cairnfs.dataserver.storage.Replicas.append;
import static io.cairnfs.dataserver.storage.Replicas.bytes;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.ManualClock;
import java.io.IOException;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Small forced appends find room on the disk, and nobody pays for it who does not need it. */
class RoomAheadTest {
  private static final ChunkId CHUNK = ChunkId.of(0, 17, 1);
  private static final VolumeOptions UNBOUNDED = new VolumeOptions(0, 0);
  private static final int RECORD = 4096;
  private static final int RECORDS = 300;
  private static final int HEADERS = DataFileHeader.BYTES + ChecksumRecord.HEADER_BYTES;

  private final SimulatedDisk disk = new SimulatedDisk("v1");
  private final byte[] content = bytes(5, RECORDS * RECORD);

  private ReplicaStore open(long capacity) throws IOException {
    disk.limitCapacity(capacity);
    return Replicas.open(new ManualClock(0), UNBOUNDED, List.of(disk));
  }

  private void appendRecord(ReplicaWriter writer, int number, Durability durability)
      throws IOException {
    append(writer, content, number * RECORD, (number + 1) * RECORD, durability);
  }

  private long size(String name) throws IOException {
    try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
      return file.size();
    }
  }

  private long dataBytes() throws IOException {
    return size(ReplicaPath.openData(CHUNK));
  }

  private long recordBytes() throws IOException {
    return size(ReplicaPath.openLog(CHUNK));
  }

  private static long used(ReplicaStore store) {
    return store.volumes().get(0).usedBytes();
  }

  @Test
  void filesKeepTheirLengthsWhileSmallAppendsAreForced() throws IOException {
    try (ReplicaStore store = open(1L << 40)) {
      ReplicaWriter writer = store.create(CHUNK, 1, 1 << 30);
      TreeSet<Long> dataLengths = new TreeSet<>();
      TreeSet<Long> recordLengths = new TreeSet<>();
      for (int i = 0; i < RECORDS; i++) {
        appendRecord(writer, i, Durability.FORCED);
        if (i >= 2) {
          dataLengths.add(dataBytes());
          recordLengths.add(recordBytes());
        }
        assertThat(used(store)).isEqualTo(dataBytes() + recordBytes());
      }
      // 32 KiB, then as much as it holds: twice as long each time.
      assertThat(dataLengths).hasSize(6);
      assertThat(recordLengths).hasSize(1);
      writer.finish();
      long length = (long) RECORDS * RECORD;
      store.seal(CHUNK, length, 3, 1);
      assertThat(used(store)).isEqualTo(Volume.sealedBytes(length));
      assertThat(size(ReplicaPath.sealedData(new ReplicaPath.SealedName(CHUNK, length, 3))))
          .isEqualTo(DataFileHeader.BYTES + length);
    }
  }

  @Test
  void noRoomIsMadeForWhoForcesRarelyOrALot() throws IOException {
    try (ReplicaStore store = open(1L << 40)) {
      ReplicaWriter writer = store.create(CHUNK, 1, 1 << 30);
      appendRecord(writer, 0, Durability.FORCED);
      appendRecord(writer, 1, Durability.FORCED);
      for (int i = 2; i < 100; i++) {
        appendRecord(writer, i, Durability.WRITTEN);
      }
      append(writer, content, 100 * RECORD, 200 * RECORD, Durability.FORCED);
      assertThat(dataBytes()).isEqualTo(DataFileHeader.BYTES + 200 * RECORD);
      assertThat(recordBytes()).isEqualTo(ChecksumRecord.HEADER_BYTES + 200 * ChecksumRecord.BYTES);
    }
  }

  @Test
  void theDataFileNeverOutgrowsItsReplica() throws IOException {
    try (ReplicaStore store = open(1L << 40)) {
      ReplicaWriter writer = store.create(CHUNK, 1, 10 * RECORD);
      for (int i = 0; i < 10; i++) {
        appendRecord(writer, i, Durability.FORCED);
      }
      assertThat(dataBytes()).isEqualTo(DataFileHeader.BYTES + 10 * RECORD);
    }
  }

  @Test
  void aVolumeThatIsNearlyFullKeepsItsSpaceForBytes() throws IOException {
    try (ReplicaStore store = open(4 << 20)) {
      ReplicaWriter writer = store.create(CHUNK, 1, 1 << 30);
      for (int i = 0; i < 100; i++) {
        appendRecord(writer, i, Durability.FORCED);
      }
      assertThat(used(store)).isEqualTo(HEADERS + 100 * (RECORD + ChecksumRecord.BYTES));
    }
  }

  @Test
  void deletingGivesTheRoomBack() throws IOException {
    try (ReplicaStore store = open(1L << 40)) {
      ReplicaWriter writer = store.create(CHUNK, 1, 1 << 30);
      for (int i = 0; i < 5; i++) {
        appendRecord(writer, i, Durability.FORCED);
      }
      assertThat(used(store)).isGreaterThan(RoomAhead.MIN_DATA_BYTES);
      writer.finish();
      store.delete(CHUNK);
      assertThat(used(store)).isZero();
    }
  }
}
