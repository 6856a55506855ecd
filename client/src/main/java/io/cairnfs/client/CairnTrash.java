package io.cairnfs.client;

import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.base.Failures;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.name.TrashNames;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;

/**
 * A user's trash, with the layout and the rules of HDFS' {@code TrashPolicyDefault}: what is moved
 * there lies at {@code /user/NAME/.Trash/Current} under the whole path that it had. Now and again
 * {@code Current} becomes a checkpoint, named by its time in UTC, and checkpoints that are old
 * enough are deleted: by the metaservers, and by {@link #expunge}. Whether there is a trash, and
 * how long it keeps what, the metaservers say. Safe for any thread; several clients may move the
 * same names at once, of which each is moved once, and nothing replaces what lies there.
 */
public final class CairnTrash {
  private static final int HOME_MODE = 0755;
  private static final int TRASH_MODE = 0700;

  /** Others are faster with the same name so many times. */
  private static final int MAX_TRIES = 100;

  /** HDFS' bound for checkpoints of one second. */
  private static final int MAX_CHECKPOINTS = 1_000;

  private static final long NANOS_PER_MILLI = 1_000_000;

  private final CairnFileSystem fileSystem;
  private final CairnPath home;
  private final CairnPath root;
  private final CairnPath current;
  private final SettingsSource source;

  /**
   * How the cluster keeps what users delete.
   *
   * @param interval so long; zero if there is no trash
   * @param timeNanos the cluster's time, in nanoseconds since the epoch
   */
  public record Settings(Duration interval, long timeNanos) {
    public boolean isEnabled() {
      return !interval.isZero();
    }
  }

  /** Asks the cluster. */
  @FunctionalInterface
  public interface SettingsSource {
    Settings settings() throws CairnException;
  }

  /**
   * The trash in a home directory. Programs get theirs from {@link CairnFileSystem#trash}.
   *
   * @param home made at the first use if it does not exist and the user may
   */
  public CairnTrash(CairnFileSystem fileSystem, CairnPath home, SettingsSource source) {
    this.fileSystem = fileSystem;
    this.home = home;
    this.root = home.child(TrashNames.TRASH);
    this.current = root.child(TrashNames.CURRENT);
    this.source = source;
  }

  /** Where the trash is, whether it exists or not. */
  public CairnPath root() {
    return root;
  }

  /** As the metaservers are configured now. */
  public Settings settings() throws CairnException {
    return source.settings();
  }

  /**
   * Moves a file, a symlink, or a directory with all it holds, to the trash. Where the trash has
   * something of that name, or a file where a directory is needed, a name gets the time in
   * milliseconds at its end.
   *
   * @return where it is now; empty, with nothing done, if there is no trash, or if the path lies in
   *     it: then it is to be deleted
   * @throws CairnException {@code INVALID_ARGUMENT} if the path contains the trash; {@code
   *     NOT_A_DIRECTORY} if {@code .Trash} or {@code Current} is none; {@code PERMISSION_DENIED}
   *     also where there is no home directory and the user may not make it
   */
  public Optional<CairnPath> move(CairnPath path) throws CairnException {
    if (!path.isAbsolute()) {
      throw new CairnException(ErrorCode.INVALID_ARGUMENT, path + " is not absolute");
    }
    Settings settings = settings();
    if (!settings.isEnabled() || path.startsWith(root)) {
      return Optional.empty();
    }
    if (home.startsWith(path)) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "Cannot move \"" + path + "\" to the trash, as it contains the trash");
    }
    CairnException failure = null;
    for (int i = 0; i < MAX_TRIES; i++) {
      CairnPath place = makePlace(path, settings.timeNanos() / NANOS_PER_MILLI + i);
      try {
        var unused = fileSystem.rename(path, place, RenameMode.NO_REPLACE);
        return Optional.of(place);
      } catch (CairnException e) {
        if (!isByOthers(e.code())) {
          throw e;
        }
        failure = e;
      }
    }
    throw failure;
  }

  /** A name was taken or made meanwhile, or what was looked at has become a checkpoint. */
  private static boolean isByOthers(ErrorCode code) {
    return code == ErrorCode.EXISTS
        || code == ErrorCode.NOT_FOUND
        || code == ErrorCode.NOT_A_DIRECTORY;
  }

  /**
   * A free name in a directory that exists. All names on the way are looked up at once; a symlink
   * among them was deleted, and leads nowhere.
   */
  private CairnPath makePlace(CairnPath path, long millis) throws CairnException {
    List<CairnPath> way = wayTo(path);
    CompletableFuture<FileStatus> moved = fileSystem.statAsync(path);
    List<CompletableFuture<FileStatus>> asked = way.stream().map(fileSystem::statAsync).toList();
    FileStatus unused = await(moved);
    int last = way.size() - 1;
    int at = 0;
    while (at < last && found(asked.get(at)).filter(FileStatus::isDirectory).isPresent()) {
      at++;
    }
    boolean taken = found(asked.get(at)).isPresent();
    if (taken && current.startsWith(way.get(at))) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY, way.get(at) + ": " + ErrorCode.NOT_A_DIRECTORY.text());
    }
    CairnPath place = taken ? withNumber(way.get(last), way.get(at), millis) : way.get(last);
    if (at == 0) {
      makeHome();
    }
    if (at < last) {
      makeDirectories(place.parent().orElseThrow());
    }
    return place;
  }

  /** The home, the trash, {@code Current}, and down from there to where a path would go. */
  private List<CairnPath> wayTo(CairnPath path) {
    List<CairnPath> way = new ArrayList<>(List.of(home, root, current));
    CairnPath at = current;
    for (byte[] name : path.names()) {
      at = at.child(name);
      way.add(at);
    }
    return way;
  }

  /** The same place with a number behind one of its names. */
  private static CairnPath withNumber(CairnPath place, CairnPath taken, long number) {
    CairnPath numbered =
        taken.parent().orElseThrow().child(concat(taken.nameBytes(), Long.toString(number)));
    return numbered.resolve(place.relativeTo(taken));
  }

  private static byte[] concat(byte[] name, String end) {
    byte[] tail = end.getBytes(StandardCharsets.US_ASCII);
    byte[] both = Arrays.copyOf(name, name.length + tail.length);
    System.arraycopy(tail, 0, both, name.length, tail.length);
    return both;
  }

  /** With the rights of a home that the user makes himself, not with the trash's. */
  private void makeHome() throws CairnException {
    var unused = fileSystem.mkdirs(home, HOME_MODE);
  }

  /** Something else that stands there now is found by the next look. */
  private void makeDirectories(CairnPath directory) throws CairnException {
    try {
      var unused = fileSystem.mkdirs(directory, TRASH_MODE);
    } catch (CairnException e) {
      if (!isByOthers(e.code())) {
        throw e;
      }
    }
  }

  private static Optional<FileStatus> found(CompletableFuture<FileStatus> asked)
      throws CairnException {
    try {
      return Optional.of(await(asked));
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_FOUND || e.code() == ErrorCode.NOT_A_DIRECTORY) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static FileStatus await(CompletableFuture<FileStatus> asked) throws CairnException {
    try {
      return asked.get();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CairnException(ErrorCode.CANCELLED, "interrupted", e);
    } catch (ExecutionException e) {
      throw Failures.here(Failures.of(e));
    }
  }

  /**
   * Deletes the checkpoints that are older than the interval, and makes one of what was deleted
   * since the last: HDFS' expunge.
   *
   * @throws CairnException of the first checkpoint that could not be deleted; the others were
   */
  public void expunge() throws CairnException {
    Settings settings = settings();
    deleteCheckpoints(settings.timeNanos() / NANOS_PER_MILLI - settings.interval().toMillis());
    makeCheckpoint(settings.timeNanos());
  }

  /**
   * Deletes all that is in the trash but what is neither {@code Current} nor a checkpoint: HDFS'
   * expunge -immediate.
   *
   * @throws CairnException as {@link #expunge}
   */
  public void empty() throws CairnException {
    makeCheckpoint(settings().timeNanos());
    deleteCheckpoints(Long.MAX_VALUE);
  }

  private void makeCheckpoint(long timeNanos) throws CairnException {
    for (int attempt = 0; ; attempt++) {
      try {
        var unused =
            fileSystem.rename(
                current,
                root.child(TrashNames.checkpoint(timeNanos, attempt)),
                RenameMode.NO_REPLACE);
        return;
      } catch (CairnException e) {
        if (e.code() == ErrorCode.NOT_FOUND) {
          return;
        }
        if (e.code() != ErrorCode.EXISTS || attempt == MAX_CHECKPOINTS) {
          throw e;
        }
      }
    }
  }

  private void deleteCheckpoints(long beforeMillis) throws CairnException {
    CairnException failure = null;
    for (CairnPath checkpoint : checkpoints(beforeMillis)) {
      try {
        boolean unused = fileSystem.delete(checkpoint, DeleteMode.RECURSIVE);
      } catch (CairnException e) {
        if (failure == null) {
          failure = e;
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  private List<CairnPath> checkpoints(long beforeMillis) throws CairnException {
    List<CairnPath> checkpoints = new ArrayList<>();
    try {
      RemoteIterator<FileStatus> entries = fileSystem.list(root);
      while (entries.hasNext()) {
        CairnPath path = entries.next().path();
        OptionalLong made = TrashNames.checkpointTime(path.name());
        if (made.isPresent() && made.getAsLong() / NANOS_PER_MILLI < beforeMillis) {
          checkpoints.add(path);
        }
      }
    } catch (CairnException e) {
      if (e.code() != ErrorCode.NOT_FOUND) {
        throw e;
      }
    }
    return checkpoints;
  }
}
