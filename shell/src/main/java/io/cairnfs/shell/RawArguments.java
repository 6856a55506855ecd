package io.cairnfs.shell;

import io.cairnfs.shell.text.ByteText;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * The words of the command line with the bytes they were typed with. Java decodes them with the
 * locale and loses what it cannot decode; Linux still knows them.
 */
final class RawArguments {
  private static final char LOST = '\ufffd';
  private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");

  private RawArguments() {}

  static List<String> of(String[] decoded) {
    boolean plain =
        Arrays.stream(decoded).allMatch(word -> word.chars().allMatch(c -> c < 0x80 && c != LOST));
    if (plain || !Files.isReadable(COMMAND_LINE)) {
      return List.of(decoded);
    }
    try {
      return lastWords(Files.readAllBytes(COMMAND_LINE), decoded);
    } catch (IOException e) {
      // What Java made of them is the best that is left.
      return List.of(decoded);
    }
  }

  /** The last words of a command line, each ended by a NUL, as many as there are arguments. */
  static List<String> lastWords(byte[] commandLine, String[] decoded) {
    List<String> words = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < commandLine.length; i++) {
      if (commandLine[i] == 0) {
        words.add(ByteText.decode(Arrays.copyOfRange(commandLine, start, i)));
        start = i + 1;
      }
    }
    return words.size() < decoded.length
        ? List.of(decoded)
        : List.copyOf(words.subList(words.size() - decoded.length, words.size()));
  }
}
