package io.cairnfs.simulation.chaos;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnOutputStream;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.simulation.chaos.Account.Possibility;
import io.cairnfs.simulation.chaos.Tally.Count;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.random.RandomGenerator;

/**
 * One client that writes, renames, deletes, lists and reads files in a directory of its own, where
 * nobody else changes anything, and now and then reads a file of another writer. Every answer is
 * compared with its {@link Account}. One thread.
 */
final class ChaosWriter implements Runnable {
  private static final int NAMES = 12;
  private static final int SMALL_BLOCKS = 24;
  private static final int LARGE_BLOCKS = 1_500;

  /** Errors after which the call may have been executed or not. */
  private static final Set<ErrorCode> NOBODY_KNOWS =
      Set.of(
          ErrorCode.UNAVAILABLE,
          ErrorCode.TIMED_OUT,
          ErrorCode.CONNECTION_LOST,
          ErrorCode.BUSY,
          ErrorCode.SESSION_EXPIRED,
          ErrorCode.NOT_LEADER,
          ErrorCode.TOO_FEW_SERVERS,
          ErrorCode.PIPELINE_FAILED,
          ErrorCode.RETRY);

  private final CairnFileSystem fileSystem;
  private final int number;
  private final int writers;
  private final RandomGenerator random;
  private final Tally tally;
  private final boolean disksGetFull;
  private final Account account = new Account();
  private long lastVersion;
  private volatile boolean stopped;

  ChaosWriter(
      CairnFileSystem fileSystem,
      int number,
      int writers,
      RandomGenerator random,
      Tally tally,
      boolean disksGetFull) {
    this.disksGetFull = disksGetFull;
    this.fileSystem = fileSystem;
    this.number = number;
    this.writers = writers;
    this.random = random;
    this.tally = tally;
  }

  static CairnPath directoryOf(int writer) {
    return CairnPath.of("/chaos/w" + writer);
  }

  private CairnPath path(String name) {
    return directoryOf(number).resolve(name);
  }

  /** After the operation under way. */
  void stop() {
    stopped = true;
  }

  @Override
  public void run() {
    while (!stopped) {
      step();
    }
  }

  private void step() {
    String name = "f" + random.nextInt(NAMES);
    switch (random.nextInt(12)) {
      case 0, 1, 2, 3 -> write(name);
      case 4 -> append(name);
      case 5, 6 -> rename(name, "f" + random.nextInt(NAMES));
      case 7 -> delete(name);
      case 8 -> list();
      case 9, 10 -> readOwn(name);
      default -> readOther();
    }
  }

  private int someBlocks() {
    return random.nextInt(12) == 0
        ? 1 + random.nextInt(LARGE_BLOCKS)
        : 1 + random.nextInt(SMALL_BLOCKS);
  }

  /** Bytes of one stream: what was handed over, and what was acknowledged by flush or close. */
  private static final class Progress {
    private long written;
    private long acknowledged;
    private boolean created;
  }

  private void write(String name) {
    List<Possibility> before = account.of(name);
    long version = ++lastVersion;
    boolean deferred = random.nextInt(3) == 0;
    CreateOptions options = CreateOptions.defaults().overwrite().createParents();
    Progress progress = new Progress();
    try (CairnOutputStream out =
        fileSystem.create(path(name), deferred ? options.deferred() : options)) {
      progress.created = !deferred;
      stream(out, version, progress);
      out.close();
      account.set(name, new Possibility(version, progress.written, progress.written));
      tally.add(Count.FILES_WRITTEN, 1);
      tally.add(Count.BLOCKS_ACKNOWLEDGED, progress.written / BlockContent.BYTES);
    } catch (IOException e) {
      explain("write " + name, e);
      Possibility now = new Possibility(version, progress.acknowledged, progress.written);
      if (progress.created) {
        account.set(name, now);
      } else if (deferred) {
        // All of it appeared, or nothing did.
        account.set(name, before);
        account.mayBe(name, List.of(new Possibility(version, progress.written, progress.written)));
      } else {
        account.set(name, before);
        account.mayBe(name, List.of(now));
      }
    }
  }

  private void append(String name) {
    List<Possibility> before = account.of(name);
    if (before.size() != 1
        || before.get(0).isAbsent()
        || before.get(0).least() != before.get(0).most()) {
      return;
    }
    Possibility known = before.get(0);
    Progress progress = new Progress();
    progress.written = known.least();
    progress.acknowledged = known.least();
    try (CairnOutputStream out = fileSystem.append(path(name))) {
      if (out.position() != known.least()) {
        tally.violated(
            "%s has %d bytes when it is opened to append, %d were acknowledged"
                .formatted(path(name), out.position(), known.least()));
        return;
      }
      stream(out, known.version(), progress);
      out.close();
      account.set(name, new Possibility(known.version(), progress.written, progress.written));
      tally.add(Count.BLOCKS_ACKNOWLEDGED, (progress.written - known.least()) / BlockContent.BYTES);
    } catch (IOException e) {
      explain("append " + name, e);
      account.set(name, new Possibility(known.version(), progress.acknowledged, progress.written));
    }
  }

  private void stream(CairnOutputStream out, long version, Progress progress) throws IOException {
    int blocks = someBlocks();
    for (int i = 0; i < blocks; i++) {
      var block = BlockContent.of(number, version, progress.written);
      progress.written += BlockContent.BYTES;
      out.write(block);
      switch (random.nextInt(40)) {
        case 0 -> {
          out.sync();
          tally.add(Count.SYNCS, 1);
          progress.acknowledged = progress.created ? progress.written : progress.acknowledged;
        }
        case 1, 2 -> {
          out.flush();
          tally.add(Count.FLUSHES, 1);
          progress.acknowledged = progress.created ? progress.written : progress.acknowledged;
        }
        default -> {
          // It stays on its way.
        }
      }
    }
  }

  private void rename(String from, String to) {
    if (from.equals(to)) {
      return;
    }
    List<Possibility> source = account.of(from);
    List<Possibility> target = account.of(to);
    boolean replace = random.nextBoolean();
    try {
      FileStatus renamed =
          fileSystem.rename(
              path(from), path(to), replace ? RenameMode.REPLACE : RenameMode.NO_REPLACE);
      tally.add(Count.RENAMES, 1);
      if (account.isSurelyAbsent(from)) {
        tally.violated("renamed %s, which was deleted, to %s".formatted(path(from), renamed));
      }
      if (!replace && account.isSurelyThere(to)) {
        tally.violated("renamed over %s without leave".formatted(path(to)));
      }
      account.set(from, Possibility.ABSENT);
      account.set(to, source.stream().filter(file -> !file.isAbsent()).toList());
    } catch (IOException e) {
      if (isCode(e, ErrorCode.NOT_FOUND)) {
        requireMayBeAbsent(from, e);
      } else if (isCode(e, ErrorCode.EXISTS) && !replace) {
        if (account.isSurelyAbsent(to)) {
          tally.violated("%s is refused for %s, which is absent".formatted(e, path(to)));
        }
      } else {
        explain("rename " + from, e);
        account.mayBe(from, List.of(Possibility.ABSENT));
        account.set(to, target);
        account.mayBe(to, source.stream().filter(file -> !file.isAbsent()).toList());
      }
    }
  }

  private void requireMayBeAbsent(String name, IOException e) {
    if (!account.mayBeAbsent(name)) {
      tally.violated(
          "%s is lost: %s; acknowledged was %s".formatted(path(name), e, account.of(name)));
    }
    account.set(name, Possibility.ABSENT);
  }

  private void delete(String name) {
    try {
      fileSystem.unlink(path(name));
      tally.add(Count.DELETIONS, 1);
      if (account.isSurelyAbsent(name)) {
        tally.violated("deleted %s, which was absent".formatted(path(name)));
      }
      account.set(name, Possibility.ABSENT);
    } catch (IOException e) {
      if (isCode(e, ErrorCode.NOT_FOUND)) {
        requireMayBeAbsent(name, e);
      } else {
        explain("delete " + name, e);
        account.mayBe(name, List.of(Possibility.ABSENT));
      }
    }
  }

  /**
   * The names that are there are those of the account; every one's file is as long as it may be.
   */
  private void list() {
    try {
      Set<String> found = new TreeSet<>();
      for (FileStatus each : fileSystem.listAll(directoryOf(number))) {
        found.add(each.path().name());
        if (account.isSurelyAbsent(each.path().name())) {
          tally.violated(each.path() + " is listed, and was deleted");
        }
      }
      for (String name : account.names()) {
        if (!found.contains(name) && !account.mayBeAbsent(name)) {
          tally.violated(path(name) + " is not listed; acknowledged was " + account.of(name));
        }
      }
      tally.add(Count.LISTINGS, 1);
    } catch (IOException e) {
      if (!isCode(e, ErrorCode.NOT_FOUND)) {
        explain("list", e);
      }
    }
  }

  /** Reads a file of this writer and compares all of it; settles what was uncertain. */
  boolean readOwn(String name) {
    try {
      byte[] content = read(path(name));
      Optional<Possibility> fitting = matching(name, content);
      if (fitting.isEmpty()) {
        tally.violated(
            "%s has %d bytes, %s; it must be %s"
                .formatted(
                    path(name),
                    content.length,
                    content.length == 0
                        ? "nothing"
                        : BlockContent.fault(content, number, 0)
                            .orElseGet(() -> "version " + versionOf(content)),
                    account.of(name)));
        return true;
      }
      tally.add(Count.FILES_READ, 1);
      tally.add(Count.BLOCKS_VERIFIED, content.length / BlockContent.BYTES);
      Possibility found = fitting.get();
      account.set(name, new Possibility(found.version(), content.length, content.length));
      return true;
    } catch (IOException e) {
      if (isCode(e, ErrorCode.NOT_FOUND)) {
        requireMayBeAbsent(name, e);
        return true;
      }
      explain("read " + name, e);
      return false;
    }
  }

  private static long versionOf(byte[] content) {
    return BlockContent.labelOf(content, 0).map(BlockContent.Label::version).orElse(0L);
  }

  private Optional<Possibility> matching(String name, byte[] content) {
    for (Possibility each : account.of(name)) {
      if (each.fits(content.length)
          && BlockContent.fault(content, number, each.version()).isEmpty()) {
        return Optional.of(each);
      }
    }
    return Optional.empty();
  }

  private void readOther() {
    int other = random.nextInt(writers);
    CairnPath path = directoryOf(other).resolve("f" + random.nextInt(NAMES));
    try {
      byte[] content = read(path);
      // Its length grows by whole packets; what is there must be right.
      int whole = content.length / BlockContent.BYTES * BlockContent.BYTES;
      byte[] blocks = whole == content.length ? content : Arrays.copyOf(content, whole);
      BlockContent.fault(blocks, other, 0)
          .ifPresent(fault -> tally.violated("%s, read by another: %s".formatted(path, fault)));
      tally.add(Count.FILES_OF_OTHERS_READ, 1);
    } catch (IOException e) {
      if (!isCode(e, ErrorCode.NOT_FOUND)) {
        explain("read " + path, e);
      }
    }
  }

  private byte[] read(CairnPath path) throws IOException {
    return fileSystem.readFully(path, (LARGE_BLOCKS + 1) * 64 * BlockContent.BYTES);
  }

  private static boolean isCode(IOException e, ErrorCode code) {
    return e instanceof CairnException cairn && cairn.code() == code;
  }

  /** Errors that faults can cause are counted; others must not occur. */
  private void explain(String what, IOException e) {
    if (e instanceof CairnException cairn
        && (NOBODY_KNOWS.contains(cairn.code())
            || (disksGetFull && cairn.code() == ErrorCode.NO_SPACE))) {
      tally.failed(directoryOf(number) + " " + what + ": " + e);
    } else {
      tally.violated(directoryOf(number) + " " + what + ": " + e);
    }
  }

  /** Everything once more, when all servers are well. */
  void verify() {
    list();
    List<String> unread = new ArrayList<>();
    for (String name : account.names()) {
      if (!readOwn(name)) {
        unread.add(name);
      }
    }
    if (!unread.isEmpty()) {
      tally.violated(
          directoryOf(number) + ": cannot be read although all servers are well: " + unread);
    }
  }
}
