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
  private final PairedForce force;
  private final ReplicaIndex sealed;
  private final Map<ChunkId, UnsealedReplica> unsealed;
  private final BadReplicas bad;

  VolumeScan(
      Volume volume,
      Clock clock,
      ScratchBuffers scratch,
      PairedForce force,
      ReplicaIndex sealed,
      Map<ChunkId, UnsealedReplica> unsealed,
      BadReplicas bad) {
    this.volume = volume;
    this.disk = volume.disk();
    this.clock = clock;
    this.scratch = scratch;
    this.force = force;
    this.sealed = sealed;
    this.unsealed = unsealed;
    this.bad = bad;
  }

  void run() throws IOException {
    for (String directory : new String[] {ReplicaPath.CHUNKS, ReplicaPath.BAD}) {
      if (!disk.isDirectory(directory)) {
        disk.createDirectories(directory);
      }
    }
    disk.forceDirectory("");
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
    volume.count(volume.quarantine().scan());
  }

  private void scanSlot(String directory) throws IOException {
    Set<ChunkId> open = new HashSet<>();
    Set<ChunkId> logs = new HashSet<>();
    Set<ChunkId> sums = new HashSet<>();
    Set<ChunkId> data = new HashSet<>();
    for (String name : disk.list(directory)) {
      if (ReplicaPath.isTemporary(name)) {
        disk.delete(directory + "/" + name);
        continue;
      }
      Optional<SealedName> replica = ReplicaPath.parseSealedData(name);
      if (replica.isPresent()) {
        data.add(replica.get().chunk());
        addSealed(replica.get());
      }
      ReplicaPath.parseData(name).ifPresent(open::add);
      ReplicaPath.parseLog(name).ifPresent(logs::add);
      ReplicaPath.parseSums(name).ifPresent(sums::add);
    }
    for (ChunkId chunk : data) {
      if (!sums.contains(chunk)) {
        sealed.remove(chunk).ifPresent(entry -> bad.add(entry, "its checksum file is missing"));
      }
    }
    for (ChunkId chunk : logs) {
      if (!open.contains(chunk)) {
        disk.delete(ReplicaPath.openLog(chunk));
      }
    }
    for (ChunkId chunk : open) {
      scanOpen(chunk, data.contains(chunk));
    }
    for (ChunkId chunk : sums) {
      // A seal or copy that was cut short leaves the checksums early. If it was the data that
      // vanished, the slot's sum tells.
      if (!data.contains(chunk) && !open.contains(chunk)) {
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
      var unused =
          volume
              .quarantine()
              .take(
                  name.chunk(), ReplicaPath.sealedData(name), ReplicaPath.sealedSums(name.chunk()));
      return;
    }
    sealed.put(name, volume.ordinal());
    volume.count(Volume.sealedBytes(name.length()));
  }

  /** A copy may have been published beside a replica that was never sealed. */
  private void scanOpen(ChunkId chunk, boolean isSealed) throws IOException {
    if (isSealed) {
      volume.deleteIfThere(ReplicaPath.openData(chunk));
      volume.deleteIfThere(ReplicaPath.openLog(chunk));
      return;
    }
    try {
      recover(chunk);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.WRONG_VERSION) {
        throw e;
      }
      LOG.error("{} volume={} into quarantine: {}", chunk, volume.volumeId(), e.getMessage());
      var unused =
          volume.quarantine().take(chunk, ReplicaPath.openData(chunk), ReplicaPath.openLog(chunk));
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
        volume.deleteIfThere(ReplicaPath.openLog(chunk));
        return;
      }
      String dataName = disk.describe(ReplicaPath.openData(chunk));
      DataFileHeader header = DataFileHeader.decode(head, dataName);
      FileHeaders.requireChunk(chunk, header.chunk(), dataName);
      sums = openLog(chunk);
      unsealed.put(
          chunk, UnsealedReplica.recover(header, volume, clock, scratch, force, data, sums));
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
  private DiskFile openLog(ChunkId chunk) throws IOException {
    String name = ReplicaPath.openLog(chunk);
    if (disk.exists(name)) {
      return disk.open(name, Disk.OpenMode.WRITE);
    }
    DiskFile sums = disk.open(name, Disk.OpenMode.CREATE);
    sums.write(ChecksumRecord.encodeHeader(chunk), 0);
    return sums;
  }
}
