package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.proto.types.ChunkState;
import java.util.ArrayList;
import java.util.List;

/**
 * An append-only run of bytes, replicated on positions [0, replication) of its slot; in a coded
 * pool a cell of a stripe, which lies on the one position that its id names.
 *
 * <pre>
 * OPEN ------> SEALED     its writer closed it, or ended while no tail was open
 * OPEN ------> SETTLING   its writer ended while its file's tail was open in it (epoch + 1)
 * SETTLING --> SEALED     the members' longest valid prefix is known
 * SEALED ----> GARBAGE    nothing refers to it any more; for good
 * GARBAGE ---> (no row)   every holder has deleted it
 * </pre>
 *
 * @param epoch only grows; members refuse writers with an older one
 * @param length committed bytes: what extents may point at
 * @param session whose writer may name it, 0 = {@link #NO_SESSION}; kept after the chunk was sealed
 * @param inode the one file that it was opened for, 0 = SHARED by small files
 * @param hasOpenTail the file's last extent lies in it and may be longer than committed
 * @param isLost no member is known to hold it
 * @param pipeline servers that were to take the writer's bytes, in order
 * @param changeIndex log index of the last change of anything but {@code isLost}
 * @param checksum CRC-32C of all bytes of a cell of a committed stripe, by which one that was
 *     computed anew is known; of any other chunk 0, and without a meaning
 */
public record ChunkRecord(
    ChunkId id,
    ChunkState state,
    int epoch,
    int replication,
    long length,
    long maxLength,
    long session,
    long inode,
    boolean hasOpenTail,
    boolean isLost,
    List<Integer> pipeline,
    long changeIndex,
    int checksum) {
  /** Of a chunk that the cluster itself writes: a compaction. */
  public static final long NO_SESSION = 0;

  private static final int FORMAT = 1;

  /** With the checksum: of cells, all others stay as earlier versions read them. */
  private static final int FORMAT_OF_CELLS = 2;

  private static final int OPEN_TAIL = 1;
  private static final int LOST = 2;

  public ChunkRecord {
    pipeline = List.copyOf(pipeline);
    if (epoch < 1 || replication < 1 || length < 0 || length > maxLength) {
      throw new IllegalArgumentException(
          id
              + ": epoch "
              + epoch
              + ", replication "
              + replication
              + ", length "
              + length
              + " of "
              + maxLength);
    }
  }

  public boolean isShared() {
    return inode == 0;
  }

  public boolean isOpen() {
    return state == ChunkState.OPEN;
  }

  public boolean isSettling() {
    return state == ChunkState.SETTLING;
  }

  public boolean isSealed() {
    return state == ChunkState.SEALED;
  }

  public boolean isGarbage() {
    return state == ChunkState.GARBAGE;
  }

  /** OPEN or SETTLING: its final length is not known. */
  public boolean isUnsealed() {
    return isOpen() || isSettling();
  }

  /** Where in its slot it lies. */
  Positions positions() {
    return Positions.of(id, replication);
  }

  /** The member at a position of its slot shall have it. */
  public boolean liesOn(int position) {
    return positions().contains(position);
  }

  /** In which of its slot's digests it is counted: see {@link ReplicaHash#group}. */
  int digestGroup() {
    return ReplicaHash.group(id, replication);
  }

  ChunkRecord withState(ChunkState newState) {
    return new ChunkRecord(
        id,
        newState,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withEpoch(int newEpoch) {
    return new ChunkRecord(
        id,
        state,
        newEpoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withLength(long newLength) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        newLength,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withChecksum(int newChecksum) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        changeIndex,
        newChecksum);
  }

  ChunkRecord withReplication(int newReplication) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        newReplication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withOpenTail(boolean open) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        open,
        isLost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withLost(boolean lost) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        lost,
        pipeline,
        changeIndex,
        checksum);
  }

  ChunkRecord withChangeIndex(long index) {
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        hasOpenTail,
        isLost,
        pipeline,
        index,
        checksum);
  }

  byte[] encode() {
    RecordOutput out =
        new RecordOutput(id.isCell() ? FORMAT_OF_CELLS : FORMAT)
            .writeByte(state.getNumber())
            .writeByte((hasOpenTail ? OPEN_TAIL : 0) | (isLost ? LOST : 0))
            .writeVarint(epoch)
            .writeVarint(replication)
            .writeVarint(length)
            .writeVarint(maxLength)
            .writeVarint(session)
            .writeVarint(inode)
            .writeVarint(pipeline.size());
    for (int server : pipeline) {
      out.writeVarint(server);
    }
    out.writeVarint(changeIndex);
    return id.isCell()
        ? out.writeVarint(Integer.toUnsignedLong(checksum)).toByteArray()
        : out.toByteArray();
  }

  static ChunkRecord decode(ChunkId id, byte[] value) {
    RecordInput in = new RecordInput("chunk", value, FORMAT_OF_CELLS);
    ChunkState state = stateOf(in.readByte());
    int flags = in.readByte();
    int epoch = in.readInt();
    int replication = in.readInt();
    long length = in.readVarint();
    long maxLength = in.readVarint();
    long session = in.readVarint();
    long inode = in.readVarint();
    List<Integer> pipeline = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      pipeline.add(in.readInt());
    }
    long changeIndex = in.readVarint();
    int checksum = in.version() == FORMAT_OF_CELLS ? (int) in.readVarint() : 0;
    in.requireEnd();
    return new ChunkRecord(
        id,
        state,
        epoch,
        replication,
        length,
        maxLength,
        session,
        inode,
        (flags & OPEN_TAIL) != 0,
        (flags & LOST) != 0,
        pipeline,
        changeIndex,
        checksum);
  }

  private static ChunkState stateOf(int number) {
    ChunkState state = ChunkState.forNumber(number);
    if (state == null || state == ChunkState.CHUNK_STATE_UNSPECIFIED) {
      throw new CorruptRecord("chunk record with state " + number);
    }
    return state;
  }
}
