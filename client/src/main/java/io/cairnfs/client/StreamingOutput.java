package io.cairnfs.client;

import io.cairnfs.client.write.FileWriter;
import java.io.IOException;
import java.nio.ByteBuffer;

/** An output stream over the cluster. */
final class StreamingOutput extends CairnOutputStream {
  private final FileWriter writer;

  StreamingOutput(FileWriter writer) {
    this.writer = writer;
  }

  @Override
  public void write(int value) throws IOException {
    writer.write(ByteBuffer.wrap(new byte[] {(byte) value}));
  }

  @Override
  public void write(byte[] source, int offset, int length) throws IOException {
    writer.write(ByteBuffer.wrap(source, offset, length));
  }

  @Override
  public void write(ByteBuffer source) throws IOException {
    writer.write(source);
  }

  @Override
  public void flush() throws IOException {
    writer.flush();
  }

  @Override
  public void sync() throws IOException {
    writer.sync();
  }

  @Override
  public long position() {
    return writer.position();
  }

  @Override
  public void close() throws IOException {
    writer.close();
  }

  @Override
  public void abort() {
    writer.abort();
  }
}
