package io.cairnfs.raft.simulation;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.LogView;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.RaftStorage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.random.RandomGenerator;

/**
 * What a member keeps over crashes: the real log and vote state on a simulated disk; beside them a
 * state machine's store that becomes durable at once and as a whole, in checkpoints and at flushes
 * that nobody asked for.
 */
final class MemberStore implements LogView {
  private static final String DIRECTORY = "raft";
  private static final LogOptions LOG = new LogOptions(10_240, 512, 1 << 20);

  private final SimulatedDisk disk;
  private final RaftIdentity identity;
  private final RandomGenerator random;
  private RaftStorage storage;
  private Saved checkpoint;
  private ByteBuffer flushed = new RegisterMachine().save();

  MemberStore(MemberId id, Membership formatted, RandomGenerator random) {
    disk = new SimulatedDisk(id.value());
    identity = new RaftIdentity("simulated", id.value());
    this.random = random;
    checkpoint = new Saved(0, 0, formatted, flushed);
    try {
      RaftStorage.format(disk, DIRECTORY, identity);
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  SimulatedDisk disk() {
    return disk;
  }

  RaftStorage storage() {
    return storage;
  }

  Saved checkpoint() {
    return checkpoint;
  }

  /**
   * Recovers the log. A checkpoint that the log does not contain becomes its base: a crash fell
   * between the installation and the reset.
   */
  void open() throws IOException {
    storage = RaftStorage.open(disk, DIRECTORY, identity, LOG, random);
    if (storage.log().lastIndex() < checkpoint.index || term(checkpoint.index) != checkpoint.term) {
      storage.log().reset(checkpoint.index, checkpoint.term);
    }
  }

  /** The state machine as its store has it: of the newest flush or checkpoint. */
  RegisterMachine loadMachine() {
    RegisterMachine fromFlush = RegisterMachine.load(flushed);
    return fromFlush.index() > checkpoint.index
        ? fromFlush
        : RegisterMachine.load(checkpoint.machine);
  }

  void flush(RegisterMachine machine) {
    flushed = machine.save();
  }

  void save(Saved newer) {
    checkpoint = newer;
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
  public List<LogEntry> entries(long from, int maxBytes) {
    try {
      return storage.log().read(from, storage.log().lastIndex() + 1, maxBytes);
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  @Override
  public List<LogEntry> memberships() {
    try {
      return storage.log().memberships(checkpoint.index);
    } catch (IOException e) {
      throw new StorageFailure(e);
    }
  }

  @Override
  public long checkpointIndex() {
    return checkpoint.index;
  }

  @Override
  public long checkpointTerm() {
    return checkpoint.term;
  }

  @Override
  public Membership checkpointMembership() {
    return checkpoint.membership;
  }

  /** A completed checkpoint. */
  record Saved(long index, long term, Membership membership, ByteBuffer machine) {}
}
