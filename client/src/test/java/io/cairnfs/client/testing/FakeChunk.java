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
  boolean held;
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

  /** It was closed so that bytes of it can still become part of a file. */
  public synchronized boolean isHeld() {
    return held;
  }

  /** The metaserver was told that no more bytes will come. */
  public synchronized boolean isClosed() {
    return closed;
  }
}
