package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.disk.Disk;
import io.cairnfs.common.disk.DiskFile;
import io.cairnfs.common.disk.simulated.SimulatedDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.StateMachine;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.core.VoteState;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import io.cairnfs.raft.log.SegmentedLog;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Every byte of everything that a member keeps is flipped, zeroed, and cut off, one at a time: the
 * member says exactly what is wrong, or has all that it ever acknowledged.
 */
final class DamagedMemberTest {
  private static final Path ROOT = Path.of("/member");
  private static final RaftIdentity IDENTITY = new RaftIdentity("group-1", "m1");
  private static final LogOptions OPTIONS = new LogOptions(8_192, 1_024, 1_024);
  private static final Membership ALONE = Membership.ofVoters(List.of(TestCluster.member(1)));
  private static final VoteState VOTE = new VoteState(7, Optional.of(new MemberId("m2")));
  private static final int LAST = 14;
  private static final int CHECKPOINT = 4;
  private static final long INSTANCE = 4_711;

  /** What is done to a file. */
  private enum Damage {
    FLIPPED,
    ZEROED,
    TRUNCATED
  }

  /** What a member says of it. */
  private enum Outcome {
    HARMLESS,
    CORRUPT,
    OTHER_VERSION,
    NOTHING_THERE
  }

  private static final List<String> FORMATTED_BY = List.of("log/state", "checkpoints/current");
  private static final Map<String, byte[]> FILES = filesOfAMember();
  private static final List<String> UNDAMAGED = undamaged();

  private static LogEntry entry(long index) {
    return index == 2
        ? new LogEntry(index, 1, EntryKind.MEMBERSHIP, MembershipCodec.encode(ALONE))
        : new LogEntry(
            index,
            index < 8 ? 1 : 3,
            EntryKind.COMMANDS,
            ("word " + index + " cairn".repeat((int) (index * 17 % 90)))
                .getBytes(StandardCharsets.UTF_8));
  }

  private static MemberDirectory open(Disk disk) throws IOException {
    return MemberDirectory.open(disk, ROOT, IDENTITY, OPTIONS, new SplittableRandom(5));
  }

  /** Writes a small file and a larger one. */
  private record Machine(Disk disk) implements StateMachine<Void> {
    @Override
    public CheckpointPosition checkpoint(Path directory) throws IOException {
      String name = ROOT.relativize(directory).toString();
      for (int size : new int[] {10, 3_000}) {
        byte[] content = new byte[size];
        new SplittableRandom(size).nextBytes(content);
        try (DiskFile file = disk.open(name + "/file-" + size, Disk.OpenMode.CREATE)) {
          file.write(ByteBuffer.wrap(content), 0);
          file.force();
        }
      }
      disk.forceDirectory(name);
      return new CheckpointPosition(CHECKPOINT, 1);
    }

    @Override
    public Void apply(long index, long term, byte[] payload) {
      throw new AssertionError();
    }

    @Override
    public void skip(long index, long term) {
      throw new AssertionError();
    }

    @Override
    public long appliedIndex() {
      return CHECKPOINT;
    }

    @Override
    public long appliedTerm() {
      return 1;
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

  /**
   * Two segments or more, all acknowledged, behind the last record a mark; a vote; a checkpoint.
   */
  private static Map<String, byte[]> filesOfAMember() {
    try {
      SimulatedDisk disk = new SimulatedDisk("disk");
      MemberDirectory.format(disk, IDENTITY, ALONE);
      try (MemberDirectory member = open(disk)) {
        member.storage().giveInstance(INSTANCE);
        for (long index = 1; index <= LAST; index++) {
          member.storage().log().append(List.of(entry(index)));
          var unused = member.storage().log().force();
          if (index == 7) {
            member.storage().saveVote(new VoteState(3, Optional.of(new MemberId("m1"))));
          }
        }
        member.storage().log().mark();
        var unused = member.checkpoints().make(new Machine(disk), index -> ALONE);
        member.storage().saveVote(VOTE);
      }
      return contentOf(disk);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Map<String, byte[]> contentOf(SimulatedDisk disk) throws IOException {
    Map<String, byte[]> content = new TreeMap<>();
    for (String name : disk.files()) {
      try (DiskFile file = disk.open(name, Disk.OpenMode.READ)) {
        ByteBuffer bytes = ByteBuffer.allocate((int) file.size());
        file.read(bytes, 0);
        content.put(name, bytes.array());
      }
    }
    return content;
  }

  private static SimulatedDisk diskWith(Map<String, byte[]> files) throws IOException {
    SimulatedDisk disk = new SimulatedDisk("disk");
    for (Map.Entry<String, byte[]> each : files.entrySet()) {
      String name = each.getKey();
      String directory = name.substring(0, name.lastIndexOf('/'));
      disk.createDirectories(directory);
      try (DiskFile file = disk.open(name, Disk.OpenMode.CREATE)) {
        file.write(ByteBuffer.wrap(each.getValue()), 0);
        file.force();
      }
      disk.forceDirectory(directory);
    }
    return disk;
  }

  /** Vote, instance, membership, checkpoint and every entry, as text. */
  private static List<String> knows(MemberDirectory member) throws IOException {
    List<String> all = new ArrayList<>();
    all.add(member.storage().vote().toString());
    all.add("instance " + member.storage().instance());
    all.add(member.checkpoints().current().toString());
    member.checkpoints().verify();
    for (LogEntry entry : allEntries(member.storage().log())) {
      all.add(
          entry.index()
              + " "
              + entry.term()
              + " "
              + entry.kind()
              + " "
              + Arrays.hashCode(entry.payload()));
    }
    all.add("last " + member.storage().log().lastIndex());
    return all;
  }

  private static List<LogEntry> allEntries(SegmentedLog log) throws IOException {
    List<LogEntry> entries = new ArrayList<>();
    long next = log.firstIndex();
    while (next <= log.lastIndex()) {
      List<LogEntry> read = log.read(next, log.lastIndex() + 1, 1 << 20);
      assertThat(read).isNotEmpty();
      entries.addAll(read);
      next += read.size();
    }
    return entries;
  }

  private static Outcome startWith(Map<String, byte[]> files, String damaged, String how)
      throws IOException {
    SimulatedDisk disk = diskWith(files);
    try (MemberDirectory member = open(disk)) {
      List<String> known = knows(member);
      assertThat(known).as(how).isEqualTo(UNDAMAGED);
    } catch (CairnException refusal) {
      assertThat(refusal.getMessage()).as(how).contains(damaged);
      return switch (refusal.code()) {
        case CORRUPT -> {
          assertThat(refusal.getMessage())
              .as(how)
              .contains("corrupt at offset ")
              .contains("expected ")
              .contains("found ");
          yield Outcome.CORRUPT;
        }
        case WRONG_VERSION -> {
          assertThat(refusal.getMessage()).as(how).contains("version");
          yield Outcome.OTHER_VERSION;
        }
        case NOT_FOUND -> Outcome.NOTHING_THERE;
        default -> throw new AssertionError(how, refusal);
      };
    }
    // What was mended at the first start is mended for good.
    disk.losePower(new SplittableRandom(1));
    try (MemberDirectory member = open(disk)) {
      assertThat(knows(member)).as(how).isEqualTo(UNDAMAGED);
    }
    return Outcome.HARMLESS;
  }

  private static List<String> undamaged() {
    try (MemberDirectory member = open(diskWith(FILES))) {
      return knows(member);
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  private static Optional<byte[]> damage(byte[] content, Damage damage, int at) {
    byte[] damaged =
        damage == Damage.TRUNCATED
            ? Arrays.copyOf(content, at)
            : Arrays.copyOf(content, content.length);
    if (damage == Damage.FLIPPED) {
      damaged[at] ^= (byte) (1 << at % 8);
    } else if (damage == Damage.ZEROED) {
      Arrays.fill(damaged, at, Math.min(damaged.length, at + 16), (byte) 0);
    }
    return Arrays.equals(content, damaged) ? Optional.empty() : Optional.of(damaged);
  }

  private static boolean isAmongZeros(byte[] content, int at) {
    for (int i = Math.max(0, at - 64); i < Math.min(content.length, at + 64); i++) {
      if (content[i] != 0) {
        return false;
      }
    }
    return true;
  }

  static Stream<String> everyFile() {
    return FILES.keySet().stream();
  }

  @Test
  void thereIsEverythingThatAMemberKeeps() {
    assertThat(FILES.keySet())
        .contains("log/state", "log/log-00000000000000000001.segment", "checkpoints/current")
        .anyMatch(name -> name.endsWith("/cairn-manifest"))
        .anyMatch(name -> name.endsWith("/file-10"))
        .anyMatch(name -> name.endsWith("/file-3000"));
    assertThat(FILES.keySet().stream().filter(name -> name.endsWith(".segment")))
        .hasSizeGreaterThan(1);
  }

  @ParameterizedTest
  @MethodSource("everyFile")
  void everyByteFlippedZeroedOrCutOffIsNamedOrNothingIsLost(String name) throws IOException {
    byte[] content = FILES.get(name);
    Map<Outcome, Integer> outcomes = new EnumMap<>(Outcome.class);
    for (Damage damage : Damage.values()) {
      for (int at = 0; at < content.length; at++) {
        Optional<byte[]> damaged = damage(content, damage, at);
        if (isAmongZeros(content, at) && at % 61 != 0) {
          // Of long runs of zeros some bytes stand for all.
          continue;
        }
        if (damaged.isPresent()) {
          Map<String, byte[]> files = new TreeMap<>(FILES);
          files.put(name, damaged.orElseThrow());
          String how = "%s of %d bytes %s at %d".formatted(name, content.length, damage, at);
          outcomes.merge(startWith(files, name, how), 1, Integer::sum);
        }
      }
    }
    boolean vouchedFor = !name.endsWith("reserve") && !name.endsWith("spare.segment");
    assertThat(outcomes.getOrDefault(Outcome.CORRUPT, 0) > 0)
        .as("%s: %s", name, outcomes)
        .isEqualTo(vouchedFor);
    assertThat(outcomes.getOrDefault(Outcome.NOTHING_THERE, 0)).isZero();
  }

  @ParameterizedTest
  @MethodSource("everyFile")
  void everyMissingFileIsNamedOrNothingIsLost(String name) throws IOException {
    Map<String, byte[]> files = new TreeMap<>(FILES);
    files.remove(name);
    String directory = name.substring(0, name.indexOf('/'));
    // Of a segment that is gone the one before it, or the directory, is named.
    boolean itself = !name.endsWith(".segment") && !FORMATTED_BY.contains(name);
    Outcome outcome = startWith(files, itself ? name : directory, name + " missing");
    assertThat(outcome == Outcome.HARMLESS)
        .isEqualTo(name.endsWith("reserve") || name.endsWith("spare.segment"));
  }
}
