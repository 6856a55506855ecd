package io.cairnfs.raft.driver;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.raft.MemberId;
import io.cairnfs.raft.Membership;
import io.cairnfs.raft.core.EntryKind;
import io.cairnfs.raft.core.LogEntry;
import io.cairnfs.raft.core.MembershipCodec;
import io.cairnfs.raft.core.VoteState;
import io.cairnfs.raft.log.LogOptions;
import io.cairnfs.raft.log.RaftIdentity;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The directory of a member as each release wrote it, in {@code golden/member-VERSION}: this
 * software opens it and goes on from there, or refuses it by name.
 */
final class GoldenMemberTest {
  private static final Path ALL_GOLDEN = Path.of("src", "test", "resources", "golden");

  /** As today: the manifest of a checkpoint has the checksum of each file. */
  private static final Path GOLDEN = ALL_GOLDEN.resolve("member-1-checksums");

  private static final RaftIdentity IDENTITY = TestCluster.identity(TestCluster.id(1));
  private static final Membership ALONE = Membership.ofVoters(List.of(TestCluster.member(1)));
  private static final LogOptions OPTIONS = new LogOptions(8_192, 1_024, 1_024);
  private static final int LAST = 12;
  private static final int CHECKPOINT = 8;

  @TempDir Path root;

  private static MemberDirectory open(Path path) throws IOException {
    return MemberDirectory.open(path, IDENTITY, OPTIONS, new SplittableRandom(20_261_121));
  }

  private static String word(int index) {
    return "word " + index + " " + "cairn ".repeat(80);
  }

  /** The third entry states the membership, all others are words. */
  private static LogEntry entry(int index) {
    long term = index <= CHECKPOINT ? 1 : 2;
    return index == 3
        ? new LogEntry(index, term, EntryKind.MEMBERSHIP, MembershipCodec.encode(ALONE))
        : new LogEntry(
            index, term, EntryKind.COMMANDS, word(index).getBytes(StandardCharsets.UTF_8));
  }

  private static List<String> words() {
    return IntStream.rangeClosed(1, LAST)
        .filter(index -> index != 3)
        .mapToObj(GoldenMemberTest::word)
        .toList();
  }

  /** What the directory was made with. */
  private static void write(Path path) throws IOException {
    Files.createDirectories(path);
    MemberDirectory.format(path, IDENTITY, ALONE);
    try (MemberDirectory member = open(path)) {
      member.storage().saveVote(new VoteState(1, Optional.of(TestCluster.id(1))));
      for (int index = 1; index <= LAST; index++) {
        if (index == CHECKPOINT + 1) {
          member.storage().saveVote(new VoteState(2, Optional.of(TestCluster.id(1))));
        }
        member.storage().log().append(List.of(entry(index)));
        member.storage().log().force();
      }
      member.storage().log().mark();
      ListMachine machine = new ListMachine(path.resolve("machine"), 0);
      for (int index = 1; index <= CHECKPOINT; index++) {
        if (index == 3) {
          machine.skip(index, 1);
        } else {
          var unused = machine.apply(index, 1, entry(index).payload());
        }
      }
      var unused = member.checkpoints().make(machine, index -> ALONE);
      member.storage().log().truncatePrefix(CHECKPOINT);
      member.storage().saveVote(new VoteState(3, Optional.of(new MemberId("m2"))));
    }
  }

  /** All that has content, as hexadecimal digits. */
  private static Map<String, String> content(Path directory) throws IOException {
    Map<String, String> content = new TreeMap<>();
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        String name = directory.relativize(file).toString();
        if (!name.endsWith("spare.segment")
            && !name.endsWith("reserve")
            && !name.startsWith("machine")) {
          content.put(name, HexFormat.of().formatHex(Files.readAllBytes(file)));
        }
      }
    }
    return content;
  }

  private static void copyGolden(Path target) throws IOException {
    copyGolden(GOLDEN, target);
  }

  private static void copyGolden(Path golden, Path target) throws IOException {
    try (Stream<Path> files = Files.walk(golden)) {
      for (Path file : files.toList()) {
        Path copy = target.resolve(golden.relativize(file).toString());
        if (Files.isDirectory(file)) {
          Files.createDirectories(copy);
        } else {
          Files.copy(file, copy);
        }
      }
    }
  }

  @Test
  void whatIsWrittenTodayIsTheGoldenDirectory() throws IOException {
    write(root);
    assertThat(content(root)).isEqualTo(content(GOLDEN)).hasSize(6);
  }

  @ParameterizedTest
  @ValueSource(strings = {"member-1", "member-1-checksums"})
  void theGoldenDirectoryIsOpenedAndItsMemberGoesOn(String golden) throws IOException {
    copyGolden(ALL_GOLDEN.resolve(golden), root);
    MemberDirectory member = open(root);
    assertThat(member.storage().vote())
        .isEqualTo(new VoteState(3, Optional.of(new MemberId("m2"))));
    assertThat(member.storage().log().lastIndex()).isEqualTo(LAST);
    assertThat(member.checkpoints().current().index()).isEqualTo(CHECKPOINT);
    assertThat(member.checkpoints().current().membership()).isEqualTo(ALONE);
    ListMachine machine = new ListMachine(root.resolve("machine"), 0);
    List<String> fatal = new ArrayList<>();
    try (RaftEngine<Integer> engine =
        RaftEngine.start(
            TestCluster.id(1),
            TestCluster.OPTIONS.withLog(OPTIONS),
            member,
            machine,
            new InMemoryNetwork().transportOf(TestCluster.id(1), 0, Optional.empty()),
            new EngineEnvironment(
                new SystemClock(),
                new SplittableRandom(1),
                (what, cause) -> fatal.add(what),
                new MetricRegistry()))) {
      TestCluster.awaitTrue("leadership", () -> engine.status().ready(), fatal);
      assertThat(engine.submit("new".getBytes(StandardCharsets.UTF_8)).join()).isEqualTo(LAST);
      assertThat(machine.words()).startsWith(words().toArray(new String[0])).endsWith("new");
    }
    assertThat(fatal).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "log/state",
        "log/log-00000000000000000009.segment",
        "checkpoints/current",
        "checkpoints/checkpoint-00000000000000000008-1/cairn-manifest",
      })
  void anotherVersionIsRefusedByName(String name) throws IOException {
    copyGolden(root);
    int newest = name.equals("log/state") ? 2 : 1;
    setVersion(root.resolve(name), newest + 1);
    expectWrongVersion(
        "%s: format version %d is newer than %d".formatted(name, newest + 1, newest));
    setVersion(root.resolve(name), 0);
    expectWrongVersion(name + ": format version 0 is older than " + newest);
    setVersion(root.resolve(name), 1);
    open(root).close();
  }

  private static void setVersion(Path file, int version) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      int written = channel.write(ByteBuffer.allocate(4).putInt(version).flip(), 4);
      assertThat(written).isEqualTo(4);
    }
  }

  private void expectWrongVersion(String text) {
    assertThatThrownBy(() -> open(root).close())
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.WRONG_VERSION))
        .hasMessageContaining(text);
  }

  /** Version 2 of the state file has the instance; a file without one is no such file. */
  @Test
  void theInstanceOfADirectoryIsKept() throws IOException {
    copyGolden(root);
    setVersion(root.resolve("log/state"), 2);
    assertThatThrownBy(() -> open(root).close()).hasMessageContaining("corrupt at offset 4");
    setVersion(root.resolve("log/state"), 1);
    long given;
    try (MemberDirectory member = open(root)) {
      given = member.instance(new SplittableRandom(4));
      member.storage().saveVote(new VoteState(4, Optional.of(new MemberId("m3"))));
    }
    assertThat(given).isNotZero();
    try (MemberDirectory again = open(root)) {
      assertThat(again.instance(new SplittableRandom(5))).isEqualTo(given);
      assertThat(again.storage().vote())
          .isEqualTo(new VoteState(4, Optional.of(new MemberId("m3"))));
    }
    setVersion(root.resolve("log/state"), 1);
    assertThatThrownBy(() -> open(root).close()).hasMessageContaining("corrupt at offset 4");
  }

  @Test
  void aDamagedMemberSaysWhatIsWrongAndWhatToDo() throws IOException {
    copyGolden(root);
    Path words = root.resolve("checkpoints/checkpoint-00000000000000000008-1/words");
    byte[] whole = Files.readAllBytes(words);
    Files.write(words, new byte[] {1, 2, 3});
    expectDamage(words + ": corrupt at offset 3: expected " + whole.length + " bytes, found 3");
    Files.delete(words);
    expectDamage(words + ": corrupt at offset 0: expected " + whole.length + " bytes, found no");
    Files.write(words, whole);
    Path state = root.resolve("log/state");
    byte[] bytes = Files.readAllBytes(state);
    bytes[20] ^= 1;
    Files.write(state, bytes);
    expectDamage(state + ": corrupt at offset 8: expected CRC ");
  }

  private void expectDamage(String text) {
    assertThatThrownBy(() -> open(root).close())
        .isInstanceOfSatisfying(
            CairnException.class,
            refusal -> assertThat(refusal.code()).isEqualTo(ErrorCode.CORRUPT))
        .hasMessageContaining(text)
        .hasMessageContaining("must be removed from the group and join again as a new member");
  }
}
