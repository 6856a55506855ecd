package io.cairnfs.raft.log;

import io.cairnfs.common.disk.DiskFile;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/** One file of the log and where its records lie. Guarded by the log. */
final class Segment implements Closeable {
  private static final int ZERO_PIECE_BYTES = 1 << 20;

  private final String name;
  private final DiskFile file;
  private final Head head;
  private int[] offsets = new int[64];
  private int count;
  private int end = SegmentFormat.HEADER_BYTES;

  /**
   * What the header says.
   *
   * @param capacity length of the file in bytes
   */
  record Head(String group, long firstIndex, long previousTerm, long salt, int capacity) {}

  /**
   * @param name within the disk
   */
  Segment(String name, DiskFile file, Head head) {
    this.name = name;
    this.file = file;
    this.head = head;
  }

  String name() {
    return name;
  }

  DiskFile file() {
    return file;
  }

  long firstIndex() {
    return head.firstIndex();
  }

  long previousTerm() {
    return head.previousTerm();
  }

  long salt() {
    return head.salt();
  }

  int capacity() {
    return head.capacity();
  }

  /** One before the first index if the segment is empty. */
  long lastIndex() {
    return head.firstIndex() + count - 1;
  }

  /** Where the next record goes. */
  int end() {
    return end;
  }

  int room() {
    return head.capacity() - end;
  }

  /** Where the record of an index begins, or where it would. */
  int offsetOf(long index) {
    int position = Math.toIntExact(index - head.firstIndex());
    return position == count ? end : offsets[position];
  }

  /** Notes a record behind the last one. */
  void addRecord(int bytes) {
    if (count == offsets.length) {
      offsets = Arrays.copyOf(offsets, 2 * count);
    }
    offsets[count++] = end;
    end += bytes;
  }

  /** Notes a mark behind the last record. */
  void addMark(int bytes) {
    end += bytes;
  }

  /** Writes zeros over [start, stop) and forces the file. */
  void zero(int start, int stop) throws IOException {
    ByteBuffer zeros =
        ByteBuffer.allocateDirect(Math.min(ZERO_PIECE_BYTES, Math.max(1, stop - start)));
    for (int at = start; at < stop; at += zeros.capacity()) {
      file.write(zeros.clear().limit(Math.min(zeros.capacity(), stop - at)), at);
    }
    file.force();
  }

  /** Removes the records behind an index from the disk (forced). */
  void cutBehind(long index) throws IOException {
    int start = index < lastIndex() ? offsetOf(index + 1) : end;
    zero(start, end);
  }

  /** Forgets the records behind an index. */
  void forgetBehind(long index) {
    if (index < lastIndex()) {
      end = offsetOf(index + 1);
      count = Math.toIntExact(index - head.firstIndex() + 1);
    }
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
