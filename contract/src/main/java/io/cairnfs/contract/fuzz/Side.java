package io.cairnfs.contract.fuzz;

import java.io.Closeable;
import java.io.IOException;

/** Where one actor's calls go: to Cairn or to the machine's own file system. */
interface Side extends Closeable {
  Outcome run(Step step) throws IOException;

  /** Makes what the actor has written visible to the others; whose turn it is no longer. */
  void settle() throws IOException;
}
