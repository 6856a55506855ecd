package io.cairnfs.client;

import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.read.FollowingReader;
import io.cairnfs.client.session.Session;
import io.cairnfs.client.write.RangeWriter;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.AllocateRange;
import io.cairnfs.proto.metadata.CloneRange;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.Punch;
import io.cairnfs.proto.metadata.RangeResult;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.Attributes;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;

/**
 * A file that this client has open, once for all its handles, so that they see each other's writes
 * at once. Safe for any thread.
 */
final class SharedFile {
  private final ClientEnvironment environment;
  private final Session session;
  private final long inode;
  private final FollowingReader reader;

  /** Of whoever opened it first: shows that this client has the file open. */
  private final ByteString handle;

  /** Guarded by the registry. */
  private int handles;

  /** Present as soon as somebody opened the file for writing. */
  private volatile RangeWriter writer;

  SharedFile(
      ClientEnvironment environment,
      Session session,
      long inode,
      ByteString handle,
      FollowingReader reader) {
    this.environment = environment;
    this.session = session;
    this.inode = inode;
    this.handle = handle;
    this.reader = reader;
  }

  Session session() {
    return session;
  }

  long inode() {
    return inode;
  }

  ByteString handle() {
    return handle;
  }

  void retain() {
    handles++;
  }

  /**
   * @return whether that was the last handle
   */
  boolean release() {
    handles--;
    return handles == 0;
  }

  Optional<RangeWriter> writer() {
    return Optional.ofNullable(writer);
  }

  void setWriter(RangeWriter opened) {
    writer = opened;
  }

  FollowingReader reader() {
    return reader;
  }

  void requireSession() throws CairnException {
    if (!session.isOpen()) {
      throw new CairnException(
          ErrorCode.SESSION_EXPIRED,
          new InodeId(inode) + ": " + session.id() + " has ended before this file was closed");
    }
  }

  boolean isDirty() {
    RangeWriter writing = writer;
    return writing != null && writing.isDirty();
  }

  /** What the file is like after that, if there was something to do. */
  Optional<Attributes> flushDirty() throws CairnException {
    RangeWriter writing = writer;
    return writing != null && writing.isDirty() ? writing.flush() : Optional.empty();
  }

  int read(long position, ByteBuffer target, boolean fresh) throws CairnException {
    RangeWriter writing = writer;
    int start = target.position();
    if (writing != null && writing.overlapsDirty(position, position + target.remaining())) {
      var unused = writing.flush();
    }
    int count = reader.read(position, target, fresh);
    long read = Math.max(0, count);
    if (writing != null && target.hasRemaining() && writing.dirtyEnd() > position + read) {
      // What this client has written further on makes the file longer: a hole lies between.
      var unused = writing.flush();
      target.position(start);
      return reader.read(position, target, fresh);
    }
    return count;
  }

  Attributes attributes() throws CairnException {
    var unused = flushDirty();
    return reader.refresh();
  }

  long length() throws CairnException {
    // Asked for before: what is committed meanwhile is in the answer.
    RangeWriter writing = writer;
    long dirtyEnd = writing == null ? 0 : writing.dirtyEnd();
    return Math.max(dirtyEnd, reader.refresh().getLength());
  }

  long seek(long offset, boolean hole) throws CairnException {
    var unused = flushDirty();
    return reader.seek(offset, hole);
  }

  private RangeWriter requireWriter() {
    return Optional.ofNullable(writer).orElseThrow();
  }

  void truncate(long length) throws CairnException {
    var unused =
        requireWriter()
            .change(
                (open, handle) -> {
                  RangeResult result;
                  do {
                    SetLength cut =
                        SetLength.newBuilder().setFile(target(handle)).setLength(length).build();
                    result = apply(open, Operation.newBuilder().setSetLength(cut));
                  } while (result.getUntil() > length);
                  return result;
                });
  }

  private FileRef target(ByteString handle) {
    return FileRef.newBuilder().setInode(inode).setHandle(handle).build();
  }

  /** Within a change of the writer. */
  private RangeResult apply(Session open, Operation.Builder operation) throws CairnException {
    RangeResult result = environment.await(open.mutate(operation.build())).getRange();
    requireWriter().changed(result.getAttributes());
    return result;
  }

  void allocate(long offset, long length, boolean keepLength) throws CairnException {
    var unused =
        requireWriter()
            .change(
                (open, handle) ->
                    apply(
                        open,
                        Operation.newBuilder()
                            .setAllocateRange(
                                AllocateRange.newBuilder()
                                    .setFile(target(handle))
                                    .setOffset(offset)
                                    .setLength(length)
                                    .setKeepLength(keepLength))));
  }

  void punch(long offset, long length) throws CairnException {
    long end = offset + length;
    var unused =
        requireWriter()
            .change(
                (open, handle) -> {
                  long at = offset;
                  while (at < end) {
                    Punch punch =
                        Punch.newBuilder()
                            .setFile(target(handle))
                            .setOffset(at)
                            .setLength(end - at)
                            .build();
                    at = progress(at, apply(open, Operation.newBuilder().setPunch(punch)));
                  }
                  return at;
                });
  }

  private static long progress(long at, RangeResult result) throws CairnException {
    if (result.getUntil() <= at) {
      throw new CairnException(
          ErrorCode.IO_ERROR,
          "the metaserver has come to " + result.getUntil() + " and not beyond " + at);
    }
    return result.getUntil();
  }

  /** Shares bytes that the source has with this file. */
  void cloneFrom(FileRef source, long sourceOffset, long length, long targetOffset)
      throws CairnException {
    long end = targetOffset + length;
    var unused =
        requireWriter()
            .change(
                (open, handle) -> {
                  long at = targetOffset;
                  while (at < end) {
                    CloneRange clone =
                        CloneRange.newBuilder()
                            .setSource(source)
                            .setSourceOffset(sourceOffset + at - targetOffset)
                            .setLength(end - at)
                            .setTarget(target(handle))
                            .setTargetOffset(at)
                            .build();
                    at = progress(at, apply(open, Operation.newBuilder().setCloneRange(clone)));
                  }
                  return at;
                });
  }

  long write(long position, List<ByteBuffer> sources) throws CairnException {
    return requireWriter().write(position, sources);
  }
}
