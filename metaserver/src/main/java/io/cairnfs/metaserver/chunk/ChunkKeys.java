package io.cairnfs.metaserver.chunk;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.KeyBuilder;
import java.nio.charset.StandardCharsets;

/** Keys of the chunk side's tables, as the package's table lists them. */
final class ChunkKeys {
  static final int OPEN_BY_SESSION = 0;
  static final int OPEN_BY_SLOT = 1;
  static final int SETTLING = 2;
  static final int OPEN_BY_INODE = 3;

  static final int REPAIR_BY_CHUNK = 0;
  static final int REPAIR_BY_SERVER = 1;

  static final int GARBAGE_WAITING = 0;
  static final int DELETE_BY_SERVER = 1;
  static final int DELETE_BY_CHUNK = 2;
  static final int LET_GO = 3;

  private static final byte[] SERVER = ascii("server/");
  private static final byte[] SERVER_NONCE = ascii("server-nonce/");
  private static final byte[] SERVER_TOTAL = ascii("server-total/");
  private static final byte[] POOL = ascii("pool/");
  private static final byte[] SLOT = ascii("slot/");
  private static final byte[] DIGEST = ascii("digest/");

  private ChunkKeys() {}

  private static byte[] ascii(String name) {
    return name.getBytes(StandardCharsets.US_ASCII);
  }

  /** Key of table CHUNK, and prefix of the chunk's references. */
  static byte[] chunk(ChunkId chunk) {
    return new KeyBuilder(Long.BYTES).addLong(chunk.value()).build();
  }

  static ChunkId chunkAt(byte[] key, int offset) {
    return new ChunkId(KeyBuilder.longAt(key, offset));
  }

  /** Prefix of every chunk of a slot in table CHUNK: the first three bytes of their ids. */
  static byte[] slotOfChunks(int pool, int slot) {
    return slotPrefix(new KeyBuilder(3), pool, slot);
  }

  private static byte[] slotPrefix(KeyBuilder key, int pool, int slot) {
    int bits = (pool << 14) | slot;
    return key.addByte(bits >>> 16).addShort(bits).build();
  }

  static byte[] extent(InodeId inode, long end) {
    return new KeyBuilder(2 * Long.BYTES).addLong(inode.value()).addLong(end).build();
  }

  static byte[] reference(ChunkId chunk, long chunkOffset, InodeId inode, long fileOffset) {
    return new KeyBuilder(4 * Long.BYTES)
        .addLong(chunk.value())
        .addLong(chunkOffset)
        .addLong(inode.value())
        .addLong(fileOffset)
        .build();
  }

  /** Where references from an offset of the chunk on begin. */
  static byte[] reference(ChunkId chunk, long chunkOffset) {
    return new KeyBuilder(2 * Long.BYTES).addLong(chunk.value()).addLong(chunkOffset).build();
  }

  static byte[] openOfSession(long session) {
    return new KeyBuilder(1 + Long.BYTES).addByte(OPEN_BY_SESSION).addLong(session).build();
  }

  static byte[] openOfSession(long session, ChunkId chunk) {
    return new KeyBuilder(1 + 2 * Long.BYTES)
        .addByte(OPEN_BY_SESSION)
        .addLong(session)
        .addLong(chunk.value())
        .build();
  }

  static byte[] openOfInode(InodeId inode) {
    return new KeyBuilder(1 + Long.BYTES).addByte(OPEN_BY_INODE).addLong(inode.value()).build();
  }

  static byte[] openOfInode(long inode, ChunkId chunk) {
    return new KeyBuilder(1 + 2 * Long.BYTES)
        .addByte(OPEN_BY_INODE)
        .addLong(inode)
        .addLong(chunk.value())
        .build();
  }

  static byte[] openInSlot(int pool, int slot) {
    return slotPrefix(new KeyBuilder(4).addByte(OPEN_BY_SLOT), pool, slot);
  }

  static byte[] openInSlot(ChunkId chunk) {
    return new KeyBuilder(1 + Long.BYTES).addByte(OPEN_BY_SLOT).addLong(chunk.value()).build();
  }

  static byte[] settling(ChunkId chunk) {
    return new KeyBuilder(1 + Long.BYTES).addByte(SETTLING).addLong(chunk.value()).build();
  }

  /** Prefix of an index: one leading byte. */
  static byte[] index(int lead) {
    return new KeyBuilder(1).addByte(lead).build();
  }

  static byte[] repairOfChunk(ChunkId chunk) {
    return byChunk(REPAIR_BY_CHUNK, chunk);
  }

  static byte[] repairOfChunk(ChunkId chunk, int server) {
    return byChunk(REPAIR_BY_CHUNK, chunk, server);
  }

  static byte[] repairOfServer(int server) {
    return byServer(REPAIR_BY_SERVER, server);
  }

  static byte[] repairOfServer(int server, ChunkId chunk) {
    return byServer(REPAIR_BY_SERVER, server, chunk);
  }

  static byte[] repairOfServer(int server, int pool, int slot) {
    KeyBuilder key = new KeyBuilder(1 + Integer.BYTES + 3).addByte(REPAIR_BY_SERVER).addInt(server);
    return slotPrefix(key, pool, slot);
  }

  static byte[] waiting(long index, ChunkId chunk) {
    return new KeyBuilder(1 + 2 * Long.BYTES)
        .addByte(GARBAGE_WAITING)
        .addLong(index)
        .addLong(chunk.value())
        .build();
  }

  static byte[] deletesOfChunk(ChunkId chunk) {
    return byChunk(DELETE_BY_CHUNK, chunk);
  }

  static byte[] deletesOfChunk(ChunkId chunk, int server) {
    return byChunk(DELETE_BY_CHUNK, chunk, server);
  }

  static byte[] deletesOfServer(int server) {
    return byServer(DELETE_BY_SERVER, server);
  }

  static byte[] deletesOfServer(int server, ChunkId chunk) {
    return byServer(DELETE_BY_SERVER, server, chunk);
  }

  static byte[] letGo(int pool, int slot) {
    return new KeyBuilder(1 + 2 * Short.BYTES)
        .addByte(LET_GO)
        .addShort(pool)
        .addShort(slot)
        .build();
  }

  static byte[] letGo(int pool, int slot, int server) {
    return new KeyBuilder(1 + Integer.BYTES + 2 * Short.BYTES)
        .addByte(LET_GO)
        .addShort(pool)
        .addShort(slot)
        .addInt(server)
        .build();
  }

  private static byte[] byChunk(int lead, ChunkId chunk) {
    return new KeyBuilder(1 + Long.BYTES).addByte(lead).addLong(chunk.value()).build();
  }

  private static byte[] byChunk(int lead, ChunkId chunk, int server) {
    return new KeyBuilder(1 + Long.BYTES + Integer.BYTES)
        .addByte(lead)
        .addLong(chunk.value())
        .addInt(server)
        .build();
  }

  private static byte[] byServer(int lead, int server) {
    return new KeyBuilder(1 + Integer.BYTES).addByte(lead).addInt(server).build();
  }

  private static byte[] byServer(int lead, int server, ChunkId chunk) {
    return new KeyBuilder(1 + Integer.BYTES + Long.BYTES)
        .addByte(lead)
        .addInt(server)
        .addLong(chunk.value())
        .build();
  }

  static byte[] servers() {
    return new KeyBuilder(SERVER.length).addBytes(SERVER).build();
  }

  static byte[] server(int server) {
    return new KeyBuilder(SERVER.length + Integer.BYTES).addBytes(SERVER).addInt(server).build();
  }

  static int serverOf(byte[] serverKey) {
    return KeyBuilder.intAt(serverKey, 1 + SERVER.length);
  }

  static byte[] serverNonce(byte[] nonce) {
    return new KeyBuilder(SERVER_NONCE.length + nonce.length)
        .addBytes(SERVER_NONCE)
        .addBytes(nonce)
        .build();
  }

  static byte[] serverTotal(int server) {
    return new KeyBuilder(SERVER_TOTAL.length + Integer.BYTES)
        .addBytes(SERVER_TOTAL)
        .addInt(server)
        .build();
  }

  static byte[] pools() {
    return new KeyBuilder(POOL.length).addBytes(POOL).build();
  }

  static int poolOf(byte[] poolKey) {
    int at = 1 + POOL.length;
    return (poolKey[at] & 0xff) << Byte.SIZE | (poolKey[at + 1] & 0xff);
  }

  static byte[] pool(int pool) {
    return new KeyBuilder(POOL.length + Short.BYTES).addBytes(POOL).addShort(pool).build();
  }

  static byte[] slot(int pool, int slot) {
    return new KeyBuilder(SLOT.length + 2 * Short.BYTES)
        .addBytes(SLOT)
        .addShort(pool)
        .addShort(slot)
        .build();
  }

  static byte[] digest(int pool, int slot, int replication) {
    return new KeyBuilder(DIGEST.length + 2 * Short.BYTES + 1)
        .addBytes(DIGEST)
        .addShort(pool)
        .addShort(slot)
        .addByte(replication)
        .build();
  }

  static byte[] digests(int pool, int slot) {
    return new KeyBuilder(DIGEST.length + 2 * Short.BYTES)
        .addBytes(DIGEST)
        .addShort(pool)
        .addShort(slot)
        .build();
  }
}
