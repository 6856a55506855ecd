package io.cairnfs.fuse.binding.raw;

import io.cairnfs.fuse.vfs.NodeAttributes;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;

/** The answer to one request, written field by field behind the place of its header. */
final class Reply {
  static final int HEADER_BYTES = 16;

  private static final long NANOS = 1_000_000_000L;
  private static final int BLOCK_BYTES = 4096;

  private final ByteBuffer bytes;
  private final long unique;

  /**
   * @param target large enough for the largest result
   */
  Reply(ByteBuffer target, long unique) {
    this.bytes = target.clear().order(ByteOrder.nativeOrder());
    this.unique = unique;
    bytes.position(HEADER_BYTES);
  }

  /** The whole message. */
  ByteBuffer done() {
    return finish(0);
  }

  /** Only the header, whatever was written. */
  ByteBuffer refused(int errno) {
    bytes.position(HEADER_BYTES);
    return finish(-errno);
  }

  private ByteBuffer finish(int error) {
    int length = bytes.position();
    bytes.putInt(0, length).putInt(4, error).putLong(8, unique);
    return bytes.flip();
  }

  Reply int16(int value) {
    bytes.putShort((short) value);
    return this;
  }

  Reply int32(int value) {
    bytes.putInt(value);
    return this;
  }

  Reply int64(long value) {
    bytes.putLong(value);
    return this;
  }

  Reply raw(byte[] value) {
    bytes.put(value);
    return this;
  }

  Reply zeros(int count) {
    for (int i = 0; i < count; i++) {
      bytes.put((byte) 0);
    }
    return this;
  }

  /** Where a result of at most so many bytes is to be written; {@link #wrote} says how many. */
  ByteBuffer space(int count) {
    return bytes.slice(bytes.position(), count);
  }

  void wrote(int count) {
    bytes.position(bytes.position() + count);
  }

  int length() {
    return bytes.position() - HEADER_BYTES;
  }

  Reply attributes(NodeAttributes of) {
    int64(of.inode()).int64(of.size()).int64(of.blocks());
    int64(Math.floorDiv(of.accessedNanos(), NANOS));
    int64(Math.floorDiv(of.modifiedNanos(), NANOS));
    int64(Math.floorDiv(of.changedNanos(), NANOS));
    int32((int) Math.floorMod(of.accessedNanos(), NANOS));
    int32((int) Math.floorMod(of.modifiedNanos(), NANOS));
    int32((int) Math.floorMod(of.changedNanos(), NANOS));
    int32(of.mode()).int32(of.links()).int32(of.uid()).int32(of.gid());
    return int32(of.device()).int32(BLOCK_BYTES).int32(0);
  }

  /** What a name was found to be. */
  Reply entry(NodeAttributes of, Duration entryValid, Duration attributesValid) {
    int64(of.node()).int64(0);
    return valid(entryValid, attributesValid).attributes(of);
  }

  /** No such name, to be remembered. */
  Reply noEntry(Duration valid) {
    int64(0).int64(0);
    return valid(valid, Duration.ZERO).zeros(88);
  }

  private Reply valid(Duration entry, Duration attributes) {
    int64(entry.toSeconds()).int64(attributes.toSeconds());
    return int32(entry.toNanosPart()).int32(attributes.toNanosPart());
  }

  Reply attributesOnly(NodeAttributes of, Duration valid) {
    int64(valid.toSeconds()).int32(valid.toNanosPart()).int32(0);
    return attributes(of);
  }
}
