package io.cairnfs.dataserver.storage;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;

/**
 * A replica that is not SEALED.
 *
 * <pre>
 * (created by a stream) -> OPEN
 * OPEN   -> CLOSED   the stream ended or failed, a fence, a verdict; never back
 * (found at start) -> CLOSED
 * CLOSED -> gone     sealed, or deleted
 * </pre>
 *
 * Two locks: {@code disk} orders everything that writes the replica's files and is held over I/O,
 * by disk threads only; the monitor guards what readers see, for moments only.
 */
final class UnsealedReplica {
  private final ChunkId chunk;
  private final Volume volume;
  private final Clock clock;
  private final ScratchBuffers scratch;
  private final PairedForce force;
  private final long maxLength;

  /**
   * Opened by this process, which therefore knows what was acknowledged and holds all of it: a
   * failed append takes nothing away.
   */
  private final boolean bornHere;

  private final ReentrantLock disk = new ReentrantLock();

  @GuardedBy("disk")
  private long recordsEnd;

  @GuardedBy("disk")
  private RoomAhead room;

  @GuardedBy("disk")
  private boolean directoryForced;

  @GuardedBy("disk")
  private boolean dirty;

  @GuardedBy("this")
  private final ReplicaFiles files;

  @GuardedBy("this")
  private State state;

  @GuardedBy("this")
  private boolean gone;

  @GuardedBy("this")
  private int epoch;

  @GuardedBy("this")
  private long length;

  @GuardedBy("this")
  private long acknowledged;

  /** Checksums of whole cells; null until a replica found at start is read again. */
  @GuardedBy("this")
  private int[] cells;

  @GuardedBy("this")
  private int partial;

  @GuardedBy("this")
  private long changedNanos;

  private UnsealedReplica(
      ChunkId chunk,
      Volume volume,
      Clock clock,
      ScratchBuffers scratch,
      PairedForce force,
      long maxLength,
      ReplicaFiles files,
      boolean bornHere) {
    this.chunk = chunk;
    this.volume = volume;
    this.clock = clock;
    this.scratch = scratch;
    this.force = force;
    this.maxLength = maxLength;
    this.files = files;
    this.bornHere = bornHere;
    this.changedNanos = clock.monotonicNanos();
  }

  /** A replica whose stream begins, or the memory of a fence. */
  static UnsealedReplica create(
      ChunkId chunk,
      Volume volume,
      Clock clock,
      ScratchBuffers scratch,
      PairedForce force,
      int epoch,
      long maxLength,
      ReplicaStore.Origin origin)
      throws CairnException {
    UnsealedReplica replica =
        new UnsealedReplica(
            chunk,
            volume,
            clock,
            scratch,
            force,
            maxLength,
            volume.createOpen(chunk, epoch, maxLength),
            origin == ReplicaStore.Origin.STREAM);
    replica.disk.lock();
    try {
      replica.recordsEnd = ChecksumRecord.HEADER_BYTES;
      replica.room = new RoomAhead(DataFileHeader.BYTES, ChecksumRecord.HEADER_BYTES);
      replica.dirty = true;
    } finally {
      replica.disk.unlock();
    }
    synchronized (replica) {
      replica.state = origin == ReplicaStore.Origin.STREAM ? State.OPEN : State.CLOSED;
      replica.epoch = epoch;
      replica.cells = new int[0];
    }
    volume.promise(origin == ReplicaStore.Origin.STREAM ? maxLength : 0);
    return replica;
  }

  /** A replica found at start: CLOSED, with the longest prefix that verifies. */
  static UnsealedReplica recover(
      DataFileHeader header,
      Volume volume,
      Clock clock,
      ScratchBuffers scratch,
      PairedForce force,
      DiskFile data,
      DiskFile sums)
      throws IOException {
    ChunkId chunk = header.chunk();
    UnsealedReplica replica =
        new UnsealedReplica(
            chunk,
            volume,
            clock,
            scratch,
            force,
            header.maxLength(),
            new ReplicaFiles(data, sums),
            false);
    RecordedCells recorded = replica.recorded(sums);
    RecordedCells.Prefix prefix = recorded.verify(data, header.maxLength(), scratch);
    replica.disk.lock();
    try {
      replica.recordsEnd = recorded.end();
      replica.room = new RoomAhead(data.size(), sums.size());
      replica.dirty = true;
    } finally {
      replica.disk.unlock();
    }
    synchronized (replica) {
      replica.state = State.CLOSED;
      replica.epoch = Math.max(header.epoch(), recorded.epoch());
      replica.length = prefix.length();
    }
    volume.count(data.size() + sums.size());
    return replica;
  }

  private RecordedCells recorded(DiskFile sums) throws IOException {
    return RecordedCells.read(sums, chunk, volume.disk().describe(ReplicaPath.openLog(chunk)));
  }

  ChunkId chunk() {
    return chunk;
  }

  Volume volume() {
    return volume;
  }

  synchronized ReplicaStatus status() {
    return new ReplicaStatus(chunk, epoch, state, length, 0, clock.monotonicNanos() - changedNanos);
  }

  synchronized long length() {
    return length;
  }

  /** All members behind hold the bytes up to here, and so does this one: readers may see them. */
  synchronized void acknowledge(long fullyAcknowledged) {
    if (fullyAcknowledged > length) {
      throw new IllegalArgumentException(
          chunk + " acknowledged " + fullyAcknowledged + " beyond length " + length);
    }
    acknowledged = Math.max(acknowledged, fullyAcknowledged);
  }

  /**
   * What was acknowledged stays visible when the stream has ended: its writer may be dead, and its
   * flushed bytes are in no row before the chunk is settled.
   */
  synchronized VisibleLength visibleLength() {
    return new VisibleLength(bornHere ? acknowledged : length, bornHere);
  }

  /**
   * Appends packets that follow one another, and forces them if asked; all of it or, by its length,
   * none of it. On any failure the replica is CLOSED.
   */
  void append(List<ReplicaPacket> packets, Durability durability) throws CairnException {
    disk.lock();
    try {
      CellVerifier verifier = verified(packets);
      long bytes = bytes(packets);
      if (bytes > 0) {
        write(packets, bytes, verifier, durability);
      }
      if (durability == Durability.FORCED) {
        force();
      }
      if (bytes > 0) {
        publish(verifier, bytes);
      }
    } catch (IOException e) {
      close();
      throw volume.refusal("appending to " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  private CellVerifier verified(List<ReplicaPacket> packets) throws CairnException {
    long end;
    int partialNow;
    synchronized (this) {
      if (state != State.OPEN) {
        throw new CairnException(
            ErrorCode.CHUNK_CLOSED, chunk + " epoch=" + epoch + " is closed to appends");
      }
      end = length;
      partialNow = partial;
    }
    CellVerifier verifier = new CellVerifier(chunk, end, partialNow, (int) bytes(packets));
    for (ReplicaPacket packet : packets) {
      int bytes = packet.bytes();
      if (packet.offset() != end) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT,
            chunk + " packet at offset " + packet.offset() + ", replica ends at " + end);
      }
      if (bytes > maxLength - end) {
        throw new CairnException(
            ErrorCode.TOO_LARGE,
            chunk + " packet up to " + (end + bytes) + " exceeds maximum length " + maxLength);
      }
      verifier.add(packet);
      end += bytes;
    }
    return verifier;
  }

  private static long bytes(List<ReplicaPacket> packets) {
    long bytes = 0;
    for (ReplicaPacket packet : packets) {
      bytes += packet.bytes();
    }
    return bytes;
  }

  @GuardedBy("disk")
  private void write(
      List<ReplicaPacket> packets, long bytes, CellVerifier verifier, Durability durability)
      throws IOException {
    ReplicaFiles open = files();
    List<ByteBuffer> buffers = new ArrayList<>();
    for (ReplicaPacket packet : packets) {
      buffers.addAll(packet.payload());
    }
    long position = DataFileHeader.BYTES + packets.get(0).offset();
    long dataEnd = position + bytes;
    long sumsEnd = recordsEnd + verifier.recordBytes();
    dirty = true;
    if (durability == Durability.FORCED) {
      room.beforeForce(volume, open, bytes, dataEnd, sumsEnd, DataFileHeader.BYTES + maxLength);
    }
    volume.claim(room.extend(dataEnd, sumsEnd));
    volume.promise(-bytes);
    writeData(open.data(), buffers, bytes, position);
    ByteBuffer records = scratch.take(verifier.recordBytes());
    try {
      verifier.putRecords(records);
      records.flip();
      int recordBytes = records.remaining();
      open.sums().write(records, recordsEnd);
      recordsEnd += recordBytes;
    } finally {
      scratch.give(records);
    }
  }

  /** Small buffers are gathered into one, since each write is a system call. */
  private void writeData(DiskFile data, List<ByteBuffer> buffers, long bytes, long position)
      throws IOException {
    if (buffers.size() == 1 || bytes > ScratchBuffers.BYTES) {
      data.write(buffers.toArray(ByteBuffer[]::new), position);
      return;
    }
    ByteBuffer gathered = scratch.take((int) bytes);
    try {
      for (ByteBuffer buffer : buffers) {
        gathered.put(buffer);
      }
      data.write(gathered.flip(), position);
    } finally {
      scratch.give(gathered);
    }
  }

  private synchronized void publish(CellVerifier verifier, long bytes) {
    int count = verifier.firstCell() + verifier.wholeCount();
    if (count > cells.length) {
      cells = Arrays.copyOf(cells, Math.max(count, cells.length * 2));
    }
    for (int i = 0; i < verifier.wholeCount(); i++) {
      cells[verifier.firstCell() + i] = verifier.whole(i);
    }
    partial = verifier.partial();
    length += bytes;
    changedNanos = clock.monotonicNanos();
  }

  /** Makes everything appended so far, and the files themselves, durable. */
  @GuardedBy("disk")
  private void force() throws IOException {
    if (!dirty) {
      return;
    }
    ReplicaFiles open = files();
    force.force(open.data(), open.sums());
    if (!directoryForced) {
      volume.forceSlotDirectory(chunk);
      directoryForced = true;
    }
    dirty = false;
  }

  private synchronized ReplicaFiles files() throws CairnException {
    if (gone) {
      throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, chunk + " is not here any more");
    }
    return files;
  }

  /** No more appends, ever. */
  void close() {
    long unused;
    synchronized (this) {
      if (state != State.OPEN) {
        return;
      }
      state = State.CLOSED;
      changedNanos = clock.monotonicNanos();
      unused = maxLength - length;
    }
    volume.promise(-unused);
  }

  /** Forces a CLOSED replica if anything of it is not on the disk yet. */
  void forceClosed() throws CairnException {
    if (!isClosedHere()) {
      return;
    }
    disk.lock();
    try {
      // It may have been deleted while the disk was waited for.
      if (isClosedHere()) {
        volume.requireHealthy();
        force();
      }
    } catch (IOException e) {
      throw volume.refusal("forcing " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  private synchronized boolean isClosedHere() {
    return !gone && state == State.CLOSED;
  }

  /** Forces what there is, whether the stream goes on or not; the length that is durable then. */
  long sync() throws CairnException {
    disk.lock();
    try {
      volume.requireHealthy();
      long durable = length();
      files();
      force();
      return durable;
    } catch (IOException e) {
      throw volume.refusal("forcing " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  /** Closes, makes the epoch durable, and reads the whole replica again. */
  FenceResult fence(int newEpoch) throws CairnException {
    disk.lock();
    try {
      volume.requireHealthy();
      int known;
      synchronized (this) {
        known = epoch;
      }
      if (newEpoch > known) {
        close();
        writeEpoch(newEpoch);
        synchronized (this) {
          epoch = newEpoch;
        }
      }
      RecordedCells.Prefix prefix = readAgain();
      synchronized (this) {
        return new FenceResult(true, Math.min(prefix.length(), length), bornHere);
      }
    } catch (IOException e) {
      throw volume.refusal("fencing " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  @GuardedBy("disk")
  private void writeEpoch(int newEpoch) throws IOException {
    ByteBuffer record = ByteBuffer.allocate(ChecksumRecord.BYTES);
    ChecksumRecord.putEpoch(record, newEpoch);
    appendRecord(record.flip());
  }

  @GuardedBy("disk")
  private void appendRecord(ByteBuffer record) throws IOException {
    files().sums().write(record, recordsEnd);
    recordsEnd += ChecksumRecord.BYTES;
    volume.count(room.extend(0, recordsEnd));
    dirty = true;
    force();
  }

  private RecordedCells.Prefix readAgain() throws IOException {
    ReplicaFiles open = files();
    return recorded(open.sums()).verify(open.data(), maxLength, scratch);
  }

  /** Whether the epoch may still open a stream; never true, but says why not. */
  synchronized CairnException refuseStream(int streamEpoch) {
    if (streamEpoch < epoch) {
      return new CairnException(
          ErrorCode.CHUNK_FENCED, chunk + " is fenced: epoch " + epoch + " > " + streamEpoch);
    }
    return new CairnException(
        ErrorCode.CHUNK_EXISTS, chunk + " has had its stream; length " + length);
  }

  /**
   * A range for a reader, up to what is fully acknowledged or, if that is more, what the metadata
   * knows to be committed.
   */
  ReplicaRead read(ReadRange range) throws CairnException {
    Snapshot seen = snapshot(range.knownLength());
    long start = Math.min(range.alignedOffset(), seen.readable());
    long end = range.alignedEnd(seen.readable());
    if (range.offset() >= end) {
      return new ReplicaRead(seen.files(), range.alignedOffset(), 0, new int[0], seen.readable());
    }
    boolean handedOver = false;
    try {
      int first = Cells.indexOf(start);
      int[] answer = new int[Cells.count(end) - first];
      for (int i = 0; i < answer.length; i++) {
        answer[i] = seen.checksum(first + i);
      }
      int lastCell = first + answer.length - 1;
      int wanted = Cells.bytesIn(lastCell, end);
      int recorded = Cells.bytesIn(lastCell, seen.length());
      if (wanted < recorded) {
        answer[answer.length - 1] =
            CutCell.checksum(
                seen.files().data(), chunk, lastCell, recorded, seen.checksum(lastCell), wanted);
      }
      handedOver = true;
      return new ReplicaRead(seen.files(), start, (int) (end - start), answer, seen.readable());
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    } finally {
      if (!handedOver) {
        releaseQuietly(seen.files());
      }
    }
  }

  private void releaseQuietly(ReplicaFiles open) throws CairnException {
    try {
      open.release();
    } catch (IOException e) {
      throw volume.refusal("closing " + chunk, e);
    }
  }

  /** What a reader sees at one moment. */
  private static final class Snapshot {
    private final ReplicaFiles files;
    private final long length;
    private final long readable;
    private final int[] cells;
    private final int partial;

    Snapshot(ReplicaFiles files, long length, long readable, int[] cells, int partial) {
      this.files = files;
      this.length = length;
      this.readable = readable;
      this.cells = cells;
      this.partial = partial;
    }

    ReplicaFiles files() {
      return files;
    }

    long length() {
      return length;
    }

    long readable() {
      return readable;
    }

    int checksum(int cell) {
      return (long) (cell + 1) * Cells.SIZE <= length ? cells[cell] : partial;
    }
  }

  private Snapshot snapshot(long knownLength) throws CairnException {
    volume.requireHealthy();
    loadCells();
    synchronized (this) {
      if (gone || !files.retain()) {
        throw new CairnException(ErrorCode.CHUNK_NOT_FOUND, chunk + " is not here any more");
      }
      long readable = Math.min(length, Math.max(bornHere ? acknowledged : 0, knownLength));
      return new Snapshot(files, length, readable, cells, partial);
    }
  }

  /** Checksums of a replica found at start are read when they are first needed. */
  private void loadCells() throws CairnException {
    synchronized (this) {
      if (cells != null) {
        return;
      }
    }
    disk.lock();
    try {
      RecordedCells.Prefix prefix = readAgain();
      synchronized (this) {
        if (cells == null) {
          cells = prefix.cells();
          partial = prefix.partial();
          length = prefix.length();
        }
      }
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    } finally {
      disk.unlock();
    }
  }

  /**
   * Makes it SEALED on disk. CHUNK_CORRUPT if it is shorter than the committed length or the bytes
   * at the cut do not verify; then it stays as it was.
   */
  SealedName seal(long sealedLength, int replication, int rowEpoch) throws CairnException {
    close();
    disk.lock();
    try {
      volume.requireHealthy();
      loadCells();
      SealedName name = new SealedName(chunk, sealedLength, replication);
      int[] sealedCells = cellsUpTo(sealedLength);
      ReplicaFiles open = files();
      long fileBytes = open.data().size();
      long oldBytes = fileBytes + open.sums().size();
      if (fileBytes > DataFileHeader.BYTES + sealedLength) {
        if (length() > sealedLength) {
          recordCut(sealedLength, sealedCells);
        }
        open.data().truncate(DataFileHeader.BYTES + sealedLength);
      }
      open.data().force();
      int lastEpoch;
      synchronized (this) {
        lastEpoch = Math.max(epoch, rowEpoch);
      }
      volume.publishSealed(name, lastEpoch, sealedCells, ReplicaPath.openData(chunk));
      volume.count(Volume.sealedBytes(sealedLength) - oldBytes);
      return name;
    } catch (IOException e) {
      throw volume.refusal("sealing " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  /** Before a cell is cut, the part that stays must verify by itself: a crash may follow. */
  @GuardedBy("disk")
  private void recordCut(long sealedLength, int[] sealedCells) throws IOException {
    int covered = (int) (sealedLength % Cells.SIZE);
    if (covered == 0) {
      return;
    }
    ByteBuffer record = ByteBuffer.allocate(ChecksumRecord.BYTES);
    int last = sealedCells.length - 1;
    ChecksumRecord.putCell(record, last, covered, sealedCells[last]);
    appendRecord(record.flip());
  }

  private int[] cellsUpTo(long sealedLength) throws IOException {
    int[] known;
    long knownLength;
    int knownPartial;
    synchronized (this) {
      known = cells;
      knownLength = length;
      knownPartial = partial;
    }
    if (knownLength < sealedLength) {
      throw new CairnException(
          ErrorCode.CHUNK_CORRUPT,
          chunk + " holds " + knownLength + " bytes, committed are " + sealedLength);
    }
    int count = Cells.count(sealedLength);
    int[] sealed = Arrays.copyOf(known, count);
    if (count > 0) {
      int last = count - 1;
      int recorded = Cells.bytesIn(last, knownLength);
      int wanted = Cells.bytesIn(last, sealedLength);
      int recordedCrc = recorded == Cells.SIZE ? known[last] : knownPartial;
      sealed[last] =
          wanted == recorded
              ? recordedCrc
              : CutCell.checksum(files().data(), chunk, last, recorded, recordedCrc, wanted);
    }
    return sealed;
  }

  /** Forgets the files after the replica was sealed: what remains of the open form is deleted. */
  void retire() throws IOException {
    disk.lock();
    try {
      markGone();
      volume.deleteIfThere(ReplicaPath.openData(chunk));
      volume.deleteIfThere(ReplicaPath.openLog(chunk));
    } finally {
      disk.unlock();
    }
  }

  /** Deletes the replica. */
  void delete() throws CairnException {
    close();
    disk.lock();
    try {
      long bytes = files().data().size() + files().sums().size();
      retire();
      volume.forceSlotDirectory(chunk);
      volume.count(-bytes);
    } catch (IOException e) {
      throw volume.refusal("deleting " + chunk, e);
    } finally {
      disk.unlock();
    }
  }

  private void markGone() throws IOException {
    synchronized (this) {
      if (gone) {
        return;
      }
      gone = true;
      state = State.CLOSED;
    }
    closeFiles();
  }

  /** Lets go of the files; the process stops. */
  void closeFiles() throws IOException {
    ReplicaFiles open;
    synchronized (this) {
      open = files;
    }
    open.release();
  }

  /** Compares checksum and bytes of everything up to the expected length. */
  Verification verify(long expectedLength) throws CairnException {
    disk.lock();
    try {
      volume.requireHealthy();
      RecordedCells.Prefix prefix = readAgain();
      boolean good = prefix.length() >= expectedLength;
      return new Verification(
          true,
          good,
          prefix.length(),
          good
              ? ""
              : "verifies up to " + prefix.length() + " bytes, expected are " + expectedLength);
    } catch (IOException e) {
      throw CutCell.readRefusal(chunk, e);
    } finally {
      disk.unlock();
    }
  }
}
