package io.cairnfs.metaserver.store;

import java.io.IOException;
import java.nio.file.Path;

/** Where a process keeps its store, and how another one takes its place. One caller at a time. */
public interface StoreHome {
  /** The store of this home; an empty one the first time. */
  MetadataStore open() throws IOException;

  /**
   * Puts a copy of a checkpoint, made by {@link MetadataStore#checkpoint}, in the place of the
   * store. A crash leaves the old or the new store, whole. The old one is to be closed by the
   * caller; its views stay readable.
   */
  MetadataStore install(Path checkpoint) throws IOException;
}
