package io.cairnfs.raft.simulation;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.Disk.OpenMode;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.raft.StateMachine;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;

/** A state that is only to be written down, in the form in which checkpoints are asked for. */
final class SavedMachine implements StateMachine<Object> {
  static final String FILE = "state";

  private final SimulatedMachine machine;
  private final SimulatedMachine.Kind kind;
  private final Disk disk;
  private final Path root;

  SavedMachine(SimulatedMachine machine, SimulatedMachine.Kind kind, Disk disk, Path root) {
    this.kind = kind;
    this.machine = machine;
    this.disk = disk;
    this.root = root;
  }

  @Override
  public Object apply(long index, long term, byte[] payload) {
    return machine.apply(index, term, payload);
  }

  @Override
  public void skip(long index, long term) {
    machine.skip(index, term);
  }

  @Override
  public long appliedIndex() {
    return machine.index();
  }

  @Override
  public long appliedTerm() {
    return machine.term();
  }

  @Override
  public CheckpointPosition checkpoint(Path directory) throws IOException {
    String name = root.relativize(directory) + "/" + FILE;
    ByteBuffer bytes = machine.save();
    try (DiskFile file = disk.open(name, OpenMode.CREATE)) {
      file.write(bytes, 0);
      file.force();
      ByteBuffer written = ByteBuffer.allocate((int) file.size());
      file.read(written, 0);
      SimulatedMachine readBack = kind.load(written.flip());
      return new CheckpointPosition(readBack.index(), readBack.term());
    }
  }

  @Override
  public void install(Path directory) {
    throw new UnsupportedOperationException("a saved state is not replaced");
  }

  @Override
  public long digest() {
    return machine.digest();
  }
}
