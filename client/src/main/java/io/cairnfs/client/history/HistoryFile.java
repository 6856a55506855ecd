package io.cairnfs.client.history;

import com.google.protobuf.ByteString;
import com.google.protobuf.UnsafeByteOperations;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a history file holds.
 *
 * @param calls in the order in which they were sent
 * @param tornBytes behind the last whole record, left by a client that was killed
 */
public record HistoryFile(
    Path path, HistoryHeader header, List<RecordedCall> calls, long tornBytes) {
  private static final int BUFFER_BYTES = 1 << 20;

  /**
   * Reads a file, whose writer may have been killed.
   *
   * @throws CorruptionException if a record other than the last is damaged
   * @throws CairnException WRONG_VERSION
   */
  public static HistoryFile read(Path path) throws IOException {
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(path), BUFFER_BYTES))) {
      return new Reader(path, Files.size(path), in).read();
    }
  }

  private static final class Reader {
    private final Path path;
    private final long size;
    private final DataInputStream in;
    private final List<RecordedCall> calls = new ArrayList<>();
    private long offset;

    Reader(Path path, long size, DataInputStream in) {
      this.path = path;
      this.size = size;
      this.in = in;
    }

    HistoryFile read() throws IOException {
      HistoryHeader header = header();
      while (record()) {
        // Until the end, or where the writer was killed.
      }
      return new HistoryFile(path, header, calls, size - offset);
    }

    private CorruptionException corrupt(long at, String expected, String found) {
      return new CorruptionException(path.toString(), at, expected, found);
    }

    private HistoryHeader header() throws IOException {
      byte[] fixed = in.readNBytes(HistoryFormat.HEADER_BYTES);
      if (fixed.length < HistoryFormat.HEADER_BYTES) {
        throw corrupt(
            fixed.length, "a header of " + HistoryFormat.HEADER_BYTES + " bytes", "the end");
      }
      ByteBuffer bytes = ByteBuffer.wrap(fixed);
      int magic = bytes.getInt();
      if (magic != HistoryFormat.MAGIC) {
        throw corrupt(0, "magic CRHI", Integer.toHexString(magic));
      }
      int version = bytes.getInt();
      if (version != HistoryFormat.VERSION) {
        throw new CairnException(
            ErrorCode.WRONG_VERSION,
            path + ": version " + version + "; this release reads " + HistoryFormat.VERSION);
      }
      int crc = bytes.getInt();
      int length = bytes.getInt();
      if (length < 6 || length > size - HistoryFormat.HEADER_BYTES) {
        throw corrupt(12, "the length of the names", Integer.toString(length));
      }
      ByteBuffer checked = ByteBuffer.allocate(4 + length);
      checked.putInt(length).put(in.readNBytes(length)).flip();
      int computed = Crc32c.of(checked.array(), 0, checked.limit());
      if (computed != crc) {
        throw corrupt(8, "CRC " + Integer.toHexString(crc), Integer.toHexString(computed));
      }
      checked.position(4);
      offset = (long) HistoryFormat.HEADER_BYTES + length;
      return new HistoryHeader(text(checked), text(checked), text(checked));
    }

    private static String text(ByteBuffer from) {
      byte[] bytes = new byte[Short.toUnsignedInt(from.getShort())];
      from.get(bytes);
      return new String(bytes, StandardCharsets.UTF_8);
    }

    private boolean record() throws IOException {
      if (size - offset < HistoryFormat.RECORD_PREFIX_BYTES + HistoryFormat.RECORD_FIXED_BYTES) {
        return false;
      }
      int length = in.readInt();
      int crc = in.readInt();
      if (length < HistoryFormat.RECORD_FIXED_BYTES || length > HistoryFormat.MAX_RECORD_BYTES) {
        throw corrupt(offset, "the length of a record", Integer.toString(length));
      }
      long left = size - offset - HistoryFormat.RECORD_PREFIX_BYTES;
      if (length > left) {
        return false;
      }
      byte[] body = in.readNBytes(length);
      int computed = Crc32c.of(body, 0, body.length);
      if (computed != crc) {
        if (length == left) {
          return false;
        }
        throw corrupt(offset + 4, "CRC " + Integer.toHexString(crc), Integer.toHexString(computed));
      }
      take(ByteBuffer.wrap(body));
      offset += HistoryFormat.RECORD_PREFIX_BYTES + (long) length;
      return true;
    }

    private void take(ByteBuffer body) throws IOException {
      byte kind = body.get();
      long number = body.getLong();
      long nanos = body.getLong();
      switch (kind) {
        case HistoryFormat.MUTATION ->
            begin(
                number,
                new RecordedCall(
                    number,
                    RecordedCall.Kind.MUTATION,
                    body.getLong(),
                    body.getLong(),
                    body.getLong(),
                    rest(body),
                    nanos,
                    Optional.empty()));
        case HistoryFormat.READ ->
            begin(
                number,
                new RecordedCall(
                    number, RecordedCall.Kind.READ, 0, 0, 0, rest(body), nanos, Optional.empty()));
        case HistoryFormat.ANSWERED ->
            end(number, new RecordedCall.End(nanos, body.getLong(), 0, rest(body)));
        case HistoryFormat.REFUSED ->
            end(number, new RecordedCall.End(nanos, body.getLong(), body.getInt(), rest(body)));
        default -> throw corrupt(offset + 8, "a kind of record", Byte.toString(kind));
      }
    }

    private static ByteString rest(ByteBuffer body) {
      return UnsafeByteOperations.unsafeWrap(body.slice());
    }

    private void begin(long number, RecordedCall call) throws IOException {
      if (number != calls.size() + 1) {
        throw corrupt(offset + 9, "call " + (calls.size() + 1), Long.toString(number));
      }
      calls.add(call);
    }

    private void end(long number, RecordedCall.End end) throws IOException {
      boolean known = number >= 1 && number <= calls.size();
      if (!known || calls.get((int) number - 1).end().isPresent()) {
        throw corrupt(offset + 9, "a call that waits", Long.toString(number));
      }
      calls.set((int) number - 1, calls.get((int) number - 1).withEnd(end));
    }
  }
}
