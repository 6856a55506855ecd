package io.cairnfs.contract.suite;

import static io.cairnfs.contract.Face.OpenFlag.APPEND;
import static io.cairnfs.contract.Face.OpenFlag.CREATE;
import static io.cairnfs.contract.Face.OpenFlag.READ;
import static io.cairnfs.contract.Face.OpenFlag.WRITE;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.Face.Handle;
import io.cairnfs.contract.Face.RenameMode;
import io.cairnfs.contract.PosixException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

/** What one client must see of what another has done. */
abstract class VisibilityContract extends LockContract {
  @Test
  final void namesAndAttributesAreSeenAtOnce() throws Exception {
    Face second = secondFace();
    for (int i = 0; i < 20; i++) {
      String name = "n" + i;
      make(name, "x");
      assertThat(second.list(".")).contains(name);
      face().chmod(name, 0600);
      assertThat(second.stat(name).mode()).isEqualTo(0600);
      second.rename(name, "m" + i, RenameMode.REPLACE);
      assertThat(errno(() -> face().stat(name))).isEqualTo(ENOENT);
      second.unlink("m" + i);
      assertThat(face().list(".")).isEmpty();
    }
  }

  @Test
  final void whatIsFlushedIsSeenByWhoHasTheFileOpenAlready() throws Exception {
    make("f", "old content");
    try (Handle writer = face().open("f", Set.of(WRITE), 0);
        Handle reader = secondFace().open("f", Set.of(READ), 0)) {
      assertThat(text(reader.read(0, 100))).isEqualTo("old content");
      writer.write(0, bytes("new"));
      writer.flush();
      assertSeen(reader, "new content");
      writer.truncate(3);
      writer.flush();
      assertSeen(reader, "new");
      writer.write(3, bytes("er"));
      writer.sync();
      assertSeen(reader, "newer");
    }
  }

  /** Asking for the attributes is what makes a reader look again. */
  private static void assertSeen(Handle reader, String content) throws PosixException {
    assertThat(reader.stat().size()).isEqualTo(content.length());
    assertThat(text(reader.read(0, 100))).isEqualTo(content);
  }

  @Test
  final void whatWasClosedIsSeenByWhoOpensThen() throws Exception {
    Face second = secondFace();
    for (int i = 1; i <= 20; i++) {
      try (Handle writer = face().open("f", Set.of(WRITE, CREATE), 0644)) {
        writer.write(0, bytes("x".repeat(i * 3000) + i));
      }
      assertThat(second.stat("f").size()).isEqualTo(i * 3000 + Integer.toString(i).length());
      assertThat(text(second.content("f"))).endsWith("x" + i);
    }
  }

  @Test
  final void aGrowingFileIsFollowed() throws Exception {
    make("log", "");
    try (Handle writer = face().open("log", Set.of(WRITE, APPEND), 0);
        Handle reader = secondFace().open("log", Set.of(READ), 0)) {
      long at = 0;
      for (int i = 0; i < 30; i++) {
        String record = "record " + i + " " + "y".repeat(i * 100);
        writer.append(bytes(record));
        writer.flush();
        assertThat(text(reader.read(at, 100_000))).isEqualTo(record);
        at += record.length();
      }
    }
  }

  @Test
  final void whatAnotherHasRemovedIsGone() throws Exception {
    make("f", "x");
    Face second = secondFace();
    assertThat(text(second.content("f"))).isEqualTo("x");
    face().unlink("f");
    assertThat(errno(() -> second.content("f"))).isEqualTo(ENOENT);
    assertThat(errno(() -> second.open("f", Set.of(READ), 0))).isEqualTo(ENOENT);
    make("f", "y");
    assertThat(text(second.content("f"))).isEqualTo("y");
  }

  @Test
  final void aListingHasWhatStaysWhileOthersComeAndGo() throws Exception {
    face().mkdir("d", 0755);
    List<String> staying = new ArrayList<>();
    for (int i = 0; i < 1200; i++) {
      staying.add("d/s%04d".formatted(i));
      make("d/s%04d".formatted(i), "");
    }
    Face second = secondFace();
    AtomicBoolean enough = new AtomicBoolean();
    ExecutorService thread = Executors.newSingleThreadExecutor();
    try {
      Future<Integer> changing =
          thread.submit(
              () -> {
                int changes = 0;
                while (!enough.get()) {
                  String name = "d/s%04dx".formatted(changes % 1200);
                  second.create(name, 0644, bytes(""));
                  second.unlink(name);
                  changes++;
                }
                return changes;
              });
      for (int i = 0; i < 10; i++) {
        List<String> found = new ArrayList<>();
        for (String name : face().list("d")) {
          if (!name.endsWith("x")) {
            found.add("d/" + name);
          }
        }
        Collections.sort(found);
        assertThat(found).isEqualTo(staying);
      }
      enough.set(true);
      assertThat(changing.get()).isPositive();
    } finally {
      thread.shutdownNow();
    }
  }

  @Test
  final void namesAreBytes() throws Exception {
    if (!has(Feature.BYTE_NAMES)) {
      return;
    }
    byte[] noText = {(byte) 0xff, (byte) 0xc3, 'a', (byte) 0x80, '\n'};
    byte[] likeIt = {(byte) 0xff, (byte) 0xc3, 'b', (byte) 0x80, '\n'};
    face().createNamed(".", noText);
    face().createNamed(".", likeIt);
    assertThat(errno(() -> face().createNamed(".", noText))).isEqualTo(EEXIST);
    assertThat(secondFace().listNames(".")).containsExactlyInAnyOrder(noText, likeIt);
  }
}
