package io.cairnfs.dataserver.storage;

/** Holds back a reader of much: the scrubber and copies. */
@FunctionalInterface
public interface ReadPace {
  /** As fast as the disk gives. */
  ReadPace FREE = bytes -> {};

  /** Waits until so many bytes may be read. */
  void beforeRead(int bytes);
}
