package io.cairnfs.metaserver.operation;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.InodeRecord;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.NamespaceEditor;
import java.util.Arrays;

/**
 * The bytes of a tiny file while a command changes them. A file has all of its bytes inline or
 * none: what would be more than the cluster's bound has to be moved to a chunk by its writer first.
 */
final class InlineBytes {
  private final NamespaceEditor namespace;
  private final InodeRecord file;
  private final int limit;
  private byte[] bytes;

  private InlineBytes(CommandContext context, InodeRecord file, byte[] bytes)
      throws CairnException {
    this.namespace = context.namespace();
    this.file = file;
    this.limit = context.cluster().inlineBytes();
    this.bytes = bytes;
  }

  /**
   * @throws CairnException CONTENT_CHANGED for a file whose bytes are in chunks, or that is a hole
   *     too long for this
   */
  static InlineBytes of(CommandContext context, InodeRecord file) throws CairnException {
    InlineBytes inline =
        new InlineBytes(context, file, context.namespace().inlineContent(file.id()));
    if (file.content() == ContentKind.EXTENTS) {
      throw new CairnException(ErrorCode.CONTENT_CHANGED, file.id() + " has its bytes in chunks");
    }
    inline.resize(file.length());
    return inline;
  }

  long length() {
    return bytes.length;
  }

  /**
   * Cut, or filled up with zeros.
   *
   * @throws CairnException CONTENT_CHANGED for more than can be inline
   */
  void resize(long length) throws CairnException {
    if (length > limit) {
      throw new CairnException(
          ErrorCode.CONTENT_CHANGED,
          file.id() + ": " + length + " bytes; at most " + limit + " can be inline");
    }
    bytes = Arrays.copyOf(bytes, (int) length);
  }

  /**
   * @throws CairnException as {@link #resize}
   */
  void write(long offset, ByteString data) throws CairnException {
    long end = OpenFile.requireRange(offset, data.size());
    if (data.isEmpty()) {
      return;
    }
    if (end > bytes.length) {
      resize(end);
    }
    data.copyTo(bytes, (int) offset);
  }

  /** The range of the bytes becomes zeros. */
  void zero(long from, long to) {
    int start = (int) Math.min(from, bytes.length);
    Arrays.fill(bytes, start, (int) Math.min(Math.max(start, to), bytes.length), (byte) 0);
  }

  ByteString range(long from, long to) {
    return ByteString.copyFrom(bytes, (int) from, (int) (to - from));
  }

  /** Stores the bytes, and returns the file's record, which the caller stores. */
  InodeRecord store() {
    if (bytes.length == 0) {
      namespace.deleteInlineContent(file.id());
      return file.edit().content(ContentKind.NONE).length(0).done();
    }
    namespace.putInlineContent(file.id(), bytes);
    return file.edit().content(ContentKind.INLINE).length(bytes.length).done();
  }
}
