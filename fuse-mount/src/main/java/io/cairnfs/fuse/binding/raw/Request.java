package io.cairnfs.fuse.binding.raw;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.fuse.vfs.Caller;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * A request of the kernel, read field by field. What it does not hold is MALFORMED, whatever its
 * bytes are. For one thread; the buffer is the next request's as soon as this one is answered.
 */
final class Request {
  static final int HEADER_BYTES = 40;
  private static final int MAX_NAME = 4096;

  private final ByteBuffer bytes;
  private final int opcode;
  private final long unique;
  private final long node;
  private final Caller caller;

  private Request(ByteBuffer bytes, int opcode, long unique, long node, Caller caller) {
    this.bytes = bytes;
    this.opcode = opcode;
    this.unique = unique;
    this.node = node;
    this.caller = caller;
  }

  /**
   * Reads the header.
   *
   * @param message from its position to its limit one whole request
   */
  static Request of(ByteBuffer message) throws CairnException {
    ByteBuffer bytes = message.slice().order(ByteOrder.nativeOrder());
    if (bytes.remaining() < HEADER_BYTES) {
      throw new CairnException(
          ErrorCode.MALFORMED, "a request of " + bytes.remaining() + " bytes has no header");
    }
    int length = bytes.getInt();
    int opcode = bytes.getInt();
    long unique = bytes.getLong();
    long node = bytes.getLong();
    Caller caller = new Caller(bytes.getInt(), bytes.getInt(), bytes.getInt());
    int extensions = Short.toUnsignedInt(bytes.getShort()) * Long.BYTES;
    bytes.position(HEADER_BYTES);
    if (length != bytes.limit() || extensions > bytes.remaining()) {
      throw new CairnException(
          ErrorCode.MALFORMED,
          "a request of "
              + bytes.limit()
              + " bytes says that it has "
              + length
              + ", "
              + extensions
              + " of them extensions");
    }
    bytes.limit(length - extensions);
    return new Request(bytes, opcode, unique, node, caller);
  }

  /** The number that the reply repeats, also of a request that is malformed otherwise. */
  static long uniqueOf(ByteBuffer message) {
    return message.remaining() < HEADER_BYTES
        ? 0
        : message.slice().order(ByteOrder.nativeOrder()).getLong(8);
  }

  int opcode() {
    return opcode;
  }

  long unique() {
    return unique;
  }

  long node() {
    return node;
  }

  Caller caller() {
    return caller;
  }

  private void require(int count) throws CairnException {
    if (count < 0 || bytes.remaining() < count) {
      throw new CairnException(
          ErrorCode.MALFORMED, "request " + opcode + " ends within a field of " + count + " bytes");
    }
  }

  int int32() throws CairnException {
    require(Integer.BYTES);
    return bytes.getInt();
  }

  long int64() throws CairnException {
    require(Long.BYTES);
    return bytes.getLong();
  }

  /** A number that does not have its highest bit set. */
  long unsigned64(String what) throws CairnException {
    long value = int64();
    if (value < 0) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, what + " above 2^63 - 1");
    }
    return value;
  }

  void skip(int count) throws CairnException {
    require(count);
    bytes.position(bytes.position() + count);
  }

  /** Bytes up to a NUL, which is passed. */
  byte[] name() throws CairnException {
    int start = bytes.position();
    for (int at = start; at < bytes.limit() && at - start <= MAX_NAME; at++) {
      if (bytes.get(at) == 0) {
        byte[] name = new byte[at - start];
        bytes.get(name);
        bytes.position(at + 1);
        return name;
      }
    }
    throw new CairnException(ErrorCode.MALFORMED, "request " + opcode + ": a name has no end");
  }

  /** The next number, which stays to be read. */
  long next64() throws CairnException {
    long next = int64();
    bytes.position(bytes.position() - Long.BYTES);
    return next;
  }

  /** The name behind the next bytes, which stay to be read. */
  byte[] nameBehind(int count) throws CairnException {
    int start = bytes.position();
    skip(count);
    byte[] name = name();
    bytes.position(start);
    return name;
  }

  /** The next bytes, where they are. */
  ByteBuffer data(int count) throws CairnException {
    require(count);
    ByteBuffer data = bytes.slice(bytes.position(), count);
    bytes.position(bytes.position() + count);
    return data;
  }

  byte[] copy(int count) throws CairnException {
    require(count);
    byte[] copy = new byte[count];
    bytes.get(copy);
    return copy;
  }

  int remaining() {
    return bytes.remaining();
  }
}
