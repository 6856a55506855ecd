package io.cairnfs.simulation.system;

import io.cairnfs.metaserver.chunk.ChunkExtents;
import io.cairnfs.metaserver.machine.MetadataStateMachine;
import io.cairnfs.metaserver.store.MemoryStore;
import io.cairnfs.metaserver.store.MetadataStore;
import io.cairnfs.metaserver.store.StoreHome;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.raft.simulation.SimulatedMachine;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** The real state machine over a store in memory. */
final class MetadataMachine implements SimulatedMachine {
  private static final int CACHE_PLACES = 64;

  private final MemoryStore store;
  private final MetadataStateMachine machine;

  private MetadataMachine(MemoryStore store) {
    this.store = store;
    try {
      machine = new MetadataStateMachine(new Home(store), new ChunkExtents(), CACHE_PLACES);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private record Home(MemoryStore store) implements StoreHome {
    @Override
    public MetadataStore open() {
      return store;
    }

    @Override
    public MetadataStore install(Path checkpoint) {
      throw new UnsupportedOperationException("a checkpoint makes another machine");
    }
  }

  StoreView view() {
    return machine.view();
  }

  @Override
  public long index() {
    return machine.appliedIndex();
  }

  @Override
  public long term() {
    return machine.appliedTerm();
  }

  @Override
  public long digest() {
    return machine.digest();
  }

  @Override
  public Object apply(long entryIndex, long entryTerm, byte[] payload) {
    try {
      return machine.apply(entryIndex, entryTerm, payload);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void skip(long entryIndex, long entryTerm) {
    try {
      machine.skip(entryIndex, entryTerm);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public ByteBuffer save() {
    try {
      return ByteBuffer.wrap(store.dump());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public MetadataMachine copy() {
    return new MetadataMachine(store.copy());
  }

  /** Makes these machines. */
  static final class Metadata implements Kind {
    @Override
    public MetadataMachine empty() {
      return new MetadataMachine(new MemoryStore());
    }

    @Override
    public MetadataMachine load(ByteBuffer saved) {
      byte[] bytes = new byte[saved.remaining()];
      saved.get(bytes);
      try {
        return new MetadataMachine(MemoryStore.load(bytes));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
