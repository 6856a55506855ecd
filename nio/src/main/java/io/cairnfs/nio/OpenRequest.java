package io.cairnfs.nio;

import io.cairnfs.client.OpenOptions;
import io.cairnfs.client.OpenOptions.Existence;
import java.nio.file.LinkOption;
import java.nio.file.OpenOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.util.Objects;
import java.util.Set;

/**
 * What a program asks for when it opens a file, checked and in the client's words.
 *
 * @param deleteOnClose the name goes when the channel is closed
 */
record OpenRequest(OpenOptions options, boolean deleteOnClose) {
  private static final int DEFAULT_MODE = 0666;

  /**
   * @throws IllegalArgumentException for a combination that {@code java.nio.file} forbids
   * @throws UnsupportedOperationException for an option or attribute that is not known
   */
  static OpenRequest of(Set<? extends OpenOption> asked, FileAttribute<?>... attributes) {
    for (OpenOption option : asked) {
      Objects.requireNonNull(option, "open option");
      if (!(option instanceof StandardOpenOption) && !(option instanceof LinkOption)) {
        throw new UnsupportedOperationException("open option " + option);
      }
    }
    boolean append = asked.contains(StandardOpenOption.APPEND);
    boolean write = append || asked.contains(StandardOpenOption.WRITE);
    boolean read = asked.contains(StandardOpenOption.READ);
    boolean truncate = asked.contains(StandardOpenOption.TRUNCATE_EXISTING);
    if (append && (read || truncate)) {
      throw new IllegalArgumentException(
          "APPEND together with " + (read ? "READ" : "TRUNCATE_EXISTING"));
    }
    OpenOptions options =
        (write
                ? (read ? OpenOptions.forReadingAndWriting() : OpenOptions.forWriting())
                : OpenOptions.forReading())
            .withMode(Modes.ofCreation(DEFAULT_MODE, attributes))
            .withExistence(write ? existence(asked) : Existence.REQUIRE);
    if (append) {
      options = options.appending();
    }
    if (truncate && write) {
      options = options.truncating();
    }
    if (asked.contains(StandardOpenOption.SYNC) || asked.contains(StandardOpenOption.DSYNC)) {
      options = options.syncingWrites();
    }
    boolean deleteOnClose = asked.contains(StandardOpenOption.DELETE_ON_CLOSE);
    if (deleteOnClose || asked.contains(LinkOption.NOFOLLOW_LINKS)) {
      options = options.noFollow();
    }
    return new OpenRequest(options, deleteOnClose);
  }

  private static Existence existence(Set<? extends OpenOption> asked) {
    if (asked.contains(StandardOpenOption.CREATE_NEW)) {
      return Existence.CREATE_NEW;
    }
    return asked.contains(StandardOpenOption.CREATE) ? Existence.CREATE : Existence.REQUIRE;
  }
}
