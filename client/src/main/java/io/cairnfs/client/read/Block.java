package io.cairnfs.client.read;

import io.cairnfs.client.chunk.ChunkFetch;
import io.cairnfs.client.chunk.FetchedRange;
import java.util.Optional;

/** A run of a file that is being fetched, or has been; a hole has nothing to fetch. */
final class Block {
  private final long position;
  private final int length;
  private final Optional<ChunkFetch> fetch;
  private FetchedRange bytes;

  Block(long position, int length, Optional<ChunkFetch> fetch) {
    this.position = position;
    this.length = length;
    this.fetch = fetch;
  }

  long position() {
    return position;
  }

  int length() {
    return length;
  }

  long end() {
    return position + length;
  }

  Optional<ChunkFetch> fetch() {
    return fetch;
  }

  boolean isReady() {
    return bytes != null || fetch.isEmpty() || fetch.get().hasArrived();
  }

  Optional<FetchedRange> bytes() {
    return Optional.ofNullable(bytes);
  }

  void arrived(FetchedRange range) {
    bytes = range;
  }

  /** Gives up the fetch or its bytes. */
  void drop() {
    fetch.ifPresent(ChunkFetch::cancel);
    if (bytes != null) {
      bytes.release();
      bytes = null;
    }
  }
}
