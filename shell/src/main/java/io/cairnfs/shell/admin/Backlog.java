package io.cairnfs.shell.admin;

import io.cairnfs.proto.metadata.BackgroundWork;
import io.cairnfs.proto.metadata.ClusterReportResult;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * One kind of what the cluster does by itself.
 *
 * @param name stable, for programs
 * @param unit what is counted
 * @param perSecond as the leader has seen it of late; 0 = nothing was done yet
 */
record Backlog(BackgroundWork.Kind kind, String name, String unit, long left, double perSecond) {
  /** All kinds that a leader tells of. */
  static List<Backlog> of(ClusterReportResult report) {
    return report.getWorkList().stream().filter(Backlog::isKnown).map(Backlog::of).toList();
  }

  private static boolean isKnown(BackgroundWork work) {
    return switch (work.getKind()) {
      case REPAIR, SLOT_MOVES, DELETES -> true;
      case KIND_UNSPECIFIED, UNRECOGNIZED -> false;
    };
  }

  private static Backlog of(BackgroundWork work) {
    return switch (work.getKind()) {
      case REPAIR -> of(work, "repair", "copies");
      case SLOT_MOVES -> of(work, "slot-moves", "slots");
      case DELETES -> of(work, "deletes", "replicas");
      case KIND_UNSPECIFIED, UNRECOGNIZED ->
          throw new IllegalArgumentException(work.getKind().name());
    };
  }

  private static Backlog of(BackgroundWork work, String name, String unit) {
    return new Backlog(work.getKind(), name, unit, work.getLeft(), work.getDonePerSecond());
  }

  /** At the present rate; empty if nothing was done yet. */
  OptionalLong secondsLeft() {
    if (left == 0) {
      return OptionalLong.of(0);
    }
    return perSecond <= 0
        ? OptionalLong.empty()
        : OptionalLong.of((long) Math.ceil(left / perSecond));
  }

  /** {@code about 2 min}, or that nobody can tell yet. */
  String timeLeft() {
    OptionalLong seconds = secondsLeft();
    return seconds.isPresent() ? "about " + Spans.text(seconds.getAsLong()) : "unknown";
  }

  /** {@code 3.5 copies/s}. */
  String pace() {
    return perSecond <= 0 ? "-" : String.format(Locale.ROOT, "%.1f %s/s", perSecond, unit);
  }
}
