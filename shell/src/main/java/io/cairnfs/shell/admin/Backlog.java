package io.cairnfs.shell.admin;

import io.cairnfs.proto.metadata.BackgroundWork;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.types.ScrubStatus;
import io.cairnfs.proto.types.ServerMembership;
import io.cairnfs.shell.text.Sizes;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.OptionalLong;

/**
 * One kind of what the cluster does by itself.
 *
 * @param perSecond as it was done of late; 0 = nothing was done yet
 * @param secondsLeft at this pace; empty while nobody can tell
 */
record Backlog(Kind kind, long left, double perSecond, OptionalLong secondsLeft) {
  /** What is done. */
  enum Kind {
    REPAIR("repair", "copies"),
    SLOT_MOVES("slot-moves", "slots"),
    DELETES("deletes", "replicas"),
    /** The rounds of all data servers; they take as long as they are set to. */
    SCRUB("scrub", "bytes");

    private final String text;
    private final String unit;

    Kind(String text, String unit) {
      this.text = text;
      this.unit = unit;
    }
  }

  /** All kinds that a report tells of. */
  static List<Backlog> of(ClusterReportResult report) {
    List<Backlog> all = new ArrayList<>();
    for (BackgroundWork work : report.getWorkList()) {
      switch (work.getKind()) {
        case REPAIR -> all.add(of(Kind.REPAIR, work));
        case SLOT_MOVES -> all.add(of(Kind.SLOT_MOVES, work));
        case DELETES -> all.add(of(Kind.DELETES, work));
        case KIND_UNSPECIFIED, UNRECOGNIZED -> {}
      }
    }
    all.add(scrub(report));
    return List.copyOf(all);
  }

  private static Backlog of(Kind kind, BackgroundWork work) {
    return new Backlog(
        kind,
        work.getLeft(),
        work.getDonePerSecond(),
        secondsLeft(work.getLeft(), work.getDonePerSecond()));
  }

  private static OptionalLong secondsLeft(long left, double perSecond) {
    if (left == 0) {
      return OptionalLong.of(0);
    }
    return perSecond <= 0
        ? OptionalLong.empty()
        : OptionalLong.of((long) Math.ceil(left / perSecond));
  }

  /** The servers scrub side by side: it takes as long as the slowest. */
  private static Backlog scrub(ClusterReportResult report) {
    long left = 0;
    long perSecond = 0;
    long seconds = 0;
    boolean known = true;
    for (ServerReport server : report.getServersList()) {
      if (server.getMembership() != ServerMembership.OUT) {
        ScrubStatus status = server.getScrub();
        OptionalLong own = secondsLeft(status.getBytesLeft(), (double) status.getBytesPerSecond());
        known &= own.isPresent();
        seconds = Math.max(seconds, own.orElse(0));
        left += status.getBytesLeft();
        perSecond += status.getBytesPerSecond();
      }
    }
    return new Backlog(
        Kind.SCRUB,
        left,
        (double) perSecond,
        known ? OptionalLong.of(seconds) : OptionalLong.empty());
  }

  /** Stable, for programs. */
  String name() {
    return kind.text;
  }

  /** {@code 12 copies}. */
  String leftText() {
    return kind == Kind.SCRUB ? Sizes.human(left) : left + " " + kind.unit;
  }

  /** {@code about 2 min}, or that nobody can tell yet. */
  String timeLeft() {
    return secondsLeft.isPresent() ? "about " + Spans.text(secondsLeft.getAsLong()) : "unknown";
  }

  /** {@code 3.5 copies/s}. */
  String pace() {
    if (perSecond <= 0) {
      return "-";
    }
    return kind == Kind.SCRUB
        ? Sizes.human((long) perSecond) + "/s"
        : String.format(Locale.ROOT, "%.1f %s/s", perSecond, kind.unit);
  }
}
