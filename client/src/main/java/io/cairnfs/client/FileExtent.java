package io.cairnfs.client;

import io.cairnfs.common.id.ChunkId;
import java.util.List;
import java.util.Objects;

/**
 * A range of a file and where its bytes are: {@code [fileOffset, fileOffset + length)} of the file
 * is {@code [chunkOffset, chunkOffset + length)} of the chunk.
 *
 * @param replication copies that the chunk should have
 * @param members the servers that should hold it, nearest and healthiest first
 */
public record FileExtent(
    long fileOffset,
    long length,
    ChunkId chunk,
    long chunkOffset,
    int replication,
    List<DataServerAddress> members) {
  public FileExtent {
    Objects.requireNonNull(chunk, "chunk");
    members = List.copyOf(members);
  }
}
