package io.cairnfs.metaserver.store;

import io.cairnfs.common.error.CorruptionException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.zip.CRC32C;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * All records in one file: {@code "CRNSTORE" | version u32 | index u64 | term u64 | digest 16 bytes
 * | {table u8 | key length u32 | value length u32 | key | value}* | 0 u8 | CRC-32C u32} of what is
 * before it.
 */
final class StoreDump {
  private static final long MAGIC = 0x43524e53544f5245L;
  private static final int VERSION = 1;

  /** Takes one record. */
  interface RecordSink {
    void accept(Table table, byte[] key, byte[] value);
  }

  private StoreDump() {}

  static void write(Path file, RecordReader reader, Applied applied) throws IOException {
    try (FileChannel channel =
            FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
        OutputStream plain = new BufferedOutputStream(Channels.newOutputStream(channel), 1 << 16)) {
      write(plain, reader, applied);
      channel.force(true);
    }
  }

  static void write(OutputStream plain, RecordReader reader, Applied applied) throws IOException {
    CheckedOutputStream checked = new CheckedOutputStream(plain, new CRC32C());
    DataOutputStream out = new DataOutputStream(checked);
    out.writeLong(MAGIC);
    out.writeInt(VERSION);
    out.writeLong(applied.index());
    out.writeLong(applied.term());
    out.write(applied.digest().bytes());
    for (Table table : Table.values()) {
      writeTable(out, reader, table);
    }
    out.writeByte(0);
    out.writeInt((int) checked.getChecksum().getValue());
    out.flush();
  }

  private static void writeTable(DataOutputStream out, RecordReader reader, Table table)
      throws IOException {
    try (RecordCursor cursor = reader.scan(table, Bytes.EMPTY, Bytes.EMPTY)) {
      while (cursor.next()) {
        out.writeByte(table.number());
        out.writeInt(cursor.key().length);
        out.writeInt(cursor.value().length);
        out.write(cursor.key());
        out.write(cursor.value());
      }
    }
  }

  static Applied read(Path file, RecordSink sink) throws IOException {
    try (InputStream bytes = new BufferedInputStream(Files.newInputStream(file), 1 << 16)) {
      return read(file, Files.size(file), bytes, sink);
    }
  }

  /**
   * @param file for messages
   */
  static Applied read(Path file, long size, InputStream bytes, RecordSink sink) throws IOException {
    try {
      CheckedInputStream checked = new CheckedInputStream(bytes, new CRC32C());
      DataInputStream in = new DataInputStream(checked);
      require(file, in.readLong() == MAGIC, "the magic of a store dump", "other bytes");
      int version = in.readInt();
      require(file, version == VERSION, "version " + VERSION, "version " + version);
      long index = in.readLong();
      long term = in.readLong();
      StoreDigest digest = new StoreDigest(in.readLong(), in.readLong());
      readRecords(file, size, in, sink);
      int expected = (int) checked.getChecksum().getValue();
      int found = in.readInt();
      require(file, expected == found, Integer.toHexString(expected), Integer.toHexString(found));
      return new Applied(index, term, digest);
    } catch (EOFException e) {
      throw endedEarly(file, size, e);
    }
  }

  private static void readRecords(Path file, long size, DataInputStream in, RecordSink sink)
      throws IOException {
    for (int number = in.readUnsignedByte(); number != 0; number = in.readUnsignedByte()) {
      Table table = Table.ofNumber(number).orElse(null);
      require(file, table != null, "a table", "number " + number);
      int keyLength = in.readInt();
      int valueLength = in.readInt();
      boolean plausible =
          keyLength >= 0 && valueLength >= 0 && (long) keyLength + valueLength <= size;
      require(file, plausible, "lengths", keyLength + " and " + valueLength);
      sink.accept(table, in.readNBytes(keyLength), in.readNBytes(valueLength));
    }
  }

  private static CorruptionException endedEarly(Path file, long size, EOFException cause) {
    CorruptionException corruption =
        new CorruptionException(file.toString(), size, "more bytes", "the end of the file");
    corruption.addSuppressed(cause);
    return corruption;
  }

  private static void require(Path file, boolean good, String expected, String found)
      throws CorruptionException {
    if (!good) {
      throw new CorruptionException(file.toString(), 0, expected, found);
    }
  }
}
