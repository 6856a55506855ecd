package io.cairnfs.client.history;

import com.google.protobuf.MessageLite;
import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.time.Clock;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes a history file. What was sent is in the file (in the operating system's memory, so that it
 * survives the process) before it is sent; an answer is there before the caller hears it. When the
 * file cannot be written any more, no further call is let through: a history with holes proves
 * nothing. Any thread.
 */
public final class HistoryRecorder implements CallRecorder {
  private static final Logger LOG = LoggerFactory.getLogger(HistoryRecorder.class);

  private final Path path;
  private final String user;
  private final String client;
  private final Clock clock;
  private FileChannel channel;
  private long calls;
  private CairnException failure;
  private boolean closed;

  /**
   * The file is begun with the first call.
   *
   * @param path must not exist
   */
  public HistoryRecorder(Path path, String user, String client, Clock clock) {
    this.path = path;
    this.user = user;
    this.client = client;
    this.clock = clock;
  }

  private void begin() throws CairnException {
    try {
      channel = FileChannel.open(path, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
      write(headerBytes(HistoryHeader.here(user, client)));
    } catch (FileAlreadyExistsException e) {
      throw new CairnException(ErrorCode.EXISTS, path + " exists; a history has its own file", e);
    } catch (IOException e) {
      throw cannotWrite(e);
    }
  }

  private CairnException cannotWrite(IOException cause) {
    return new CairnException(
        ErrorCode.IO_ERROR, path + ": the history cannot be written: " + cause, cause);
  }

  private static ByteBuffer headerBytes(HistoryHeader header) throws IOException {
    ByteArrayOutputStream names = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(names);
    for (String name : new String[] {header.user(), header.client(), header.clock()}) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      out.writeShort(bytes.length);
      out.write(bytes);
    }
    ByteBuffer bytes = ByteBuffer.allocate(HistoryFormat.HEADER_BYTES + names.size());
    bytes.putInt(HistoryFormat.MAGIC).putInt(HistoryFormat.VERSION).putInt(0);
    bytes.putInt(names.size()).put(names.toByteArray());
    int crc =
        Crc32c.of(
            bytes.array(),
            HistoryFormat.HEADER_CHECKED_OFFSET,
            bytes.capacity() - HistoryFormat.HEADER_CHECKED_OFFSET);
    return bytes.putInt(HistoryFormat.HEADER_CRC_OFFSET, crc).flip();
  }

  @Override
  public long mutationSent(long session, long call, long lowWater, Operation operation)
      throws CairnException {
    byte[] message = operation.toByteArray();
    ByteBuffer record = record(HistoryFormat.MUTATION, 24 + message.length);
    return sent(record.putLong(session).putLong(call).putLong(lowWater).put(message));
  }

  @Override
  public long readSent(ReadRequest request) throws CairnException {
    byte[] message = request.toByteArray();
    return sent(record(HistoryFormat.READ, message.length).put(message));
  }

  private synchronized long sent(ByteBuffer record) throws CairnException {
    if (failure != null) {
      throw new CairnException(failure.code(), failure.getMessage(), failure);
    }
    if (closed) {
      throw new CairnException(ErrorCode.CANCELLED, path + ": the history is closed");
    }
    try {
      if (channel == null) {
        begin();
      }
      long number = ++calls;
      finish(record, number);
      return number;
    } catch (CairnException e) {
      failure = e;
      throw e;
    } catch (IOException e) {
      failure = cannotWrite(e);
      throw failure;
    }
  }

  @Override
  public void answered(long number, long logIndex, MessageLite result) {
    byte[] message = result.toByteArray();
    ended(
        number, record(HistoryFormat.ANSWERED, 8 + message.length).putLong(logIndex).put(message));
  }

  @Override
  public void refused(long number, CairnException refusal) {
    byte[] text = String.valueOf(refusal.getMessage()).getBytes(StandardCharsets.UTF_8);
    ended(
        number,
        record(HistoryFormat.REFUSED, 12 + text.length)
            .putLong(refusal.logIndex())
            .putInt(refusal.code().number())
            .put(text));
  }

  /** A call without an end may or may not have had its effect: the history stays right. */
  private synchronized void ended(long number, ByteBuffer record) {
    if (failure != null || closed) {
      return;
    }
    try {
      finish(record, number);
    } catch (IOException e) {
      failure = cannotWrite(e);
      LOG.error("{}: the history cannot be written; no further calls are sent", path, e);
    }
  }

  private static ByteBuffer record(byte kind, int more) {
    return ByteBuffer.allocate(
            HistoryFormat.RECORD_PREFIX_BYTES + HistoryFormat.RECORD_FIXED_BYTES + more)
        .position(HistoryFormat.RECORD_PREFIX_BYTES)
        .put(kind)
        .position(HistoryFormat.RECORD_PREFIX_BYTES + HistoryFormat.RECORD_FIXED_BYTES);
  }

  private void finish(ByteBuffer record, long number) throws IOException {
    int body = HistoryFormat.RECORD_PREFIX_BYTES;
    record.putLong(body + 1, number).putLong(body + 9, clock.monotonicNanos());
    record.putInt(0, record.capacity() - body);
    record.putInt(4, Crc32c.of(record.slice(body, record.capacity() - body)));
    write(record.flip());
  }

  private void write(ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }

  @Override
  public synchronized void close() {
    closed = true;
    if (channel == null) {
      return;
    }
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
