package io.cairnfs.contract.fuzz;

import java.io.Closeable;
import java.io.IOException;
import java.util.Map;

/**
 * Where the worlds of one side are: five directories deep each, so that no symlink leads out. Safe
 * for any thread.
 */
interface Home extends Closeable {
  String BELOW = "r/r/r/r/r";

  /** A new world, as every actor sees it. */
  Map<String, Side> begin(String world) throws IOException;

  /** Removes a world; its sides have been closed. */
  void remove(String world) throws IOException;
}
