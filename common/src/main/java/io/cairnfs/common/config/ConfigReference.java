package io.cairnfs.common.config;

/** The commented reference that ships as {@code conf/cairn.conf}. */
public final class ConfigReference {
  private ConfigReference() {}

  /** Every key with its sentence, its form and its default, commented out. */
  public static String render() {
    StringBuilder text = new StringBuilder();
    text.append(
        "# Cairn's configuration (HOCON). Every key is here with its default; uncomment what you change.\n");
    text.append(
        "# Durations: 500ms, 10s, 5m, 7d. Sizes: 512KiB, 64MiB, 2GiB. Relative paths start at this file.\n");
    String section = "";
    for (ConfigKey key : ConfigKey.values()) {
      String head = key.path().substring(0, key.path().indexOf('.'));
      if (!head.equals(section)) {
        text.append('\n');
        section = head;
      }
      text.append("# ")
          .append(key.sentence())
          .append(" (")
          .append(key.type().words())
          .append(")\n");
      text.append('#').append(key.path()).append(" = ").append(shown(key)).append('\n');
    }
    return text.toString();
  }

  private static String shown(ConfigKey key) {
    return key.type() == ConfigType.TEXT ? '"' + key.defaultText() + '"' : key.defaultText();
  }

  /** Prints the reference: the build's way to renew the file. */
  public static void main(String[] arguments) {
    System.out.print(render());
  }
}
