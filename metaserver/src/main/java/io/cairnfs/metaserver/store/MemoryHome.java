package io.cairnfs.metaserver.store;

import java.io.IOException;
import java.nio.file.Path;

/** Stores in memory: every start begins with an empty one. */
public final class MemoryHome implements StoreHome {
  @Override
  public MetadataStore open() {
    return new MemoryStore();
  }

  @Override
  public MetadataStore install(Path checkpoint) throws IOException {
    return MemoryStore.open(checkpoint);
  }
}
