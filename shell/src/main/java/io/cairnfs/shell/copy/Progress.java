package io.cairnfs.shell.copy;

import io.cairnfs.shell.tree.Item;
import java.util.List;

/** Told how far a copy is. Methods but {@link #begin} and {@link #end} are called by any thread. */
public interface Progress {
  /** Tells nobody. */
  Progress NONE =
      new Progress() {
        @Override
        public void begin(List<Item> sources) {}

        @Override
        public void copied(long bytes) {}

        @Override
        public void end() {}
      };

  /** The copying of these begins. */
  void begin(List<Item> sources);

  /** More bytes have been copied. */
  void copied(long bytes);

  /** It is over. */
  void end();
}
