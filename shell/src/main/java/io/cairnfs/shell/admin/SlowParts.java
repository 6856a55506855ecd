package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlowPart;
import java.util.stream.Collectors;

/** What of a data server takes much longer than elsewhere. */
final class SlowParts {
  private SlowParts() {}

  /** With figures, for people. */
  static String describe(ServerReport server) {
    return server.getSlowPartsList().stream()
        .map(SlowParts::describe)
        .collect(Collectors.joining("; "));
  }

  private static String describe(SlowPart part) {
    return "99 % of "
        + subject(part)
        + " take up to "
        + millis(part.getP99Micros())
        + ", elsewhere "
        + millis(part.getOthersMedianMicros());
  }

  private static String subject(SlowPart part) {
    return switch (part.getKind()) {
      case FORCES -> "the forces on volume " + part.getVolume();
      case WRITES -> "the writes on volume " + part.getVolume();
      case READS -> "the reads on volume " + part.getVolume();
      case ACKNOWLEDGEMENTS -> "its acknowledgements";
      case KIND_UNSPECIFIED, UNRECOGNIZED -> "what it does";
    };
  }

  private static String millis(long micros) {
    return micros < 1_000 ? "less than 1 ms" : Math.round(micros / 1_000.0) + " ms";
  }

  /** For programs. */
  static void addTo(ObjectNode node, ServerReport server) {
    node.put("slow", server.getSlow());
    ArrayNode parts = node.putArray("slowParts");
    for (SlowPart part : server.getSlowPartsList()) {
      ObjectNode each = parts.addObject();
      each.put("kind", part.getKind().name());
      each.put("volume", part.getVolume());
      each.put("p99Micros", part.getP99Micros());
      each.put("othersMedianMicros", part.getOthersMedianMicros());
    }
  }
}
