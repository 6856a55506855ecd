package io.cairnfs.raft.simulation;

import io.cairnfs.common.disk.Disk.OpenMode;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.checkpoint.Checkpoint;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.checkpoint.PartSource;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.LogView;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.RaftStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.random.RandomGenerator;

/**
 * What a member keeps over crashes: the real log, vote state and checkpoints on a simulated disk;
 * beside them a state machine's store that becomes durable at once and as a whole, at flushes that
 * nobody asked for.
 */
final class MemberStore implements LogView {
  private static final Path ROOT = Path.of("simulated");
  private static final String LOG_DIRECTORY = "log";
  private static final String CHECKPOINT_DIRECTORY = "checkpoints";

  private final SimulatedDisk disk;
  private final RaftIdentity identity;
  private final RandomGenerator random;
  private final LogOptions log;
  private final SimulatedMachine.Kind kind;
  private RaftStorage storage;
  private CheckpointStore checkpoints;
  private SimulatedMachine flushed;

  MemberStore(
      MemberId id,
      Membership formatted,
      RandomGenerator random,
      LogOptions log,
      SimulatedMachine.Kind kind) {
    this.log = log;
    this.kind = kind;
    flushed = kind.empty();
    disk = new SimulatedDisk(id.value());
    identity = new RaftIdentity("simulated", id.value());
    this.random = random;
    try {
      CheckpointStore.format(disk, CHECKPOINT_DIRECTORY, formatted);
      RaftStorage.format(disk, LOG_DIRECTORY, identity);
      checkpoints = openCheckpoints();
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  private CheckpointStore openCheckpoints() throws IOException {
    return CheckpointStore.open(disk, ROOT, CHECKPOINT_DIRECTORY, identity.group());
  }

  SimulatedDisk disk() {
    return disk;
  }

  RaftStorage storage() {
    return storage;
  }

  /**
   * Recovers the log. A checkpoint that the log does not contain becomes its base: a crash fell
   * between the installation and the reset.
   */
  void open() throws IOException {
    checkpoints = openCheckpoints();
    storage = RaftStorage.open(disk, LOG_DIRECTORY, identity, log, random);
    Checkpoint base = checkpoints.current();
    if (storage.log().lastIndex() < base.index() || term(base.index()) != base.term()) {
      storage.log().reset(base.index(), base.term());
    }
  }

  /** The state machine as its store has it: of the newest flush or checkpoint. */
  SimulatedMachine loadMachine() throws IOException {
    if (flushed.index() >= checkpointIndex()) {
      return flushed.copy();
    }
    String name = ROOT.relativize(checkpoints.currentDirectory()) + "/" + SavedMachine.FILE;
    try (DiskFile file = disk.open(name, OpenMode.READ)) {
      ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
      file.read(bytes, 0);
      return kind.load(bytes.flip());
    }
  }

  void flush(SimulatedMachine machine) {
    flushed = machine.copy();
  }

  /** Makes a checkpoint of a state saved earlier. */
  void checkpoint(SimulatedMachine saved, Membership membership) throws IOException {
    checkpoints.make(new SavedMachine(saved, kind, disk, ROOT), index -> membership);
    checkpoints.deleteOld(Set.of());
  }

  /** Fetches a checkpoint from another member's store and makes it the newest one here. */
  void receive(long index, long term, MemberId sender, MemberStore source, int partsBeforeFailure)
      throws IOException {
    checkpoints.receive(
        index, term, sender, new Fetch(source.checkpoints, index, term, partsBeforeFailure));
  }

  @Override
  public long firstIndex() {
    return storage.log().firstIndex();
  }

  @Override
  public long lastIndex() {
    return storage.log().lastIndex();
  }

  @Override
  public long term(long index) {
    return index == 0 ? 0 : storage.log().term(index);
  }

  @Override
  public List<LogEntry> entries(long from, long upTo, int maxBytes) {
    try {
      return storage.log().read(from, upTo + 1, maxBytes);
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  @Override
  public List<LogEntry> memberships() {
    try {
      return storage.log().memberships(checkpointIndex());
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  @Override
  public long checkpointIndex() {
    return current().index();
  }

  @Override
  public long checkpointTerm() {
    return current().term();
  }

  @Override
  public Membership checkpointMembership() {
    return current().membership();
  }

  private Checkpoint current() {
    try {
      return checkpoints.current();
    } catch (CairnException e) {
      throw new StorageFailure(e);
    }
  }

  /** Reads another member's checkpoint; the connection may break on the way. */
  private static final class Fetch implements PartSource {
    private final CheckpointStore source;
    private final long index;
    private final long term;
    private int partsBeforeFailure;

    Fetch(CheckpointStore source, long index, long term, int partsBeforeFailure) {
      this.source = source;
      this.index = index;
      this.term = term;
      this.partsBeforeFailure = partsBeforeFailure;
    }

    @Override
    public CheckpointManifest manifest() throws FetchFailure {
      try {
        return source.manifest(index, term);
      } catch (IOException e) {
        throw new FetchFailure(e);
      }
    }

    @Override
    public byte[] part(String file, long offset, int maxBytes) throws FetchFailure {
      try {
        if (partsBeforeFailure-- == 0) {
          throw new IOException("the connection broke");
        }
        return source.part(index, term, file, offset, maxBytes);
      } catch (IOException e) {
        throw new FetchFailure(e);
      }
    }
  }

  /** The other side's failure, as against the own disk's. */
  static final class FetchFailure extends IOException {
    private static final long serialVersionUID = 1;

    FetchFailure(IOException cause) {
      super(cause);
    }
  }
}
