package io.cairnfs.raft.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.checksum.Crc32c;
import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.proto.raft.CheckpointFile;
import io.cairnfs.proto.raft.CheckpointManifest;
import io.cairnfs.raft.Member;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.log.CrashingDisk;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class CheckpointStoreTest {
  private static final String DIRECTORY = "checkpoints";
  private static final String GROUP = "group-1";
  private static final MemberId SENDER = new MemberId("m/2");
  private static final Membership MEMBERSHIP =
      Membership.ofVoters(List.of(new Member(new MemberId("m1"), new HostPort("127.0.0.1", 7001))));

  private static CheckpointStore open(Disk disk) throws IOException {
    return CheckpointStore.open(disk, Path.of("/nowhere"), DIRECTORY, GROUP);
  }

  private static CheckpointStore format(Disk disk) throws IOException {
    CheckpointStore.format(disk, DIRECTORY, MEMBERSHIP);
    return open(disk);
  }

  /** Writes two files that depend on the index. */
  private record Machine(Disk disk, long index) implements StateMachine<Void> {
    static Map<String, byte[]> files(long index) {
      Map<String, byte[]> files = new TreeMap<>();
      byte[] large = new byte[(2 << 20) + 777];
      new SplittableRandom(index).nextBytes(large);
      files.put("large.sst", large);
      files.put("small", Long.toString(index).getBytes(StandardCharsets.UTF_8));
      files.put("empty", new byte[0]);
      return files;
    }

    @Override
    public CheckpointPosition checkpoint(Path directory) throws IOException {
      for (Map.Entry<String, byte[]> content : files(index).entrySet()) {
        String name = DIRECTORY + "/" + directory.getFileName() + "/" + content.getKey();
        try (DiskFile file = disk.open(name, Disk.OpenMode.CREATE)) {
          file.write(ByteBuffer.wrap(content.getValue()), 0);
          file.force();
        }
      }
      disk.forceDirectory(DIRECTORY + "/" + directory.getFileName());
      return new CheckpointPosition(index, 2);
    }

    @Override
    public Void apply(long atIndex, long term, byte[] payload) {
      throw new AssertionError();
    }

    @Override
    public void skip(long atIndex, long term) {
      throw new AssertionError();
    }

    @Override
    public long appliedIndex() {
      return index;
    }

    @Override
    public long appliedTerm() {
      return 2;
    }

    @Override
    public void install(Path directory) {
      throw new AssertionError();
    }

    @Override
    public long digest() {
      return 0;
    }
  }

  /** Another member that has the checkpoint of an index. */
  private static final class Source implements PartSource {
    private final long index;
    private long sent;
    private boolean lies;

    Source(long index) {
      this.index = index;
    }

    @Override
    public CheckpointManifest manifest() {
      CheckpointManifest.Builder manifest =
          CheckpointManifest.newBuilder()
              .setGroup(GROUP)
              .setIndex(index)
              .setTerm(2)
              .setConfiguration(MembershipCodec.toProto(MEMBERSHIP));
      Machine.files(index)
          .forEach(
              (name, content) ->
                  manifest.addFiles(
                      CheckpointFile.newBuilder()
                          .setName(name)
                          .setLength(content.length)
                          .setCrc(Crc32c.of(content, 0, content.length))));
      return manifest.build();
    }

    @Override
    public byte[] part(String file, long offset, int maxBytes) {
      byte[] content = Machine.files(index).get(file);
      int length = (int) Math.min(maxBytes, content.length - offset);
      byte[] part = new byte[length];
      System.arraycopy(content, (int) offset, part, 0, length);
      sent += length;
      if (lies) {
        part[0] ^= 1;
      }
      return part;
    }
  }

  private static void requireWhole(CheckpointStore store, long index) throws IOException {
    CheckpointManifest manifest = store.manifest(index, 2);
    Map<String, byte[]> expected = Machine.files(index);
    assertThat(manifest.getFilesList())
        .extracting(CheckpointFile::getName)
        .containsExactlyInAnyOrderElementsOf(expected.keySet());
    for (CheckpointFile file : manifest.getFilesList()) {
      byte[] content = expected.get(file.getName());
      ByteBuffer found = ByteBuffer.allocate(content.length);
      while (found.hasRemaining()) {
        found.put(store.part(index, 2, file.getName(), found.position(), 1 << 20));
      }
      assertThat(found.array()).isEqualTo(content);
    }
  }

  @Test
  void aNewStoreKnowsTheFormattedMembership() throws IOException {
    CheckpointStore store = format(new SimulatedDisk("disk"));
    assertThat(store.current()).isEqualTo(new Checkpoint(0, 0, MEMBERSHIP));
    assertThat(store.current().hasFiles()).isFalse();
    assertThatThrownBy(store::currentDirectory).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void anEmptiedStoreIsRefused() {
    assertThatThrownBy(() -> open(new SimulatedDisk("disk")))
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.NOT_FOUND));
  }

  @Test
  void aStoreWithCheckpointsIsNotFormattedAgain() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    format(disk).make(new Machine(disk, 10), index -> MEMBERSHIP);
    assertThatThrownBy(() -> CheckpointStore.format(disk, DIRECTORY, MEMBERSHIP))
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.EXISTS));
  }

  @Test
  void aPowerCutAtAnyStepOfMakingLeavesTheOldCheckpointOrTheNewOne() throws IOException {
    for (long step = 0; ; step++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      CrashingDisk process = new CrashingDisk(machine);
      CheckpointStore store = format(process);
      store.make(new Machine(process, 10), index -> MEMBERSHIP);
      process.crashAfter(step);
      boolean returned = false;
      try {
        store.make(new Machine(process, 20), index -> MEMBERSHIP);
        returned = true;
      } catch (CrashingDisk.Crash crash) {
        assertThat(crash).hasMessageStartingWith("crash before");
      }
      machine.losePower(new SplittableRandom(step));
      CheckpointStore after = open(machine);
      assertThat(after.current().index()).isIn(10L, 20L);
      requireWhole(after, after.current().index());
      if (returned) {
        assertThat(after.current().index()).isEqualTo(20);
        return;
      }
      assertThat(after.make(new Machine(machine, 30), index -> MEMBERSHIP).index()).isEqualTo(30);
    }
  }

  /** The log is cut by the checkpoint that was found, so no later power cut may take it back. */
  @Test
  void aCheckpointFoundAfterAFailedForceSurvivesAPowerCut() throws IOException {
    boolean failedBehindThePointer = false;
    for (int passing = 0; passing < 12; passing++) {
      for (int seed = 0; seed < 10; seed++) {
        SimulatedDisk machine = new SimulatedDisk("disk");
        CheckpointStore store = format(machine);
        store.make(new Machine(machine, 10), index -> MEMBERSHIP);
        machine.failForcesAfter(passing, 1);
        boolean failed = false;
        try {
          store.make(new Machine(machine, 20), index -> MEMBERSHIP);
        } catch (IOException e) {
          failed = true;
          assertThat(e).hasMessageContaining("Input/output error");
        }
        machine.killProcess();
        machine.failForces(0);
        long found = open(machine).current().index();
        failedBehindThePointer |= failed && found == 20;
        machine.losePower(new SplittableRandom(seed));
        assertThat(open(machine).current().index()).isEqualTo(found);
        requireWhole(open(machine), found);
      }
    }
    assertThat(failedBehindThePointer).isTrue();
  }

  @Test
  void aPowerCutAtAnyStepOfReceivingLeavesTheOldCheckpointOrTheNewOne() throws IOException {
    long savedInAll = 0;
    for (long step = 0; ; step++) {
      SimulatedDisk machine = new SimulatedDisk("disk");
      CrashingDisk process = new CrashingDisk(machine);
      CheckpointStore store = format(process);
      store.make(new Machine(process, 10), index -> MEMBERSHIP);
      process.crashAfter(step);
      boolean returned = false;
      try {
        store.receive(20, 2, SENDER, new Source(20));
        returned = true;
      } catch (CrashingDisk.Crash crash) {
        assertThat(crash).hasMessageStartingWith("crash before");
      }
      machine.losePower(new SplittableRandom(step));
      CheckpointStore after = open(machine);
      assertThat(after.current().index()).isIn(10L, 20L);
      requireWhole(after, after.current().index());
      if (returned) {
        assertThat(after.current().index()).isEqualTo(20);
        assertThat(savedInAll).as("bytes that were not fetched again").isPositive();
        return;
      }
      if (after.current().index() == 10) {
        Source again = new Source(20);
        after.receive(20, 2, SENDER, again);
        savedInAll += (2 << 20) - again.sent;
        requireWhole(after, 20);
      }
    }
  }

  @Test
  void partsOfAnotherSenderAreNotMixedIn() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    PartSource breaksOff =
        new PartSource() {
          private final Source first = new Source(20);

          @Override
          public CheckpointManifest manifest() {
            return first.manifest();
          }

          @Override
          public byte[] part(String file, long offset, int maxBytes) throws IOException {
            if (offset > 0) {
              throw new CairnException(ErrorCode.CONNECTION_LOST, "gone");
            }
            return first.part(file, offset, maxBytes);
          }
        };
    assertThatThrownBy(() -> store.receive(20, 2, SENDER, breaksOff))
        .isInstanceOf(CairnException.class);
    assertThat(store.current().index()).isZero();
    Source other = new Source(20);
    store.receive(20, 2, new MemberId("m3"), other);
    assertThat(other.sent).isGreaterThan(2 << 20);
    requireWhole(store, 20);
    assertThat(disk.list(DIRECTORY)).noneMatch(name -> name.startsWith("incoming"));
  }

  @Test
  void whatIsNotWhatWasSentIsRefused() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    Source liar = new Source(20);
    liar.lies = true;
    assertThatThrownBy(() -> store.receive(20, 2, SENDER, liar))
        .isInstanceOf(CorruptionException.class);
    assertThat(store.current().index()).isZero();
    store.receive(20, 2, SENDER, new Source(20));
    requireWhole(store, 20);
  }

  @Test
  void aNewerCheckpointOfTheSameSenderTakesOverWhatItsFilesHaveInCommon() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    Source later = new Source(20);
    PartSource breaksOff =
        new PartSource() {
          @Override
          public CheckpointManifest manifest() {
            return later.manifest().toBuilder().setIndex(15).build();
          }

          @Override
          public byte[] part(String file, long offset, int maxBytes) throws IOException {
            if (file.equals("small")) {
              throw new CairnException(ErrorCode.CONNECTION_LOST, "gone");
            }
            return later.part(file, offset, maxBytes);
          }
        };
    assertThatThrownBy(() -> store.receive(15, 2, SENDER, breaksOff))
        .isInstanceOf(CairnException.class);
    assertThat(later.sent).isGreaterThan(2 << 20);
    later.sent = 0;
    store.receive(20, 2, SENDER, later);
    assertThat(later.sent).isEqualTo("20".length());
    requireWhole(store, 20);
  }

  @Test
  void whatIsLeftOfAnotherFileOfTheSameNameIsFetchedAnew() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    Source first = new Source(15);
    PartSource breaksOff =
        new PartSource() {
          @Override
          public CheckpointManifest manifest() {
            return first.manifest();
          }

          @Override
          public byte[] part(String file, long offset, int maxBytes) throws IOException {
            if (offset > 0) {
              throw new CairnException(ErrorCode.CONNECTION_LOST, "gone");
            }
            return first.part(file, offset, maxBytes);
          }
        };
    assertThatThrownBy(() -> store.receive(15, 2, SENDER, breaksOff))
        .isInstanceOf(CairnException.class);
    store.receive(20, 2, SENDER, new Source(20));
    requireWhole(store, 20);
  }

  /** Files of a state machine that links what it never changes. */
  @Test
  void aFileThatTheCheckpointBeforeHasTooIsNotReadAgain() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    AtomicInteger compared = new AtomicInteger();
    CrashingDisk linking =
        new CrashingDisk(disk) {
          @Override
          public boolean isSameFile(String first, String second) {
            compared.incrementAndGet();
            return first.endsWith("large.sst") && second.endsWith("large.sst");
          }
        };
    CheckpointStore store = format(linking);
    store.make(new Machine(linking, 10), index -> MEMBERSHIP);
    store.make(new Machine(linking, 20), index -> MEMBERSHIP);
    assertThat(compared).hasValue(3);
    Map<String, Integer> sums = new TreeMap<>();
    store.manifest(20, 2).getFilesList().forEach(file -> sums.put(file.getName(), file.getCrc()));
    assertThat(sums).containsEntry("large.sst", crc(Machine.files(10).get("large.sst")));
    assertThat(sums).containsEntry("small", crc(Machine.files(20).get("small")));
  }

  private static int crc(byte[] bytes) {
    return Crc32c.of(bytes, 0, bytes.length);
  }

  @Test
  void aDamagedFileIsNamedSmallOnesAtOnceAndLargeOnesWhenTheyAreUsed() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    store.make(new Machine(disk, 10), index -> MEMBERSHIP);
    String checkpoint = DIRECTORY + "/checkpoint-00000000000000000010-2/";
    disk.flipBit(checkpoint + "large.sst", 8 * 1_000_000);
    CheckpointStore opened = open(disk);
    assertThatThrownBy(opened::verify)
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("large.sst: corrupt at offset 0: expected CRC");
    disk.flipBit(checkpoint + "large.sst", 8 * 1_000_000);
    opened.verify();
    disk.flipBit(checkpoint + "small", 3);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("small: corrupt at offset 0: expected CRC");
  }

  @Test
  void manifestsThatDoNotFitAreRefused() throws IOException {
    CheckpointStore store = format(new SimulatedDisk("disk"));
    CheckpointManifest good = new Source(20).manifest();
    for (CheckpointManifest bad :
        List.of(
            good.toBuilder().setGroup("other").build(),
            good.toBuilder().setIndex(21).build(),
            good.toBuilder().addFiles(CheckpointFile.newBuilder().setName("../x")).build(),
            good.toBuilder().addFiles(CheckpointFile.newBuilder().setName("..")).build(),
            good.toBuilder().addFiles(CheckpointFile.newBuilder().setName("small")).build(),
            good.toBuilder().addFiles(CheckpointFile.newBuilder().setName("")).build())) {
      PartSource source =
          new PartSource() {
            @Override
            public CheckpointManifest manifest() {
              return bad;
            }

            @Override
            public byte[] part(String file, long offset, int maxBytes) {
              throw new AssertionError("fetched " + file);
            }
          };
      assertThatThrownBy(() -> store.receive(20, 2, SENDER, source))
          .isInstanceOf(CairnException.class);
    }
  }

  @Test
  void oldCheckpointsAreDeletedUnlessSomebodyReadsThem() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    CheckpointStore store = format(disk);
    for (long index = 10; index <= 50; index += 10) {
      store.make(new Machine(disk, index), at -> MEMBERSHIP);
    }
    store.deleteOld(Set.of(20L));
    requireWhole(store, 20);
    requireWhole(store, 40);
    requireWhole(store, 50);
    assertThatThrownBy(() -> store.manifest(10, 2)).isInstanceOf(CairnException.class);
    assertThatThrownBy(() -> store.part(30, 2, "small", 0, 10))
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.NOT_FOUND));
    assertThatThrownBy(() -> store.part(50, 2, "../current", 0, 10))
        .isInstanceOf(CairnException.class);
  }

  @Test
  void aDamagedPointerIsNamed() throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    format(disk);
    disk.flipBit(DIRECTORY + "/current", 8 * 20);
    assertThatThrownBy(() -> open(disk))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("checkpoints/current");
  }
}
