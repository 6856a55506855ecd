package io.cairnfs.client;

import io.cairnfs.client.CairnFile.Range;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.EOFException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.stream.IntStream;

/** Reads ranges of a file, those near each other by one request. */
final class VectoredRead {
  /** A gap that costs less to read than a request of its own. */
  private static final int MAX_GAP_BYTES = 64 << 10;

  /** A range and its place in what was asked. */
  private record Wanted(Range range, CompletableFuture<ByteBuffer> answer) {}

  private final CairnFile file;
  private final List<Wanted> wanted;
  private final int mostBytes;

  /**
   * @param mostBytes ranges are not merged to more than this
   * @throws IllegalArgumentException if two ranges overlap
   */
  VectoredRead(CairnFile file, List<Range> ranges, int mostBytes) {
    this.file = file;
    this.mostBytes = mostBytes;
    wanted =
        IntStream.range(0, ranges.size())
            .mapToObj(i -> new Wanted(ranges.get(i), new CompletableFuture<>()))
            .toList();
    List<Wanted> sorted = sorted();
    for (int i = 1; i < sorted.size(); i++) {
      if (sorted.get(i).range().position() < sorted.get(i - 1).range().end()) {
        throw new IllegalArgumentException(
            sorted.get(i - 1).range() + " and " + sorted.get(i).range() + " overlap");
      }
    }
  }

  private List<Wanted> sorted() {
    return wanted.stream().sorted(Comparator.comparingLong(w -> w.range().position())).toList();
  }

  /** One future for each range, in the order in which they were given. */
  List<CompletableFuture<ByteBuffer>> begin(Executor executor) {
    for (List<Wanted> group : groups()) {
      try {
        executor.execute(() -> read(group));
      } catch (RejectedExecutionException e) {
        CairnException busy =
            new CairnException(ErrorCode.BUSY, "too many reads wait already, or closed", e);
        group.forEach(one -> one.answer().completeExceptionally(busy));
      }
    }
    return wanted.stream().map(Wanted::answer).toList();
  }

  /** Ranges to be read together. */
  private List<List<Wanted>> groups() {
    List<List<Wanted>> groups = new ArrayList<>();
    List<Wanted> group = new ArrayList<>();
    for (Wanted next : sorted()) {
      boolean joins =
          !group.isEmpty()
              && next.range().position() - last(group).range().end() <= MAX_GAP_BYTES
              && next.range().end() - group.get(0).range().position() <= mostBytes;
      if (!joins && !group.isEmpty()) {
        groups.add(group);
        group = new ArrayList<>();
      }
      group.add(next);
    }
    if (!group.isEmpty()) {
      groups.add(group);
    }
    return groups;
  }

  private static Wanted last(List<Wanted> group) {
    return group.get(group.size() - 1);
  }

  private void read(List<Wanted> group) {
    try {
      long start = group.get(0).range().position();
      ByteBuffer whole = ByteBuffer.allocate((int) (last(group).range().end() - start));
      while (whole.hasRemaining() && file.read(start + whole.position(), whole) > 0) {
        // Until everything is here, or the file ends.
      }
      for (Wanted one : group) {
        int from = (int) (one.range().position() - start);
        if (from + one.range().length() > whole.position()) {
          one.answer()
              .completeExceptionally(
                  new EOFException(
                      one.range() + " reaches beyond the end at " + (start + whole.position())));
        } else {
          one.answer().complete(whole.slice(from, one.range().length()));
        }
      }
    } catch (java.io.IOException | RuntimeException e) {
      CairnException failure = Failures.of(e);
      group.forEach(one -> one.answer().completeExceptionally(failure));
    }
  }
}
