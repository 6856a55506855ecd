package io.cairnfs.client.read;

import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Deadline;
import io.cairnfs.client.chunk.BlockCache;
import io.cairnfs.client.chunk.BlockCache.Awaited;
import io.cairnfs.client.chunk.BlockCache.Load;
import io.cairnfs.client.chunk.BlockCache.Missing;
import io.cairnfs.client.chunk.BlockCache.Part;
import io.cairnfs.client.chunk.BlockCache.Present;
import io.cairnfs.client.chunk.FetchedRange;
import io.cairnfs.common.error.CairnException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * One small positional read through the block cache: copies what is there, fetches what is not, and
 * waits for what others fetch only after its own fetches have ended. Not for several threads.
 */
final class CachedRead {
  private final FileReader file;
  private final BlockCache cache;
  private final ClientEnvironment environment;
  private final Deadline deadline;
  private final long position;
  private final ByteBuffer target;
  private final List<Own> own = new ArrayList<>();
  private final List<Others> others = new ArrayList<>();

  /** Bytes that this read fetches; with a load, for the cache as well. */
  private record Own(Block block, Optional<Load> load, long from, int count) {}

  /** Bytes that somebody else fetches. */
  private record Others(Load load, int index, long from, int count) {}

  /**
   * @param target of the bytes from the position on; its own position stays
   */
  CachedRead(
      FileReader file, BlockCache cache, long position, ByteBuffer target, Deadline deadline) {
    this.file = file;
    this.cache = cache;
    this.environment = file.environment();
    this.deadline = deadline;
    this.position = position;
    this.target = target;
  }

  /** Fills the target from runs that follow one another from the position on. */
  void read(List<ExtentMap.Run> runs) throws CairnException {
    try {
      long at = position;
      for (ExtentMap.Run run : runs) {
        begin(run, at);
        at += run.length();
      }
      for (Own fetch : own) {
        await(fetch);
      }
      for (Others fetch : others) {
        await(fetch);
      }
    } finally {
      for (Own fetch : own) {
        fetch.block().drop();
        fetch.load().ifPresent(cache::fail);
      }
    }
  }

  private void begin(ExtentMap.Run run, long at) {
    if (!run.settled()) {
      Block block = file.begin(run, at, (int) run.length());
      own.add(new Own(block, Optional.empty(), at, (int) run.length()));
      return;
    }
    long chunk = run.chunk().orElseThrow().getChunk();
    long toFile = at - run.chunkOffset();
    List<Part> parts =
        cache.look(
            chunk,
            run.chunkOffset(),
            run.chunkOffset() + run.length(),
            run.extentStart(),
            run.extentEnd());
    for (Part part : parts) {
      long from = part.from() + toFile;
      int count = (int) (part.until() - part.from());
      if (part instanceof Present present) {
        present.copyTo(target, index(from));
      } else if (part instanceof Awaited awaited) {
        others.add(
            new Others(awaited.load(), (int) (part.from() - awaited.load().start()), from, count));
      } else if (part instanceof Missing missing) {
        Load load = missing.load();
        ExtentMap.Run whole = run.movedTo(load.start());
        Block block = file.begin(whole, load.start() + toFile, load.length());
        own.add(new Own(block, Optional.of(load), from, count));
      }
    }
  }

  private int index(long at) {
    return (int) (at - position);
  }

  private void await(Own fetch) throws CairnException {
    Block block = fetch.block();
    boolean direct = file.awaitOrFetchAgain(block, deadline);
    if (fetch.load().isPresent() && !direct) {
      // Now: this read may wait for the same load with another of its runs.
      cache.fail(fetch.load().get());
    } else if (fetch.load().isPresent()) {
      byte[] bytes = new byte[block.length()];
      FetchedRange range = block.bytes().orElseThrow();
      int unused = range.copyTo(0, ByteBuffer.wrap(bytes));
      cache.complete(fetch.load().get(), bytes);
    }
    copy(block, fetch.from(), fetch.count());
    block.drop();
  }

  private void copy(Block block, long from, int count) {
    ByteBuffer part = target.slice(index(from), count);
    int unused = file.copy(block, (int) (from - block.position()), part);
  }

  private void await(Others fetch) throws CairnException {
    // Completed or failed within the time for a call of whoever makes it.
    Optional<byte[]> bytes = environment.await(fetch.load().bytes().copy());
    if (bytes.isPresent()) {
      target.put(index(fetch.from()), bytes.get(), fetch.index(), fetch.count());
      return;
    }
    long at = fetch.from();
    long end = at + fetch.count();
    while (at < end) {
      Block block = file.begin(at, end - at, deadline);
      try {
        boolean unused = file.awaitOrFetchAgain(block, deadline);
        copy(block, at, block.length());
      } finally {
        block.drop();
      }
      at = block.end();
    }
  }
}
