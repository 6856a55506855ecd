package io.cairnfs.client.testing;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.CommitExtents;
import io.cairnfs.proto.metadata.InlineWrite;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/** What shared commits and the operations on ranges do with a file of the fake namespace. */
final class FakeRanges {
  private final int inlineBytes;

  FakeRanges(int inlineBytes) {
    this.inlineBytes = inlineBytes;
  }

  /**
   * @return the file's length before, where an append lands
   */
  long commit(FakeFile file, CommitExtents commit, long index) throws CairnException {
    long expected = commit.getExpectedContentIndex();
    if (expected != 0 && expected != file.contentIndex) {
      throw new CairnException(ErrorCode.CONTENT_CHANGED, "as of " + file.contentIndex);
    }
    long before = file.length;
    long base = commit.getAppend() ? before : 0;
    if (commit.getInlineWritesCount() > 0) {
      writeInline(file, base, commit.getInlineWritesList());
    } else {
      addExtents(file, base, commit.getExtentsList());
    }
    file.length = Math.max(file.length, base + commit.getLength());
    file.contentIndex = index;
    return before;
  }

  private void writeInline(FakeFile file, long base, List<InlineWrite> writes)
      throws CairnException {
    long end = file.length;
    for (InlineWrite write : writes) {
      end = Math.max(end, base + write.getOffset() + write.getData().size());
    }
    if (!file.extents.isEmpty() || end > inlineBytes) {
      throw new CairnException(ErrorCode.CONTENT_CHANGED, "not inline, or " + end + " bytes");
    }
    byte[] content = new byte[(int) end];
    file.inline.ifPresent(bytes -> bytes.copyTo(content, 0));
    for (InlineWrite write : writes) {
      write.getData().copyTo(content, (int) (base + write.getOffset()));
    }
    file.inline = Optional.of(ByteString.copyFrom(content));
    file.length = end;
  }

  private static void addExtents(FakeFile file, long base, List<Extent> extents)
      throws CairnException {
    int inline = file.inline.map(ByteString::size).orElse(0);
    if (!extents.isEmpty() && inline > 0) {
      long covered = 0;
      for (Extent extent : extents) {
        if (base + extent.getFileOffset() == covered) {
          covered += extent.getLength();
        }
      }
      if (covered < inline) {
        throw new CairnException(ErrorCode.CONTENT_CHANGED, "inline bytes are not covered");
      }
    }
    if (!extents.isEmpty()) {
      file.inline = Optional.empty();
    }
    for (Extent extent : extents) {
      long from = base + extent.getFileOffset();
      cut(file, from, from + extent.getLength());
      file.extents.add(extent.toBuilder().setFileOffset(from).build());
    }
    file.extents.sort(Comparator.comparingLong(Extent::getFileOffset));
  }

  /** Makes the range a hole. */
  static void cut(FakeFile file, long from, long until) {
    List<Extent> left = new ArrayList<>();
    for (Extent extent : file.extents) {
      long start = extent.getFileOffset();
      long end = start + extent.getLength();
      if (end <= from || start >= until) {
        left.add(extent);
        continue;
      }
      if (start < from) {
        left.add(extent.toBuilder().setLength(from - start).build());
      }
      if (end > until) {
        left.add(
            extent.toBuilder()
                .setFileOffset(until)
                .setLength(end - until)
                .setChunkOffset(extent.getChunkOffset() + until - start)
                .build());
      }
    }
    file.extents = left;
  }

  void setLength(FakeFile file, long length, long index) throws CairnException {
    cut(file, length, Long.MAX_VALUE);
    if (file.inline.isPresent()) {
      if (length > inlineBytes && !file.inline.get().isEmpty()) {
        throw new CairnException(ErrorCode.CONTENT_CHANGED, length + " bytes are not inline");
      }
      byte[] content = new byte[(int) Math.min(length, inlineBytes)];
      ByteString old = file.inline.get();
      old.substring(0, Math.min(old.size(), content.length)).copyTo(content, 0);
      file.inline = length == 0 ? Optional.empty() : Optional.of(ByteString.copyFrom(content));
    }
    file.length = length;
    file.contentIndex = index;
  }

  void punch(FakeFile file, long offset, long length, long index) {
    cut(file, offset, offset + length);
    if (file.inline.isPresent()) {
      byte[] content = file.inline.get().toByteArray();
      for (long i = offset; i < Math.min(content.length, offset + length); i++) {
        content[(int) i] = 0;
      }
      file.inline = Optional.of(ByteString.copyFrom(content));
    }
    file.contentIndex = index;
  }

  void share(
      FakeFile source, long sourceOffset, long length, FakeFile target, long offset, long index)
      throws CairnException {
    if (source.inline.isPresent() || target.inline.map(b -> !b.isEmpty()).orElse(false)) {
      throw new CairnException(ErrorCode.UNSUPPORTED, "inline bytes are not shared");
    }
    List<Extent> shared = new ArrayList<>();
    for (Extent extent : source.extents) {
      long from = Math.max(extent.getFileOffset(), sourceOffset);
      long until = Math.min(extent.getFileOffset() + extent.getLength(), sourceOffset + length);
      if (from < until) {
        shared.add(
            extent.toBuilder()
                .setFileOffset(from - sourceOffset + offset)
                .setLength(until - from)
                .setChunkOffset(extent.getChunkOffset() + from - extent.getFileOffset())
                .build());
      }
    }
    cut(target, offset, offset + length);
    target.inline = Optional.empty();
    target.extents.addAll(shared);
    target.extents.sort(Comparator.comparingLong(Extent::getFileOffset));
    target.length = Math.max(target.length, offset + length);
    target.contentIndex = index;
  }
}
