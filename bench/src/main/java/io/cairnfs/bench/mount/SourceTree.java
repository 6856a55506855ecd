package io.cairnfs.bench.mount;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;

/**
 * A tree like one of sources, always the same: directories of some ten files, 14 KB in the mean,
 * many small and few large, words that compress as sources do.
 */
final class SourceTree {
  private static final int FILES_PER_DIRECTORY = 12;
  private static final int WORDS = 4_000;

  /** The logarithm of a file's length is normally distributed: half of them are below 6.2 KB. */
  private static final double MEDIAN_BYTES = 6_200;

  private static final double DEVIATION = 1.28;
  private static final int LARGEST_BYTES = 1 << 20;

  private SourceTree() {}

  /**
   * Writes it into a new directory.
   *
   * @return bytes of all files
   */
  static long write(Path root, int files) throws IOException {
    Random random = new Random(28);
    String[] words = words(random);
    long total = 0;
    Path directory = root;
    for (int i = 0; i < files; i++) {
      if (i % FILES_PER_DIRECTORY == 0) {
        int number = i / FILES_PER_DIRECTORY;
        directory =
            Files.createDirectories(
                root.resolve("module-" + number % 9)
                    .resolve("package" + number % 4)
                    .resolve("part" + number));
      }
      int length =
          (int)
              Math.min(
                  LARGEST_BYTES,
                  Math.round(MEDIAN_BYTES * Math.exp(DEVIATION * random.nextGaussian())));
      Path unused =
          Files.write(
              directory.resolve("Source" + i + ".java"), text(random, words, Math.max(1, length)));
      total += Math.max(1, length);
    }
    return total;
  }

  private static String[] words(Random random) {
    String[] words = new String[WORDS];
    for (int i = 0; i < WORDS; i++) {
      StringBuilder word = new StringBuilder();
      int length = 2 + random.nextInt(10);
      for (int j = 0; j < length; j++) {
        word.append((char) ('a' + random.nextInt(26)));
      }
      words[i] = word.toString();
    }
    return words;
  }

  private static byte[] text(Random random, String[] words, int length) {
    StringBuilder text = new StringBuilder(length + 100);
    while (text.length() < length) {
      text.append("  ".repeat(random.nextInt(4)));
      int count = 1 + random.nextInt(9);
      for (int i = 0; i < count; i++) {
        // Some words are far more frequent than others.
        double place = random.nextDouble();
        text.append(words[(int) (place * place * place * WORDS)]).append(' ');
      }
      text.append(";\n");
    }
    text.setLength(length);
    return text.toString().getBytes(StandardCharsets.US_ASCII);
  }
}
