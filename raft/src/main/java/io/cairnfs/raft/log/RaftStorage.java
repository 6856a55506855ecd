package io.cairnfs.raft.log;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.VoteState;
import io.cairnfs.raft.log.MemberState.Step;
import io.cairnfs.raft.log.MemberState.StepKind;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * The directory of one member: its identity, term, vote and log. Created once by {@link #format};
 * {@link #open} refuses a directory that was not, so that a member whose disk was emptied or not
 * mounted cannot vote as if it had never promised anything.
 *
 * <p>One thread calls everything here; the log says what others may call.
 */
public final class RaftStorage implements Closeable {
  private final StateFile state;
  private final SegmentedLog log;

  private RaftStorage(StateFile state, SegmentedLog log) {
    this.state = state;
    this.log = log;
  }

  /** Whether {@link #format} was run there. */
  public static boolean isFormatted(Disk disk, String directory) throws IOException {
    return StateFile.exists(disk, directory);
  }

  /**
   * Makes a directory a member's, with an empty log.
   *
   * @throws CairnException {@code EXISTS} if it holds a member, or remains of one
   */
  public static void format(Disk disk, String directory, RaftIdentity identity) throws IOException {
    disk.createDirectories(directory);
    if (!directory.isEmpty()) {
      int parentEnd = directory.lastIndexOf('/');
      disk.forceDirectory(parentEnd < 0 ? "" : directory.substring(0, parentEnd));
    }
    if (isFormatted(disk, directory)) {
      throw new CairnException(
          ErrorCode.EXISTS,
          disk.describe(directory)
              + ": is formatted already, for "
              + StateFile.open(disk, directory).current().identity());
    }
    for (String name : disk.list(directory)) {
      if (SegmentFiles.isSegment(name)) {
        throw new CairnException(
            ErrorCode.EXISTS,
            disk.describe(directory)
                + ": holds "
                + name
                + " of an earlier member; not overwritten");
      }
    }
    // The first start carries the reset through: one file decides whether a directory is formatted.
    Step reset = new Step(StepKind.RESET, 0, 0);
    StateFile.create(disk, directory, new MemberState(identity, 0, 0, Optional.empty(), 0, reset));
  }

  /**
   * Reads the directory, repairs what a crash left behind, and forces what is kept.
   *
   * @param random for the salts of segments
   * @throws CairnException {@code NOT_FOUND} if the directory was never formatted or has been
   *     emptied; {@code WRONG_CLUSTER} if it belongs to another group or member; {@code
   *     WRONG_VERSION}; {@code CORRUPT} if something that was forced cannot be read any more
   */
  public static RaftStorage open(
      Disk disk,
      String directory,
      RaftIdentity identity,
      LogOptions options,
      RandomGenerator random)
      throws IOException {
    if (!isFormatted(disk, directory)) {
      throw new CairnException(
          ErrorCode.NOT_FOUND,
          disk.describe(directory)
              + ": holds no Raft member. A new member's directory is formatted once before its"
              + " first start; if this one was in use, its disk is missing or was emptied, and the"
              + " member must be removed from the group and join again as a new member");
    }
    // A process may have ended between a rename, which is seen here, and the force behind it.
    disk.forceDirectory(directory);
    StateFile state = StateFile.open(disk, directory);
    if (!state.current().identity().equals(identity)) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          disk.describe(directory)
              + ": belongs to "
              + state.current().identity()
              + ", not to "
              + identity);
    }
    SegmentFiles files =
        new SegmentFiles(disk, directory, identity.group(), options.segmentBytes(), random);
    SegmentedLog log = SegmentedLog.open(files, state, options);
    state.restoreReserve();
    return new RaftStorage(state, log);
  }

  /** Whose directory it is. */
  public RaftIdentity identity() {
    return state.current().identity();
  }

  /** Which life of the directory this is; 0 until {@link #giveInstance}. */
  public long instance() {
    return state.current().instance();
  }

  /** Writes, durably, which life of the directory this is: once, before anything is promised. */
  public void giveInstance(long instance) throws IOException {
    if (instance() != 0 || instance == 0) {
      throw new IllegalStateException("instance " + instance + " after " + instance());
    }
    state.write(state.current().withInstance(instance));
    state.restoreReserve();
  }

  /** Term and vote, as last written. */
  public VoteState vote() {
    return new VoteState(state.current().term(), state.current().vote().map(MemberId::new));
  }

  /**
   * Saves term and vote, durably: the directory is forced too. Must have returned before any
   * message that depends on it is sent. Works on a full disk.
   *
   * @throws IllegalArgumentException if the term goes back, or the vote of a term is changed
   */
  public void saveVote(VoteState vote) throws IOException {
    VoteState old = vote();
    if (vote.term() < old.term()
        || (vote.term() == old.term()
            && old.votedFor().isPresent()
            && !old.votedFor().equals(vote.votedFor()))) {
      throw new IllegalArgumentException(vote + " behind " + old);
    }
    if (!vote.equals(old)) {
      Optional<String> votedFor = vote.votedFor().map(MemberId::value);
      state.write(state.current().withVote(vote.term(), votedFor, log.forcedIndex()));
      state.restoreReserve();
    }
  }

  /**
   * Writes entries, having cut (durably) what they replace: everything from the first one's index
   * on. They are not durable before {@link SegmentedLog#force}.
   *
   * @throws CairnException {@code NO_SPACE} as {@link SegmentedLog#append}; what they replace is
   *     gone then
   */
  public void write(List<LogEntry> entries) throws IOException {
    if (entries.isEmpty()) {
      return;
    }
    long first = entries.get(0).index();
    if (first <= log.lastIndex()) {
      log.truncateSuffix(first - 1);
    }
    log.append(entries);
  }

  public SegmentedLog log() {
    return log;
  }

  @Override
  public void close() throws IOException {
    log.close();
  }
}
