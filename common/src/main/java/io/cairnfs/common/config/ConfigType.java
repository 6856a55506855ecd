package io.cairnfs.common.config;

/** What form a value must have. */
enum ConfigType {
  TEXT("text"),
  BOOLEAN("true or false"),
  INTEGER("whole number"),
  /** HOCON duration, such as 500ms or 5 minutes. */
  DURATION("duration"),
  /** HOCON size in bytes, such as 64MiB. */
  SIZE("size in bytes"),
  ADDRESSES("list of host:port"),
  TEXTS("list of texts");

  private final String words;

  ConfigType(String words) {
    this.words = words;
  }

  String words() {
    return words;
  }
}
