package io.cairnfs.metaserver.store;

/** Checks that every store makes. */
final class StoreChecks {
  private StoreChecks() {}

  /** A log entry is applied once, in order. */
  static void requireAfter(Applied before, Applied next) {
    if (next.index() <= before.index() || next.term() < before.term()) {
      throw new IllegalStateException(
          "index "
              + next.index()
              + " of term "
              + next.term()
              + " does not come after index "
              + before.index()
              + " of term "
              + before.term());
    }
  }
}
