package io.cairnfs.localcluster;

import io.cairnfs.metaserver.store.Applied;
import io.cairnfs.metaserver.store.MetadataStore;
import io.cairnfs.metaserver.store.RocksHome;
import io.cairnfs.metaserver.store.RocksOptions;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.metaserver.store.WriteBatch;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import java.util.stream.Stream;

/**
 * A process that fills a store on disk from a log that follows from numbers alone, and ends at
 * once, closing nothing, in the middle of a step: when its directory has changed so many times.
 */
final class StoreLife {
  static final int FLUSHED = 20;
  static final int APPLIED = 40;
  static final int INSTALLED = 60;
  static final int END = 80;

  /** Exit code of a process that ended in the middle of its step. */
  static final int ENDED_WITHIN = 9;

  private static final int RECORDS = 40;

  private StoreLife() {}

  /** What the process is doing when it ends. */
  enum Step {
    FLUSH,
    CHECKPOINT,
    INSTALL
  }

  /** One entry of the log: new records in all tables, and the end of older ones. */
  static List<WriteBatch.Write> entry(long index) {
    List<WriteBatch.Write> writes = new ArrayList<>();
    SplittableRandom random = new SplittableRandom(index);
    Table[] tables = Table.values();
    for (int i = 0; i < RECORDS; i++) {
      byte[] value = new byte[50 + random.nextInt(400)];
      random.nextBytes(value);
      writes.add(new WriteBatch.Put(tables[i % tables.length], key(index, i), value));
    }
    if (index > 5) {
      for (int i = 0; i < RECORDS / 2; i++) {
        writes.add(new WriteBatch.Delete(tables[i % tables.length], key(index - 5, i)));
      }
    }
    return writes;
  }

  private static byte[] key(long index, int number) {
    return ByteBuffer.allocate(17)
        .put((byte) 0)
        .putLong(index * 7919 % 101)
        .putLong(index * 1_000 + number)
        .array();
  }

  /** The digest of all records after an entry, in a run that nothing interrupts. */
  static StoreDigest digestAt(long index) {
    StoreDigest digest = StoreDigest.EMPTY;
    for (long at = 1; at <= index; at++) {
      for (WriteBatch.Write write : entry(at)) {
        if (write instanceof WriteBatch.Put put) {
          digest = digest.plus(put.table(), put.key(), put.value());
        } else {
          digest = digest.minus(write.table(), write.key(), valueOf(at - 5, write));
        }
      }
    }
    return digest;
  }

  private static byte[] valueOf(long index, WriteBatch.Write deleted) {
    return entry(index).stream()
        .filter(WriteBatch.Put.class::isInstance)
        .map(WriteBatch.Put.class::cast)
        .filter(put -> put.table() == deleted.table() && Arrays.equals(put.key(), deleted.key()))
        .findFirst()
        .orElseThrow()
        .value();
  }

  static void apply(MetadataStore store, long upTo) throws IOException {
    for (long index = store.applied().index() + 1; index <= upTo; index++) {
      store.write(new WriteBatch(entry(index), new Applied(index, 1, digestAt(index))));
    }
  }

  static RocksHome home(Path base) {
    return new RocksHome(base.resolve("store"), RocksOptions.SMALL);
  }

  /** Directory, step, and at which change of the directory the process ends. */
  public static void main(String[] arguments) throws IOException {
    Path base = Path.of(arguments[0]);
    Step step = Step.valueOf(arguments[1]);
    RocksHome home = home(base);
    MetadataStore store = home.open();
    apply(store, FLUSHED);
    store.flush();
    apply(store, APPLIED);
    Path checkpoint = base.resolve("checkpoint-of-another");
    endAtChange(base, Integer.parseInt(arguments[2]));
    switch (step) {
      case FLUSH -> store.flush();
      case CHECKPOINT -> {
        Applied unused = store.checkpoint(base.resolve("checkpoint"));
      }
      case INSTALL -> {
        MetadataStore unused = home.install(checkpoint);
      }
    }
    Runtime.getRuntime().halt(0);
  }

  private static void endAtChange(Path base, int changes) {
    Set<String> first = listing(base);
    Thread watcher =
        new Thread(
            () -> {
              Set<String> seen = first;
              int seenChanges = 0;
              while (seenChanges < changes) {
                Set<String> now = listing(base);
                if (!now.equals(seen)) {
                  seenChanges++;
                  seen = now;
                }
              }
              Runtime.getRuntime().halt(ENDED_WITHIN);
            },
            "end");
    watcher.setDaemon(true);
    watcher.start();
  }

  /** Names and lengths of all files. */
  private static Set<String> listing(Path directory) {
    Set<String> all = new TreeSet<>();
    try (Stream<Path> entries = Files.list(directory)) {
      for (Path entry : entries.toList()) {
        if (Files.isDirectory(entry)) {
          all.addAll(listing(entry));
        } else {
          all.add(entry + " " + entry.toFile().length());
        }
      }
    } catch (NoSuchFileException e) {
      all.add(directory + " is gone");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }
}
