package io.cairnfs.metaserver.store;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A directory with one store in force: {@code store-N} is the store and the file {@code
 * CURRENT-STORE} ({@code cairn-store 1 N}) says which N. A checkpoint is installed beside it, and
 * comes in force when the file is replaced by rename. What is not in force is removed at the next
 * open or install.
 */
public final class RocksHome implements StoreHome {
  private static final String POINTER = "CURRENT-STORE";
  private static final String STORE_PREFIX = "store-";
  private static final Pattern POINTER_TEXT = Pattern.compile("cairn-store 1 ([1-9][0-9]{0,17})\n");

  private final Path base;
  private final RocksOptions options;

  public RocksHome(Path base, RocksOptions options) {
    this.base = base;
    this.options = options;
  }

  @Override
  public MetadataStore open() throws IOException {
    Files.createDirectories(base);
    long number;
    try {
      number = readPointer();
    } catch (CairnException e) {
      throw withWayOut(e);
    }
    if (number == 0) {
      number = 1;
      deleteStoresBut(0);
      RocksStore store = RocksStore.open(directory(number), options);
      writePointer(number);
      return store;
    }
    // A process may have ended between the rename, which is seen here, and the force behind it: the
    // store that the pointer named before goes only when it cannot name it again.
    force(base, StandardOpenOption.READ);
    try {
      RocksStore store = openInForce(number);
      // Not before: a damaged pointer may name a store that never was.
      deleteStoresBut(number);
      return store;
    } catch (CairnException e) {
      throw e.code() == ErrorCode.CORRUPT ? withWayOut(e) : e;
    }
  }

  /** RocksDB would take a directory without {@code CURRENT} for that of a new store. */
  private RocksStore openInForce(long number) throws IOException {
    Path current = directory(number).resolve("CURRENT");
    if (!Files.exists(current)) {
      throw new CairnException(
          ErrorCode.CORRUPT, current + " is missing, and " + POINTER + " names that store");
    }
    return RocksStore.open(directory(number), options);
  }

  private CairnException withWayOut(CairnException damage) {
    return new CairnException(
        ErrorCode.CORRUPT,
        damage.getMessage()
            + ". What was acknowledged is in the log and the checkpoint beside the store: move "
            + base
            + " away and start again, and it is built anew from them; if they are refused, too, the"
            + " member must be removed from the group and join again as a new member",
        damage);
  }

  @Override
  public MetadataStore install(Path checkpoint) throws IOException {
    long inForce = readPointer();
    deleteStoresBut(inForce);
    long number = inForce + 1;
    copyStore(checkpoint, directory(number));
    RocksStore store = RocksStore.open(directory(number), options);
    try {
      // Another member's disk may have damaged it: then the store before stays in force.
      store.verify();
      writePointer(number);
    } catch (IOException e) {
      store.close();
      throw e;
    }
    return store;
  }

  private Path directory(long number) {
    return base.resolve(STORE_PREFIX + number);
  }

  /** 0 if there is no pointer yet. */
  private long readPointer() throws IOException {
    Path pointer = base.resolve(POINTER);
    if (!Files.exists(pointer)) {
      return 0;
    }
    String text = new String(Files.readAllBytes(pointer), StandardCharsets.ISO_8859_1);
    Matcher matcher = POINTER_TEXT.matcher(text);
    if (!matcher.matches()) {
      throw new CairnException(
          ErrorCode.CORRUPT, pointer + " does not say 'cairn-store 1 NUMBER' but '" + text + "'");
    }
    return Long.parseLong(matcher.group(1));
  }

  private void writePointer(long number) throws IOException {
    Path next = base.resolve(POINTER + ".new");
    Files.writeString(next, "cairn-store 1 " + number + "\n", StandardCharsets.US_ASCII);
    force(next, StandardOpenOption.WRITE);
    Files.move(next, base.resolve(POINTER), StandardCopyOption.ATOMIC_MOVE);
    force(base, StandardOpenOption.READ);
  }

  /** Table files never change and are linked where the file system can; the rest is copied. */
  private static void copyStore(Path from, Path to) throws IOException {
    Files.createDirectory(to);
    for (Path file : list(from)) {
      Path copy = to.resolve(file.getFileName());
      if (!file.toString().endsWith(".sst") || !link(file, copy)) {
        Files.copy(file, copy);
        force(copy, StandardOpenOption.WRITE);
      }
    }
    force(to, StandardOpenOption.READ);
  }

  private static boolean link(Path file, Path link) throws IOException {
    try {
      Files.createLink(link, file);
      return true;
    } catch (UnsupportedOperationException | FileSystemException e) {
      // Another file system, or one without links: the caller copies.
      return false;
    }
  }

  private void deleteStoresBut(long number) throws IOException {
    Path kept = directory(number);
    for (Path entry : list(base)) {
      if (entry.getFileName().toString().startsWith(STORE_PREFIX) && !entry.equals(kept)) {
        deleteAll(entry);
      }
    }
  }

  private static List<Path> list(Path directory) throws IOException {
    try (Stream<Path> entries = Files.list(directory)) {
      return entries.toList();
    }
  }

  private static void deleteAll(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path visited, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(visited);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static void force(Path path, StandardOpenOption how) throws IOException {
    try (FileChannel channel = FileChannel.open(path, how)) {
      channel.force(true);
    }
  }
}
