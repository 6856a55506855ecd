package io.cairnfs.dataserver.storage;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at a volume when its server starts: at the names of SEALED replicas, and at names and
 * contents of the others. Cleans up what interrupted operations left.
 */
final class VolumeScan {
  private static final Logger LOG = LoggerFactory.getLogger(VolumeScan.class);

  private final Volume volume;
  private final Disk disk;
  private final Clock clock;
  private final ScratchBuffers scratch;
  private final ReplicaIndex sealed;
  private final Map<ChunkId, UnsealedReplica> unsealed;
  private final BadReplicas bad;

  VolumeScan(
      Volume volume,
      Clock clock,
      ScratchBuffers scratch,
      ReplicaIndex sealed,
      Map<ChunkId, UnsealedReplica> unsealed,
      BadReplicas bad) {
    this.volume = volume;
    this.disk = volume.disk();
    this.clock = clock;
    this.scratch = scratch;
    this.sealed = sealed;
    this.unsealed = unsealed;
    this.bad = bad;
  }

  void run() throws IOException {
    for (String directory :
        new String[] {ReplicaPath.OPEN, ReplicaPath.COPY, ReplicaPath.CHUNKS, ReplicaPath.BAD}) {
      if (!disk.isDirectory(directory)) {
        disk.createDirectories(directory);
      }
    }
    disk.forceDirectory("");
    for (String name : disk.list(ReplicaPath.COPY)) {
      disk.delete(ReplicaPath.COPY + "/" + name);
    }
    for (String pool : disk.list(ReplicaPath.CHUNKS)) {
      for (String slot : disk.list(ReplicaPath.CHUNKS + "/" + pool)) {
        scanSlot(ReplicaPath.CHUNKS + "/" + pool + "/" + slot);
      }
    }
    for (String name : disk.list(ReplicaPath.BAD)) {
      ReplicaPath.parseChunk(name)
          .flatMap(sealed::remove)
          .ifPresent(entry -> bad.add(entry, "known to be bad"));
    }
    scanOpen();
  }

  private void scanSlot(String directory) throws IOException {
    Set<ChunkId> sums = new HashSet<>();
    Set<ChunkId> data = new HashSet<>();
    for (String name : disk.list(directory)) {
      Optional<SealedName> replica = ReplicaPath.parseSealedData(name);
      if (replica.isPresent()) {
        data.add(replica.get().chunk());
        addSealed(replica.get());
      } else if (name.endsWith(".new")) {
        disk.delete(directory + "/" + name);
      } else {
        ReplicaPath.parseSums(name).ifPresent(sums::add);
      }
    }
    for (ChunkId chunk : data) {
      if (!sums.contains(chunk)) {
        sealed.remove(chunk).ifPresent(entry -> bad.add(entry, "its checksum file is missing"));
      }
    }
    for (ChunkId chunk : sums) {
      // A seal that was cut short leaves the checksums early; then the data is among the open ones.
      if (!data.contains(chunk) && !disk.exists(ReplicaPath.openData(chunk))) {
        bad.addMissing(chunk, "its data file is missing");
        disk.delete(ReplicaPath.sealedSums(chunk));
      }
    }
  }

  private void addSealed(SealedName name) throws IOException {
    if (sealed.find(name.chunk()).isPresent()) {
      LOG.error(
          "{} volume={} is a second replica on this server: into quarantine",
          name.chunk(),
          volume.volumeId());
      volume.quarantine(
          name.chunk(), ReplicaPath.sealedData(name), ReplicaPath.sealedSums(name.chunk()));
      return;
    }
    sealed.put(name, volume.ordinal());
    volume.count(Volume.sealedBytes(name.length()));
  }

  private void scanOpen() throws IOException {
    for (String name : disk.list(ReplicaPath.OPEN)) {
      Optional<ChunkId> data = ReplicaPath.parseData(name);
      if (data.isPresent()) {
        scanOpen(data.get());
        continue;
      }
      Optional<ChunkId> sums = ReplicaPath.parseSums(name);
      if (sums.isPresent() && !disk.exists(ReplicaPath.openData(sums.get()))) {
        disk.delete(ReplicaPath.openSums(sums.get()));
      }
    }
  }

  private void scanOpen(ChunkId chunk) throws IOException {
    if (sealed.find(chunk).isPresent() || bad.entry(chunk).isPresent()) {
      volume.deleteIfThere(ReplicaPath.openData(chunk));
      volume.deleteIfThere(ReplicaPath.openSums(chunk));
      return;
    }
    try {
      recover(chunk);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.WRONG_VERSION) {
        throw e;
      }
      LOG.error("{} volume={} into quarantine: {}", chunk, volume.volumeId(), e.getMessage());
      volume.quarantine(chunk, ReplicaPath.openData(chunk), ReplicaPath.openSums(chunk));
      bad.addMissing(chunk, e.getMessage());
    }
  }

  private void recover(ChunkId chunk) throws IOException {
    DiskFile data = disk.open(ReplicaPath.openData(chunk), Disk.OpenMode.WRITE);
    DiskFile sums = null;
    boolean kept = false;
    try {
      ByteBuffer head = ByteBuffer.allocate(DataFileHeader.BYTES);
      int bytes = data.read(head, 0);
      head.flip();
      if (bytes < DataFileHeader.BYTES || DataFileHeader.isUnwritten(head)) {
        LOG.info("{} volume={} was never forced: deleted", chunk, volume.volumeId());
        disk.delete(ReplicaPath.openData(chunk));
        volume.deleteIfThere(ReplicaPath.openSums(chunk));
        return;
      }
      String dataName = disk.describe(ReplicaPath.openData(chunk));
      DataFileHeader header = DataFileHeader.decode(head, dataName);
      FileHeaders.requireChunk(chunk, header.chunk(), dataName);
      sums = openSums(chunk);
      unsealed.put(chunk, UnsealedReplica.recover(header, volume, clock, scratch, data, sums));
      kept = true;
    } finally {
      if (!kept) {
        data.close();
        if (sums != null) {
          sums.close();
        }
      }
    }
  }

  /** The checksum file, or an empty one in place of one that never reached the disk. */
  private DiskFile openSums(ChunkId chunk) throws IOException {
    String name = ReplicaPath.openSums(chunk);
    if (disk.exists(name)) {
      return disk.open(name, Disk.OpenMode.WRITE);
    }
    DiskFile sums = disk.open(name, Disk.OpenMode.CREATE);
    sums.write(ChecksumRecord.encodeHeader(chunk), 0);
    return sums;
  }
}
