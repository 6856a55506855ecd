package io.cairnfs.client.read;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.metadata.MetadataClient;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.List;

/**
 * An opened file's length and extents, fetched as they are needed and again when a chunk is not
 * where it should be. Safe for any thread.
 */
final class FileContent {
  /** How much of the map is asked for at once. */
  private static final long MAP_BYTES = 1L << 30;

  private final ClientEnvironment environment;
  private final MetadataClient metadata;
  private final OpenResult opened;
  private final long length;

  /** The content must be as of this log index wherever it is asked for; 0 = any. */
  private final long contentIndex;

  private final ExtentMap extents = new ExtentMap();

  /**
   * @param from where the range begins whose extents were answered; it ends at {@code
   *     extents_until}
   * @param length the file's length, with what an open tail has beyond the committed one
   * @param contentIndex the content must be as of this log index wherever it is asked for; 0 = any
   */
  FileContent(
      ClientEnvironment environment,
      MetadataClient metadata,
      OpenResult opened,
      long from,
      long length,
      long contentIndex) {
    this.environment = environment;
    this.metadata = metadata;
    this.opened = opened;
    this.length = length;
    this.contentIndex = contentIndex;
    put(from, opened.getExtentsUntil(), opened.getExtentsList(), opened.getChunksList());
  }

  private void put(long from, long until, List<Extent> answered, List<ChunkLocation> locations) {
    List<Extent> known = answered.stream().map(this::withTail).toList();
    synchronized (extents) {
      extents.put(from, until, known, locations);
    }
  }

  /** An open tail reaches to the end of the file. */
  private Extent withTail(Extent extent) {
    boolean lengthened =
        extent.getOpenTail() && extent.getFileOffset() + extent.getLength() < length;
    return lengthened
        ? extent.toBuilder().setLength(length - extent.getFileOffset()).build()
        : extent;
  }

  long length() {
    return length;
  }

  boolean isInline() {
    return opened.getHasInline();
  }

  ByteString inline() {
    return opened.getInline();
  }

  String name() {
    return new InodeId(opened.getAttributes().getInode()).toString();
  }

  /** The run at a position inside the file. */
  ExtentMap.Run runAt(long position, long most, Deadline deadline) throws CairnException {
    long inside = Math.min(most, length() - position);
    for (int attempt = 0; attempt < 2; attempt++) {
      synchronized (extents) {
        if (extents.knows(position)) {
          return extents.runAt(position, inside);
        }
      }
      refresh(position, deadline);
    }
    synchronized (extents) {
      if (extents.knows(position)) {
        return extents.runAt(position, inside);
      }
    }
    throw new CairnException(
        ErrorCode.IO_ERROR, name() + ": the metaserver does not answer extents at " + position);
  }

  /** Asks anew where the bytes from {@code position} on are. */
  void refresh(long position, Deadline deadline) throws CairnException {
    if (deadline.isOver()) {
      throw new CairnException(ErrorCode.TIMED_OUT, name() + ": no time left to ask for extents");
    }
    ReadExtents query =
        ReadExtents.newBuilder()
            .setInode(opened.getAttributes().getInode())
            .setHandle(opened.getHandle())
            .setOffset(position)
            .setLength(Math.min(MAP_BYTES, length() - position))
            .build();
    ReadReply reply = environment.await(metadata.read(ReadRequest.newBuilder().setExtents(query)));
    ExtentsResult result = reply.getExtents();
    if (contentIndex != 0 && result.getContentIndex() != contentIndex) {
      throw new CairnException(
          ErrorCode.CONTENT_CHANGED,
          name() + " is as of index " + result.getContentIndex() + ", no more " + contentIndex);
    }
    put(position, result.getExtentsUntil(), result.getExtentsList(), result.getChunksList());
  }
}
