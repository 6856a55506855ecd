package io.cairnfs.raft.driver;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.RaftStorage;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.random.RandomGenerator;

/**
 * A member's directory: {@code log/} and {@code checkpoints/} below a root that exists. Belongs to
 * one engine, which closes it.
 */
public final class MemberDirectory implements Closeable {
  private static final String LOG = "log";
  private static final String CHECKPOINTS = "checkpoints";

  private final RaftStorage storage;
  private final CheckpointStore checkpoints;

  private MemberDirectory(RaftStorage storage, CheckpointStore checkpoints) {
    this.storage = storage;
    this.checkpoints = checkpoints;
  }

  /** Whether the directory is a member's. */
  public static boolean isFormatted(Path root) throws IOException {
    return RaftStorage.isFormatted(new SystemDisk(root), LOG);
  }

  /**
   * Makes a directory a member's.
   *
   * @param membership of the group when it begins, the same at all its first members; {@link
   *     Membership#NONE} for one that joins later
   * @throws CairnException {@code EXISTS} if it is one already
   */
  public static void format(Path root, RaftIdentity identity, Membership membership)
      throws IOException {
    format(new SystemDisk(root), identity, membership);
  }

  static void format(Disk disk, RaftIdentity identity, Membership membership) throws IOException {
    if (RaftStorage.isFormatted(disk, LOG)) {
      throw new CairnException(ErrorCode.EXISTS, disk.describe(LOG) + ": is formatted already");
    }
    CheckpointStore.format(disk, CHECKPOINTS, membership);
    RaftStorage.format(disk, LOG, identity);
  }

  /**
   * Opens a formatted directory: see {@link RaftStorage#open} and {@link CheckpointStore#open} for
   * what is refused.
   */
  public static MemberDirectory open(
      Path root, RaftIdentity identity, LogOptions options, RandomGenerator random)
      throws IOException {
    return open(new SystemDisk(root), root, identity, options, random);
  }

  static MemberDirectory open(
      Disk disk, Path root, RaftIdentity identity, LogOptions options, RandomGenerator random)
      throws IOException {
    try {
      RaftStorage storage = RaftStorage.open(disk, LOG, identity, options, random);
      try {
        CheckpointStore checkpoints =
            CheckpointStore.open(disk, root, CHECKPOINTS, identity.group());
        requireNoGap(disk, storage.log().firstIndex(), checkpoints.current().index());
        return new MemberDirectory(storage, checkpoints);
      } catch (IOException | RuntimeException e) {
        storage.close();
        throw e;
      }
    } catch (CorruptionException e) {
      throw withWhatToDo(identity, e);
    }
  }

  /** The log is never cut beyond the newest completed checkpoint. */
  private static void requireNoGap(Disk disk, long firstIndex, long checkpoint)
      throws CorruptionException {
    if (firstIndex > checkpoint + 1) {
      throw new CorruptionException(
          disk.describe(LOG),
          0,
          "the entries behind the newest checkpoint, from index " + (checkpoint + 1) + " on",
          "a log that begins at " + firstIndex);
    }
  }

  private static CairnException withWhatToDo(RaftIdentity identity, CorruptionException damage) {
    return new CairnException(
        ErrorCode.CORRUPT,
        damage.getMessage()
            + ". What member "
            + identity.member()
            + " promised to the others may be lost with that, so it does not start. They go on"
            + " without it, as long as a majority of the members runs. Restore the file if a good"
            + " copy of this very state exists; never an older one, and never an emptied"
            + " directory: a member that cannot be restored must be removed from the group and"
            + " join again as a new member",
        damage);
  }

  /**
   * Which life of the directory this is. A directory that has no such number yet, being new or of
   * an older release, gets one, durably: it was never used under another one.
   */
  public long instance(RandomGenerator random) throws IOException {
    while (storage.instance() == 0) {
      long drawn = random.nextLong();
      if (drawn != 0) {
        storage.giveInstance(drawn);
      }
    }
    return storage.instance();
  }

  RaftStorage storage() {
    return storage;
  }

  CheckpointStore checkpoints() {
    return checkpoints;
  }

  @Override
  public void close() throws IOException {
    storage.close();
  }
}
