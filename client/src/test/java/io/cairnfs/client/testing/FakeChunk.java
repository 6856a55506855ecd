package io.cairnfs.client.testing;

import java.io.ByteArrayOutputStream;
import java.util.List;

/** A chunk as the fake metaserver allocated it, and what its pipeline was given. */
public final class FakeChunk {
  public final long id;
  public final long inode;
  public final long maxLength;

  /** Those who hold it. */
  public volatile List<Integer> servers;

  final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  boolean closed;
  boolean streamed;

  FakeChunk(long id, long inode, long maxLength, List<Integer> servers) {
    this.id = id;
    this.inode = inode;
    this.maxLength = maxLength;
    this.servers = servers;
  }

  public synchronized byte[] content() {
    return bytes.toByteArray();
  }

  /** The metaserver was told that no more bytes will come. */
  public synchronized boolean isClosed() {
    return closed;
  }
}
