package io.cairnfs.shell.copy;

import java.util.Set;

/**
 * How files are copied.
 *
 * @param overwrite existing files are replaced
 * @param direct files are written under their final names; what fails stays behind incomplete
 * @param shares no data is copied: the copy shares the source's
 * @param threads files copied at once
 * @param streams of them, files that are longer than what one call carries
 * @param queue files that may wait for a thread
 */
public record CopyRules(
    boolean overwrite,
    boolean direct,
    boolean shares,
    Set<Preserve> preserve,
    int threads,
    int streams,
    int queue) {
  public CopyRules {
    preserve = Set.copyOf(preserve);
  }
}
