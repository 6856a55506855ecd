package io.cairnfs.contract.suite;

import static io.cairnfs.contract.Face.OpenFlag.APPEND;
import static io.cairnfs.contract.Face.OpenFlag.CREATE;
import static io.cairnfs.contract.Face.OpenFlag.EXCLUSIVE;
import static io.cairnfs.contract.Face.OpenFlag.NO_FOLLOW;
import static io.cairnfs.contract.Face.OpenFlag.READ;
import static io.cairnfs.contract.Face.OpenFlag.TRUNCATE;
import static io.cairnfs.contract.Face.OpenFlag.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.Face.Growth;
import io.cairnfs.contract.Face.Handle;
import io.cairnfs.contract.Face.OpenFlag;
import io.cairnfs.contract.Face.RenameMode;
import io.cairnfs.contract.PosixException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What a face must do with open files. */
abstract class OpenFileContract extends AttributeContract {
  private static final Set<OpenFlag> BOTH = Set.of(READ, WRITE);
  private static final Set<OpenFlag> NEW = Set.of(READ, WRITE, CREATE, EXCLUSIVE);
  private static final int LARGE = 65_536;

  private static byte[] filled(int length, int value) {
    byte[] bytes = new byte[length];
    Arrays.fill(bytes, (byte) value);
    return bytes;
  }

  @Test
  final void bytesAreWrittenAndReadAtAnyPosition() throws Exception {
    try (Handle file = face().open("f", NEW, 0644)) {
      file.write(5, bytes("later"));
      file.write(0, bytes("first"));
      assertThat(text(file.read(0, 100))).isEqualTo("firstlater");
      file.write(3, bytes("XXXX"));
      assertThat(text(file.read(2, 6))).isEqualTo("rXXXXt");
      assertThat(file.read(10, 5)).isEmpty();
      assertThat(file.read(1_000_000, 5)).isEmpty();
      assertThat(text(file.read(8, 50))).isEqualTo("er");
    }
    assertThat(content("f")).isEqualTo("firXXXXter");
  }

  @Test
  final void whatWasNeverWrittenReadsAsZeros() throws Exception {
    try (Handle file = face().open("f", NEW, 0644)) {
      file.write(100_000, bytes("end"));
      assertThat(file.read(0, 1000)).isEqualTo(new byte[1000]);
      assertThat(file.read(99_999, 10)).isEqualTo(new byte[] {0, 'e', 'n', 'd'});
    }
    assertThat(face().stat("f").size()).isEqualTo(100_003);
  }

  @Test
  final void largeWritesOverlap() throws Exception {
    byte[] expected = new byte[4 << 20];
    try (Handle file = face().open("f", NEW, 0644)) {
      for (int i = 1; i <= 6; i++) {
        byte[] part = filled(1_300_000, i);
        int at = (i * 1_234_567) % 2_500_000;
        file.write(at, part);
        System.arraycopy(part, 0, expected, at, part.length);
      }
      int size = (int) face().stat("f").size();
      assertThat(file.read(0, expected.length)).isEqualTo(Arrays.copyOf(expected, size));
    }
  }

  @Test
  final void openFlagsDecideOfExistence() throws Exception {
    assertThat(errno(() -> face().open("f", BOTH, 0644))).isEqualTo(ENOENT);
    face().open("f", Set.of(WRITE, CREATE), 0600).close();
    assertThat(face().stat("f").mode()).isEqualTo(0600);
    assertThat(errno(() -> face().open("f", NEW, 0644))).isEqualTo(EEXIST);
    face().open("f", Set.of(WRITE, CREATE), 0644).close();
    assertThat(face().stat("f").mode()).isEqualTo(0600);
    face().mkdir("d", 0755);
    assertThat(errno(() -> face().open("d", BOTH, 0))).isEqualTo(EISDIR);
    assertThat(errno(() -> face().open("none/f", NEW, 0644))).isEqualTo(ENOENT);
    assertThat(errno(() -> face().open("f/g", NEW, 0644))).isEqualTo(ENOTDIR);
  }

  @Test
  final void openFlagsDecideOfSymlinks() throws Exception {
    face().symlink("target", "l");
    assertThat(errno(() -> face().open("l", NEW, 0644))).isEqualTo(EEXIST);
    assertThat(errno(() -> face().open("l", Set.of(READ, NO_FOLLOW), 0))).isEqualTo(ELOOP);
    face().open("l", Set.of(WRITE, CREATE), 0644).close();
    assertThat(face().lstat("target").type()).isEqualTo('f');
  }

  @Test
  final void whatASymlinkNamesIsMadeWhereTheLinkStands() throws Exception {
    face().mkdir("real", 0755);
    face().mkdir("real/sub", 0755);
    face().symlink("real/sub", "way");
    face().symlink("../made", "real/sub/up");
    face().symlink("up", "real/sub/twice");
    face().open("way/twice", Set.of(WRITE, CREATE), 0644).close();
    assertThat(face().list(".")).containsExactly("real", "way");
    assertThat(face().lstat("real/made").type()).isEqualTo('f');
    face().symlink("none/made", "lost");
    assertThat(errno(() -> face().open("lost", Set.of(WRITE, CREATE), 0644))).isEqualTo(ENOENT);
    face().symlink("circle", "circle");
    assertThat(errno(() -> face().open("circle", Set.of(WRITE, CREATE), 0644))).isEqualTo(ELOOP);
  }

  @Test
  final void truncatingAtOpenLeavesNothing() throws Exception {
    make("f", "content");
    face().open("f", Set.of(WRITE, TRUNCATE), 0).close();
    assertThat(face().content("f")).isEmpty();
  }

  @Test
  final void anOpenFileIsTruncated() throws Exception {
    try (Handle file = face().open("f", NEW, 0644)) {
      file.write(0, filled(50_000, 'x'));
      file.truncate(20_001);
      assertThat(file.read(20_000, 10)).containsExactly('x');
      file.write(30_000, bytes("y"));
      assertThat(file.read(20_000, 10_001)).startsWith('x', 0).endsWith(0, 'y').hasSize(10_001);
      file.truncate(0);
      assertThat(file.read(0, 10)).isEmpty();
      file.write(2, bytes("z"));
      assertThat(file.read(0, 10)).containsExactly(0, 0, 'z');
    }
  }

  @Test
  final void whatTruncateLengthensByIsZero() throws Exception {
    make("f", "0123456789");
    face().truncate("f", 4);
    if (has(Feature.HOLES)) {
      face().truncate("f", 8);
      assertThat(content("f")).isEqualTo("0123\0\0\0\0");
    } else {
      assertThat(content("f")).isEqualTo("0123");
    }
  }

  @Test
  final void aShortFileBecomesLongByAHole() throws Exception {
    if (!has(Feature.HOLES)) {
      return;
    }
    make("f", "0123456789");
    face().truncate("f", LARGE);
    byte[] expected = Arrays.copyOf(bytes("0123456789"), LARGE);
    assertThat(face().content("f")).isEqualTo(expected);
    make("g", "0123456789");
    try (Handle file = face().open("g", BOTH, 0)) {
      file.truncate(LARGE);
      assertThat(file.read(0, 2 * LARGE)).isEqualTo(expected);
    }
    make("h", "0123456789");
    try (Handle file = face().open("h", BOTH, 0)) {
      file.allocate(LARGE - 1000, 1000, Growth.GROW);
      assertThat(file.read(0, 2 * LARGE)).isEqualTo(expected);
    }
  }

  @Test
  final void aRemovedFileCanBeUsedByWhoHasItOpen() throws Exception {
    make("f", "content");
    try (Handle file = face().open("f", BOTH, 0)) {
      face().unlink("f");
      assertThat(errno(() -> face().stat("f"))).isEqualTo(ENOENT);
      assertThat(text(file.read(0, 100))).isEqualTo("content");
      file.write(7, filled(LARGE, 'x'));
      assertThat(file.read(6, 3)).containsExactly('t', 'x', 'x');
      file.truncate(3);
      assertThat(text(file.read(0, 100))).isEqualTo("con");
      make("f", "another");
      assertThat(text(file.read(0, 100))).isEqualTo("con");
      if (has(Feature.HANDLE_STAT)) {
        assertThat(file.stat().links()).isZero();
      }
    }
    assertThat(content("f")).isEqualTo("another");
  }

  @Test
  final void aRemovedFileIsChangedAndOpenedAnewByWhoHasItOpen() throws Exception {
    if (!has(Feature.HANDLE_CHANGES)) {
      return;
    }
    make("f", "content");
    Handle file = face().open("f", BOTH, 0);
    face().unlink("f");
    file.chmod(0400);
    file.setTimes(5_000_000_000L, 7_000_000_000L);
    file.changeGroup(file.stat().group());
    assertThat(file.stat().mode()).isEqualTo(0400);
    assertThat(file.stat().accessed()).isEqualTo(5_000_000_000L);
    assertThat(file.stat().modified()).isEqualTo(7_000_000_000L);
    assertThat(errno(() -> file.changeGroup("bob"))).isEqualTo(EPERM);
    assertThat(errno(() -> file.reopen(BOTH))).isEqualTo(EACCES);
    file.truncate(3);
    file.allocate(0, 5, Growth.GROW);
    file.sync();
    try (Handle again = file.reopen(Set.of(READ))) {
      assertThat(text(again.read(0, 100))).isEqualTo("con\0\0");
      file.chmod(0600);
      file.close();
      try (Handle writer = again.reopen(BOTH)) {
        writer.write(0, bytes("C"));
        assertThat(text(again.read(0, 3))).isEqualTo("Con");
      }
    }
  }

  @Test
  final void aReplacedFileCanBeUsedByWhoHasItOpen() throws Exception {
    make("f", "old");
    make("g", "new");
    try (Handle file = face().open("f", BOTH, 0)) {
      face().rename("g", "f", RenameMode.REPLACE);
      file.write(3, bytes("er"));
      assertThat(text(file.read(0, 100))).isEqualTo("older");
    }
    assertThat(content("f")).isEqualTo("new");
  }

  @Test
  final void anOpenFileIsNotItsName() throws Exception {
    make("f", "content");
    try (Handle file = face().open("f", BOTH, 0)) {
      face().rename("f", "g", RenameMode.REPLACE);
      file.write(0, bytes("C"));
    }
    assertThat(content("g")).isEqualTo("Content");
  }

  @Test
  final void rightsAreLookedAtWhenAFileIsOpened() throws Exception {
    make("f", "content");
    try (Handle file = face().open("f", BOTH, 0)) {
      face().chmod("f", 0);
      assertThat(errno(() -> face().open("f", Set.of(READ), 0))).isEqualTo(EACCES);
      file.write(0, bytes("C"));
      assertThat(text(file.read(0, 100))).isEqualTo("Content");
    }
    try (Handle file = face().open("readonly", NEW, 0400)) {
      file.write(0, bytes("made by who could not open it again"));
    }
    assertThat(face().stat("readonly").size()).isEqualTo(35);
    assertThat(errno(() -> face().open("readonly", BOTH, 0))).isEqualTo(EACCES);
    Face other = otherUsersFace();
    assertThat(errno(() -> other.open("readonly", Set.of(READ), 0))).isEqualTo(EACCES);
  }

  /** With whatever errno: POSIX has EBADF, faces without descriptors have words of their own. */
  @Test
  final void whatAFileWasNotOpenedForIsRefused() throws Exception {
    make("f", "content");
    try (Handle file = face().open("f", Set.of(READ), 0)) {
      assertThat(errno(() -> file.write(0, bytes("x")))).isPositive();
      assertThat(errno(() -> file.truncate(0))).isPositive();
    }
    try (Handle file = face().open("f", Set.of(WRITE), 0)) {
      assertThat(errno(() -> file.read(0, 1))).isPositive();
    }
    assertThat(content("f")).isEqualTo("content");
  }

  @Test
  final void onlyOneMakesANewFile() throws Exception {
    Face second = secondFace();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      for (int i = 0; i < 40; i++) {
        String name = "n" + i;
        Future<Boolean> one = threads.submit(() -> isMaker(face(), name));
        Future<Boolean> other = threads.submit(() -> isMaker(second, name));
        assertThat(List.of(one.get(), other.get())).containsExactlyInAnyOrder(true, false);
      }
    } finally {
      threads.shutdownNow();
    }
  }

  private static boolean isMaker(Face face, String name) throws PosixException {
    try {
      face.open(name, Set.of(WRITE, CREATE, EXCLUSIVE), 0644).close();
      return true;
    } catch (PosixException e) {
      if (e.errno() == EEXIST) {
        return false;
      }
      throw e;
    }
  }

  @Test
  final void recordsOfSeveralThatAppendLandWholeAndOnce() throws Exception {
    if (!has(Feature.ATOMIC_APPENDS)) {
      return;
    }
    make("f", "");
    Face second = secondFace();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Integer> one = threads.submit(() -> append(face(), 'a'));
      Future<Integer> other = threads.submit(() -> append(second, 'b'));
      assertThat(one.get() + other.get()).isEqualTo(80);
    } finally {
      threads.shutdownNow();
    }
    String[] records = content("f").split("\n", 0);
    assertThat(records).hasSize(80);
    Set<String> different = new HashSet<>(List.of(records));
    assertThat(different).hasSize(80).allMatch(record -> record.matches("[ab]\\d+x{200}"));
  }

  private static int append(Face face, char who) throws PosixException {
    try (Handle file = face.open("f", Set.of(WRITE, APPEND), 0)) {
      for (int i = 0; i < 40; i++) {
        file.append(bytes(who + "" + i + "x".repeat(200) + "\n"));
      }
    }
    return 40;
  }

  @Test
  final void writersOfDifferentRangesDoNotDisturbEachOther() throws Exception {
    make("f", "");
    Face second = secondFace();
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      List<Callable<Boolean>> both =
          List.of(() -> stripes(face(), 0, 'a'), () -> stripes(second, 1, 'b'));
      for (Future<Boolean> each : threads.invokeAll(both)) {
        assertThat(each.get()).isTrue();
      }
    } finally {
      threads.shutdownNow();
    }
    byte[] content = face().content("f");
    assertThat(content).hasSize(40 * 5000);
    for (int i = 0; i < content.length; i++) {
      assertThat(content[i]).isEqualTo((byte) (i / 5000 % 2 == 0 ? 'a' : 'b'));
    }
  }

  private static boolean stripes(Face face, int first, char value) throws PosixException {
    try (Handle file = face.open("f", Set.of(WRITE), 0)) {
      for (int i = first; i < 40; i += 2) {
        file.write(i * 5000L, filled(5000, value));
      }
    }
    return true;
  }

  @Test
  final void punchedAndAllocatedRangesAreZeros() throws Exception {
    if (!has(Feature.HOLES)) {
      return;
    }
    try (Handle file = face().open("f", NEW, 0644)) {
      file.write(0, filled(LARGE, 'x'));
      file.punch(1000, 5000);
      assertThat(file.read(999, 5002)).startsWith('x', 0).endsWith(0, 'x').hasSize(5002);
      file.punch(LARGE - 10, 100);
      assertThat(file.stat().size()).isEqualTo(LARGE);
      file.allocate(LARGE, 1000, Growth.KEEP_LENGTH);
      assertThat(file.stat().size()).isEqualTo(LARGE);
      file.allocate(LARGE, 1000, Growth.GROW);
      assertThat(file.stat().size()).isEqualTo(LARGE + 1000);
      assertThat(file.read(LARGE - 10, 2000)).isEqualTo(new byte[1010]);
      assertThat(errno(() -> file.allocate(0, 0, Growth.GROW))).isEqualTo(EINVAL);
      assertThat(errno(() -> file.punch(0, 0))).isEqualTo(EINVAL);
    }
  }

  @Test
  final void dataAndHolesAreFound() throws Exception {
    if (!has(Feature.HOLES)) {
      return;
    }
    long far = 1_048_576;
    try (Handle file = face().open("f", NEW, 0644)) {
      assertThat(errno(() -> file.seekData(0))).isEqualTo(ENXIO);
      file.write(0, filled(LARGE, 'x'));
      file.write(far, filled(LARGE, 'y'));
      assertThat(file.seekData(0)).isZero();
      assertThat(file.seekHole(0)).isEqualTo(LARGE);
      assertThat(file.seekData(LARGE)).isEqualTo(far);
      assertThat(file.seekHole(far)).isEqualTo(far + LARGE);
      assertThat(file.seekHole(LARGE + 5000)).isEqualTo(LARGE + 5000);
      assertThat(errno(() -> file.seekData(far + LARGE))).isEqualTo(ENXIO);
      assertThat(errno(() -> file.seekHole(far + LARGE))).isEqualTo(ENXIO);
      file.truncate(2 * far);
      assertThat(errno(() -> file.seekData(far + LARGE))).isEqualTo(ENXIO);
      file.punch(0, LARGE);
      assertThat(file.seekData(0)).isEqualTo(far);
    }
  }

  @Test
  final void aWriteTakesSetIdBits() throws Exception {
    List<Call> changes = new ArrayList<>();
    changes.add(
        () -> {
          try (Handle file = face().open("f", Set.of(WRITE), 0)) {
            file.write(0, bytes("x"));
          }
        });
    changes.add(() -> face().truncate("f", 1));
    if (has(Feature.HOLES)) {
      changes.add(() -> change("f", file -> file.allocate(0, 100, Growth.KEEP_LENGTH)));
      changes.add(() -> change("f", file -> file.allocate(0, 100, Growth.GROW)));
      changes.add(() -> change("f", file -> file.punch(0, 1)));
    }
    make("f", "content");
    for (Call change : changes) {
      face().chmod("f", 06755);
      change.run();
      assertThat(face().stat("f").mode()).isEqualTo(0755);
    }
  }

  private interface Change {
    void of(Handle file) throws PosixException;
  }

  private void change(String path, Change change) throws PosixException {
    try (Handle file = face().open(path, BOTH, 0)) {
      change.of(file);
    }
  }

  @Test
  final void aProgramIsWrittenByWhoHasItOpenWhenItsNameIsGone() throws Exception {
    make("f", "content");
    face().chmod("f", 06755);
    try (Handle file = face().open("f", BOTH, 0)) {
      face().unlink("f");
      file.write(0, bytes("C"));
      file.truncate(4);
      assertThat(text(file.read(0, 100))).isEqualTo("Cont");
    }
  }

  @Test
  final void whatIsSetExplicitlyComesAfterWhatWasWrittenBefore() throws Exception {
    long second = 1_000_000_000L;
    make("f", "content");
    try (Handle file = face().open("f", Set.of(WRITE), 0)) {
      file.write(0, bytes("C"));
      face().setTimes("f", 5 * second, 7 * second);
      assertThat(face().stat("f").modified()).isEqualTo(7 * second);
      file.write(1, bytes("O"));
      face().chmod("f", 06755);
    }
    assertThat(face().stat("f").mode()).isEqualTo(06755);
    try (Handle file = face().open("f", Set.of(WRITE), 0)) {
      file.write(2, bytes("N"));
      face().setTimes("f", 5 * second, 7 * second);
    }
    assertThat(face().stat("f").modified()).isEqualTo(7 * second);
    assertThat(content("f")).isEqualTo("CONtent");
  }

  @Test
  final void anAclComesAfterWhatWasWrittenBefore() throws Exception {
    if (!has(Feature.ACLS)) {
      return;
    }
    make("f", "content");
    face().chmod("f", 02775);
    try (Handle file = face().open("f", Set.of(WRITE), 0)) {
      file.write(0, bytes("C"));
      // With no right of the group's to execute the file, the write would leave its bit.
      face().setAcl("f", false, List.of("user::rwx", "group::r--", "other::r-x"));
    }
    assertThat(face().stat("f").mode()).isEqualTo(0745);
  }

  @Test
  final void aTruncateToTheLengthThatThereIsIsAChange() throws Exception {
    if (!has(Feature.HOLES)) {
      return;
    }
    make("f", "content");
    face().setTimes("f", 5_000_000_000L, 7_000_000_000L);
    face().truncate("f", 7);
    assertThat(face().stat("f").modified()).isGreaterThan(7_000_000_000L);
  }
}
