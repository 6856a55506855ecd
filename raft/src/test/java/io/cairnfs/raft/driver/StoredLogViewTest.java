package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.checkpoint.CheckpointStore;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.RaftStorage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

final class StoredLogViewTest {
  private static final String DIRECTORY = "raft";
  private static final RaftIdentity IDENTITY = new RaftIdentity("group", "m1");
  private static final LogOptions OPTIONS = new LogOptions(16 << 10, 1 << 10, 64 << 10);

  /**
   * A member that led comes back with entries that nobody else has. While the disk's thread cuts
   * them, the state's thread reads what was committed before them, for applying.
   */
  @Test
  void whatIsKeptCanBeReadWhileTheRestIsBeingCut() throws Exception {
    FaultyDisk disk = new FaultyDisk(new SimulatedDisk("disk"));
    RaftStorage.format(disk, DIRECTORY, IDENTITY);
    CheckpointStore.format(disk, "checkpoints", Membership.NONE);
    CheckpointStore checkpoints =
        CheckpointStore.open(disk, Path.of("unused"), "checkpoints", IDENTITY.group());
    try (RaftStorage storage =
        RaftStorage.open(disk, DIRECTORY, IDENTITY, OPTIONS, new SplittableRandom(1))) {
      StoredLogView view = new StoredLogView(storage.log(), checkpoints);
      List<LogEntry> written = new ArrayList<>();
      for (long index = 1; index <= 60; index++) {
        byte[] payload = ("entry " + index).getBytes(StandardCharsets.UTF_8);
        written.add(new LogEntry(index, 1, EntryKind.COMMANDS, payload));
      }
      storage.log().append(written);
      storage.log().force();
      List<List<LogEntry>> seen = new ArrayList<>();
      disk.beforeForce(
          name -> {
            if (name.endsWith(".segment")) {
              seen.add(view.entries(1, 48, 1 << 20));
            }
          });
      storage.log().truncateSuffix(48);
      assertThat(seen).containsExactly(written.subList(0, 48));
    }
  }
}
