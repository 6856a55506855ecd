package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.RecordReader;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks at single records of the chunk side for what must never be: an extent outside its chunk's
 * committed length or without its reference, a reference without an extent, a sealed chunk that
 * nothing refers to, garbage that something does. Any thread, on one view.
 */
public final class ChunkCheck {
  private final RecordReader reader;

  public ChunkCheck(RecordReader reader) {
    this.reader = reader;
  }

  /** What is wrong with a record of table EXTENT. */
  public List<String> extent(byte[] key, byte[] value) {
    List<String> violations = new ArrayList<>();
    InodeId inode = new InodeId(KeyBuilder.longAt(key, 1));
    ExtentRecord extent = ExtentRecord.decode(KeyBuilder.longAt(key, 1 + Long.BYTES), value);
    String what =
        inode + " extent [" + extent.fileOffset() + ", " + extent.end() + ") in " + extent.chunk();
    Optional<ChunkRecord> chunk = ChunkTable.find(reader, extent.chunk());
    if (chunk.isEmpty() || chunk.get().isGarbage()) {
      violations.add(what + ": the chunk is gone");
    } else if (extent.chunkEnd() > chunk.get().length()) {
      violations.add(
          what + " ends at " + extent.chunkEnd() + ", the chunk at " + chunk.get().length());
    }
    if (ReferenceTable.lengthOf(reader, inode, extent) != extent.length()) {
      violations.add(what + " has no reference of its length");
    }
    Optional<InodeRecord> file = new Namespace(reader).inode(inode);
    if (file.isEmpty() || file.get().content() != InodeRecord.ContentKind.EXTENTS) {
      violations.add(what + ": no file has extents of this id");
    } else if (extent.end() > file.get().length()) {
      violations.add(what + " ends behind the file's " + file.get().length() + " bytes");
    }
    List<ExtentRecord> overlapping =
        ExtentMap.overlapping(reader, inode, extent.fileOffset(), extent.end(), 2);
    if (overlapping.size() != 1) {
      violations.add(what + " overlaps another extent");
    }
    return violations;
  }

  /** What is wrong with a record of table REFERENCE. */
  public List<String> reference(byte[] key, byte[] value) {
    ChunkId chunk = ChunkKeys.chunkAt(key, 1);
    long chunkOffset = KeyBuilder.longAt(key, 1 + Long.BYTES);
    InodeId inode = new InodeId(KeyBuilder.longAt(key, 1 + 2 * Long.BYTES));
    long fileOffset = KeyBuilder.longAt(key, 1 + 3 * Long.BYTES);
    long length = ReferenceTable.decode(value);
    boolean matches =
        ExtentMap.endingAt(reader, inode, fileOffset + length)
            .filter(
                extent ->
                    extent.chunk().equals(chunk)
                        && extent.chunkOffset() == chunkOffset
                        && extent.fileOffset() == fileOffset)
            .isPresent();
    return matches
        ? List.of()
        : List.of(
            chunk
                + " is referred to by "
                + inode
                + " at "
                + fileOffset
                + ", which has no such"
                + " extent");
  }

  /** What is wrong with a record of table CHUNK. */
  public List<String> chunk(byte[] key, byte[] value) {
    ChunkId id = ChunkKeys.chunkAt(key, 1);
    ChunkRecord chunk = ChunkRecord.decode(id, value);
    if (id.isCell()) {
      return cell(chunk);
    }
    boolean isReferenced = ReferenceTable.isReferenced(reader, id);
    if (chunk.isSealed() && !isReferenced && !ChunkTable.isHeld(reader, chunk)) {
      return List.of(id + " is sealed, nothing refers to it, and it is not garbage");
    }
    if (chunk.isGarbage() && isReferenced) {
      return List.of(id + " is garbage, and something refers to it");
    }
    return List.of();
  }

  private List<String> cell(ChunkRecord cell) {
    List<String> violations = new ArrayList<>();
    Stripe stripe = Stripe.of(reader, cell.id());
    int dataCells = stripe.policy().dataCells();
    boolean isReferenced = ReferenceTable.isReferenced(reader, cell.id());
    if (cell.id().cell() >= stripe.policy().cells()) {
      violations.add(cell.id() + " has a number that " + stripe.policy().label() + " has not");
    }
    if (cell.id().cell() >= dataCells && isReferenced) {
      violations.add(cell.id() + " is parity, and a file has bytes in it");
    }
    if (cell.isGarbage() && isReferenced) {
      violations.add(cell.id() + " is garbage, and something refers to it");
    }
    if (stripe.cells().stream().anyMatch(other -> other.state() != cell.state())) {
      violations.add(cell.id() + " is " + cell.state() + ", and other cells of its stripe are not");
    }
    if (cell.isSealed() && !stripe.isReferenced()) {
      violations.add(cell.id() + " is sealed, nothing refers to its stripe, and it is not garbage");
    }
    if (cell.isSealed() && cell.id().cell() < dataCells) {
      for (int parity = dataCells; parity < stripe.policy().cells(); parity++) {
        if (stripe.cell(parity).filter(row -> row.length() >= cell.length()).isEmpty()) {
          violations.add(cell.id() + " is longer than cell " + parity + " of its stripe");
        }
      }
    }
    return violations;
  }

  /** What is wrong with a record of table REPAIR. */
  public List<String> repair(byte[] key, byte[] value) {
    if (key[1] != ChunkKeys.REPAIR_BY_CHUNK) {
      return List.of();
    }
    ChunkId id = ChunkKeys.chunkAt(key, 2);
    int server = KeyBuilder.intAt(key, 2 + Long.BYTES);
    Optional<ChunkRecord> chunk = ChunkTable.find(reader, id);
    return chunk.isPresent() && !chunk.get().isGarbage()
        ? List.of()
        : List.of("server=" + server + " is said to lack " + id + ", which is gone");
  }
}
