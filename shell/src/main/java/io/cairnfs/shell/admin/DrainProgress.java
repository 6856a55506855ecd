package io.cairnfs.shell.admin;

import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.Blocker;
import io.cairnfs.proto.metadata.DependenceResult;
import io.cairnfs.shell.text.Sizes;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;

/** How a drain goes on, from what was heard of it a few times: rate, time left, what lasts. */
final class DrainProgress {
  private static final int WINDOW = 30;

  /** What is there for a moment only is on its way out by itself. */
  private static final int LASTING = 5;

  private record Sample(long nanos, long bytes) {}

  private final Deque<Sample> samples = new ArrayDeque<>();
  private final Map<String, Integer> seen = new HashMap<>();
  private DependenceResult last = DependenceResult.getDefaultInstance();

  /** One more answer; blockers that have just turned out to last. */
  List<String> heard(DependenceResult answer, long nanos) {
    last = answer;
    samples.add(new Sample(nanos, answer.getBytes()));
    if (samples.size() > WINDOW) {
      samples.remove();
    }
    List<String> lasting = new ArrayList<>();
    Map<String, Integer> now = new HashMap<>();
    for (Blocker blocker : answer.getBlockersList()) {
      String text = describe(blocker);
      int times = seen.getOrDefault(text, 0) + 1;
      if (now.put(text, times) == null && times == patience(blocker)) {
        lasting.add(text);
      }
    }
    seen.clear();
    seen.putAll(now);
    return lasting;
  }

  private static int patience(Blocker blocker) {
    return switch (blocker.getKind()) {
      case TOO_FEW_SERVERS, NO_SPACE -> 1;
      case SERVER_SILENT,
          COPY_FAILED,
          NO_SOURCE,
          OPEN_CHUNK,
          STILL_NEEDED,
          KIND_UNSPECIFIED,
          UNRECOGNIZED ->
          LASTING;
    };
  }

  /** Bytes per second of late; 0 while nothing moves or it is not known yet. */
  long bytesPerSecond() {
    if (samples.size() < 2) {
      return 0;
    }
    double seconds = (samples.getLast().nanos() - samples.getFirst().nanos()) / 1e9;
    long moved = samples.getFirst().bytes() - samples.getLast().bytes();
    return moved <= 0 || seconds <= 0 ? 0 : (long) (moved / seconds);
  }

  /** At the present rate. */
  OptionalLong secondsLeft() {
    long rate = bytesPerSecond();
    if (last.getSafe()) {
      return OptionalLong.of(0);
    }
    return rate == 0 ? OptionalLong.empty() : OptionalLong.of(last.getBytes() / rate);
  }

  /** {@code 12 slots, 340 chunks, 1.5 G left, 40 M/s, 0:38 left}. */
  String line() {
    String about = last.getEstimated() ? "about " : "";
    long rate = bytesPerSecond();
    StringBuilder line = new StringBuilder();
    line.append(last.getActingSlots())
        .append(" slots, ")
        .append(last.getChunks())
        .append(" chunks, ")
        .append(about)
        .append(Sizes.human(last.getBytes()))
        .append(" left");
    if (last.getOpenChunks() > 0) {
      line.append(", ").append(last.getOpenChunks()).append(" being written");
    }
    if (rate > 0) {
      line.append(", ").append(Sizes.human(rate)).append("/s");
      secondsLeft().ifPresent(seconds -> line.append(", ").append(time(seconds)).append(" left"));
    }
    return line.toString();
  }

  private static String time(long seconds) {
    return seconds >= 3600
        ? String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60)
        : String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60);
  }

  /** What is in the way, and who can do something about it. */
  static String describe(Blocker blocker) {
    StringBuilder text = new StringBuilder(blocker.getProblem());
    if (!blocker.getPath().isEmpty()) {
      text.append(", path=").append(blocker.getPath().toString(StandardCharsets.UTF_8));
    } else if (blocker.getInode() != 0) {
      text.append(", inode=").append(blocker.getInode());
    }
    if (blocker.getSession() != 0) {
      text.append(", by user=")
          .append(blocker.getUser())
          .append(" host=")
          .append(blocker.getHost())
          .append(" client=")
          .append(blocker.getClientName());
    }
    return text.toString();
  }

  /** The chunk's name as logs have it; empty for what is about no chunk. */
  static String chunkOf(Blocker blocker) {
    return blocker.getChunk() == 0 ? "" : new ChunkId(blocker.getChunk()).toString();
  }
}
