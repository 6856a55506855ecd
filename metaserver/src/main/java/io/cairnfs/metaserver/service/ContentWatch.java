package io.cairnfs.metaserver.service;

/** Who hears which files' bytes changed places. Called from any thread; does not block. */
public interface ContentWatch {
  /** Nobody is interested. */
  ContentWatch NONE =
      new ContentWatch() {
        @Override
        public void changed(long inode) {
          // Nobody is interested.
        }

        @Override
        public void policiesChanged() {
          // Nobody is interested.
        }

        @Override
        public boolean isTooFragmented(long inode) {
          return false;
        }
      };

  /** Extents of the file were added, cut or taken away. */
  void changed(long inode);

  /** Files may have to lie elsewhere now. */
  void policiesChanged();

  /** The file has so many extents that more of them have to wait. */
  boolean isTooFragmented(long inode);
}
