package io.cairnfs.metaserver.machine;

import java.io.IOException;

/**
 * Keeps small what has to be applied again after a crash: everything that was applied is flushed
 * every tenth time it looks, and as soon as little comes any more, since a burst of changes is
 * often all there is for a while. For one thread, which calls {@link #look} once a second.
 */
public final class PeriodicFlush {
  private static final int LOOKS_BETWEEN_FLUSHES = 10;

  /** Entries; the cluster's own clock alone logs fewer in a second. */
  private static final long QUIET = 50;

  private final Flushed machine;
  private long seenIndex;
  private long flushedIndex;
  private int looks;

  /** What is flushed. */
  public interface Flushed {
    long appliedIndex();

    void flush() throws IOException;
  }

  public PeriodicFlush(Flushed machine) {
    this.machine = machine;
    seenIndex = machine.appliedIndex();
    flushedIndex = seenIndex;
  }

  public void look() throws IOException {
    long index = machine.appliedIndex();
    boolean quiet = index - seenIndex < QUIET;
    seenIndex = index;
    looks++;
    if ((quiet && index - flushedIndex >= QUIET) || looks >= LOOKS_BETWEEN_FLUSHES) {
      machine.flush();
      flushedIndex = index;
      looks = 0;
    }
  }
}
