package io.cairnfs.shell.command;

import io.cairnfs.shell.text.ByteText;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Optional;

/** How values of extended attributes are typed and shown, as HDFS has it. */
enum AttributeText {
  TEXT,
  HEX,
  BASE64;

  static Optional<AttributeText> find(String name) {
    for (AttributeText each : values()) {
      if (each.name().equals(name.toUpperCase(Locale.ROOT))) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  String encode(byte[] value) {
    return switch (this) {
      case TEXT -> '"' + ByteText.decode(value) + '"';
      case HEX -> "0x" + HexFormat.of().formatHex(value);
      case BASE64 -> "0s" + Base64.getEncoder().encodeToString(value);
    };
  }

  /**
   * @throws IllegalArgumentException for what is neither text nor the hex or base64 it begins as
   */
  static byte[] decode(String typed) {
    if (typed.length() >= 2 && typed.startsWith("\"") && typed.endsWith("\"")) {
      return ByteText.encode(typed.substring(1, typed.length() - 1));
    }
    String start = typed.length() < 2 ? "" : typed.substring(0, 2).toLowerCase(Locale.ROOT);
    return switch (start) {
      case "0x" -> HexFormat.of().parseHex(typed.substring(2));
      case "0s" -> Base64.getDecoder().decode(typed.substring(2));
      default -> ByteText.encode(typed);
    };
  }
}
