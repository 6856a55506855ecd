package io.cairnfs.dataserver.storage;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/**
 * A SEALED replica being copied from another server, from start to end. It appears under its name
 * only when it is whole, verified and durable. One thread.
 */
public final class ReplicaCopy implements Closeable {
  /** Takes a disk some tens of milliseconds. */
  private static final int FORCE_BYTES = 8 << 20;

  private final ReplicaStore store;

  private final SealedName name;
  private final int epoch;
  private final Volume volume;
  private final DiskFile data;
  private final int[] cells;
  private final long claimed;
  private long length;
  private long forcedLength;
  private boolean finished;
  private boolean closed;

  private ReplicaCopy(
      ReplicaStore store, SealedName name, int epoch, Volume volume, DiskFile data, long claimed) {
    this.store = store;
    this.name = name;
    this.epoch = epoch;
    this.volume = volume;
    this.data = data;
    this.cells = new int[Cells.count(name.length())];
    this.claimed = claimed;
  }

  static ReplicaCopy begin(ReplicaStore store, SealedName name, int epoch, Volume volume)
      throws CairnException {
    long bytes = Volume.sealedBytes(name.length());
    volume.claim(bytes);
    String dataName = ReplicaPath.copyData(name.chunk());
    DiskFile data = null;
    try {
      volume.createSlotDirectory(name.chunk());
      volume.deleteIfThere(dataName);
      data = volume.disk().open(dataName, Disk.OpenMode.CREATE);
      data.write(new DataFileHeader(name.chunk(), epoch, name.length()).encode(), 0);
      return new ReplicaCopy(store, name, epoch, volume, data, bytes);
    } catch (IOException e) {
      volume.count(-bytes);
      CairnException refusal = volume.creationRefusal("creating " + dataName, e);
      try {
        if (data != null) {
          data.close();
        }
      } catch (IOException again) {
        refusal.addSuppressed(again);
      }
      throw refusal;
    }
  }

  /** Bytes taken so far; the next ones start there. */
  public long length() {
    return length;
  }

  public boolean isComplete() {
    return length == name.length();
  }

  /**
   * Takes the next bytes, whole cells but for the last of the chunk, with their checksums.
   *
   * @throws CairnException CHUNK_CORRUPT when they do not verify: the source is no good
   */
  public void append(ByteBuffer bytes, int[] checksums) throws CairnException {
    int count = bytes.remaining();
    if (length % Cells.SIZE != 0 || count > name.length() - length) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          name.chunk() + " copy at " + length + " got " + count + " bytes of " + name.length());
    }
    if (checksums.length != Cells.count(count)) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          name.chunk() + " got " + checksums.length + " checksums for " + count + " bytes");
    }
    int first = Cells.indexOf(length);
    for (int i = 0; i < checksums.length; i++) {
      int size = Math.min(Cells.SIZE, count - i * Cells.SIZE);
      int found = Crc32c.of(bytes.slice(bytes.position() + i * Cells.SIZE, size));
      if (found != checksums[i]) {
        throw new CairnException(
            ErrorCode.CHUNK_CORRUPT,
            String.format(
                "%s cell at %d arrived with checksum %08x, expected %08x",
                name.chunk(), length + (long) i * Cells.SIZE, found, checksums[i]));
      }
      cells[first + i] = checksums[i];
    }
    try {
      data.write(bytes, DataFileHeader.BYTES + length);
    } catch (IOException e) {
      throw volume.refusal("copying " + name.chunk(), e);
    }
    length += count;
    forceIfMuch();
  }

  /**
   * What is forced at the end all at once, a whole chunk, keeps every other force on the disk
   * waiting.
   */
  private void forceIfMuch() throws CairnException {
    if (length - forcedLength < FORCE_BYTES || isComplete()) {
      return;
    }
    try {
      data.force();
      forcedLength = length;
    } catch (IOException e) {
      throw volume.refusal("copying " + name.chunk(), e);
    }
  }

  /** Makes the copy the server's SEALED replica, instead of an unsealed one that may be there. */
  public void finish() throws CairnException {
    if (!isComplete()) {
      throw new IllegalStateException(name + " has only " + length + " bytes");
    }
    ChunkId chunk = name.chunk();
    store.beginPublish(chunk);
    try {
      data.force();
      store.replacing(chunk);
      volume.publishSealed(name, epoch, cells, ReplicaPath.copyData(chunk));
      finished = true;
      store.published(name, volume);
    } catch (IOException e) {
      throw volume.refusal("copying " + chunk, e);
    } finally {
      store.endPublish(chunk);
    }
  }

  /** Drops what was copied unless it was finished. */
  @Override
  public void close() throws CairnException {
    if (closed) {
      return;
    }
    closed = true;
    try {
      data.close();
      if (!finished) {
        volume.count(-claimed);
        volume.deleteIfThere(ReplicaPath.copyData(name.chunk()));
      }
    } catch (IOException e) {
      throw volume.refusal("ending the copy of " + name.chunk(), e);
    }
  }
}
