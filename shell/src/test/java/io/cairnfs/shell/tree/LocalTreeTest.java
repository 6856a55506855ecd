package io.cairnfs.shell.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalTreeTest {
  @TempDir Path directory;
  private LocalTree tree;
  private CairnPath root;

  @BeforeEach
  void open() {
    tree = new LocalTree(directory);
    root = tree.home();
  }

  /** JUnit cannot delete names that are no text. */
  @AfterEach
  void deleteRawNames() throws IOException {
    for (Entry entry : tree.list(root)) {
      tree.delete(entry.path(), true);
    }
  }

  private CairnPath write(byte[] name, String content) throws IOException {
    CairnPath path = root.child(name);
    tree.createSmall(
        path,
        content.getBytes(java.nio.charset.StandardCharsets.UTF_8),
        WriteOptions.visible(false));
    return path;
  }

  @Test
  void namesThatAreNoTextKeepTheirBytes() throws IOException {
    byte[][] names = {
      {'a', (byte) 0xff, 'b'},
      {(byte) 0xc3, (byte) 0xa9},
      {(byte) 0xe2, (byte) 0x82},
      {'%', '4', '1'},
      {' ', '#', '?'},
      {'a', '\n'}
    };
    for (byte[] name : names) {
      CairnPath path = write(name, "content of " + name.length);
      assertThat(tree.find(path)).isPresent();
      assertThat(tree.readSmall(path, 100)).isNotEmpty();
    }
    List<byte[]> listed = tree.list(root).stream().map(entry -> entry.path().nameBytes()).toList();
    assertThat(listed).containsExactlyInAnyOrder(names);
  }

  @Test
  void namesAreListedInOrderOfTheirBytes() throws IOException {
    write(new byte[] {'b'}, "");
    write(new byte[] {(byte) 0xff}, "");
    write(new byte[] {'B'}, "");
    assertThat(tree.list(root).stream().map(entry -> entry.path().nameBytes()))
        .containsExactly(new byte[] {'B'}, new byte[] {'b'}, new byte[] {(byte) 0xff});
  }

  @Test
  void refusalsHaveTheirCodes() throws IOException {
    CairnPath file = write(new byte[] {'f'}, "x");
    CairnPath missing = root.child("missing");
    assertCode(() -> tree.open(missing, 0), ErrorCode.NOT_FOUND);
    assertCode(() -> tree.open(root, 0), ErrorCode.IS_A_DIRECTORY);
    assertCode(() -> tree.list(file), ErrorCode.NOT_A_DIRECTORY);
    assertCode(() -> tree.create(file, WriteOptions.visible(false)), ErrorCode.EXISTS);
    assertCode(() -> tree.mkdir(file, false), ErrorCode.EXISTS);
    assertCode(() -> tree.delete(missing, false), ErrorCode.NOT_FOUND);
    assertCode(() -> tree.rename(file, write(new byte[] {'g'}, ""), false), ErrorCode.EXISTS);
    assertCode(() -> tree.readSmall(write(new byte[] {'h'}, "long"), 3), ErrorCode.TOO_LARGE);
    assertCode(() -> tree.mkdir(root.child("n".repeat(300)), false), ErrorCode.NAME_TOO_LONG);
    assertCode(() -> tree.totals(missing), ErrorCode.NOT_FOUND);
    tree.mkdir(root.child("d"), false);
    write2(root.child("d").child("x"));
    assertCode(() -> tree.delete(root.child("d"), false), ErrorCode.NOT_EMPTY);
    assertThat(tree.find(file.child("below"))).isEmpty();
  }

  private void write2(CairnPath path) throws IOException {
    tree.createSmall(path, new byte[2], WriteOptions.visible(false));
  }

  private interface Action {
    void run() throws IOException;
  }

  private static void assertCode(Action action, ErrorCode code) {
    assertThatThrownBy(action::run)
        .asInstanceOf(InstanceOfAssertFactories.type(CairnException.class))
        .extracting(CairnException::code)
        .isEqualTo(code);
  }

  @Test
  void linksAreFollowedAndDanglingOnesShown() throws IOException {
    write(new byte[] {'f'}, "x");
    Files.createSymbolicLink(directory.resolve("good"), Path.of("f"));
    Files.createSymbolicLink(directory.resolve("gone"), Path.of("nowhere"));
    Files.createSymbolicLink(directory.resolve("self"), Path.of("self"));
    assertThat(tree.list(root))
        .extracting(entry -> entry.path().name() + " " + entry.facts().kind())
        .containsExactly("f FILE", "gone SYMLINK", "good FILE", "self SYMLINK");
  }

  @Test
  void totalsCountWhatIsBelow() throws IOException {
    tree.mkdir(root.child("d").child("e"), true);
    write2(root.child("d").child("e").child("x"));
    write2(root.child("y"));
    assertThat(tree.totals(root)).isEqualTo(new Totals(3, 2, 4, 4));
    assertThat(tree.totals(root.child("y"))).isEqualTo(new Totals(0, 1, 2, 2));
  }

  @Test
  void timesAndModesAreSet() throws IOException {
    CairnPath file = write(new byte[] {'f'}, "x");
    tree.update(file, AttributeUpdate.mode(0640));
    tree.update(
        file,
        AttributeUpdate.times(OptionalLong.of(1_600_000_000_000_000_000L), OptionalLong.empty()));
    Facts facts = tree.find(file).orElseThrow();
    assertThat(facts.mode()).isEqualTo(0640);
    assertThat(facts.modifiedMillis()).isEqualTo(1_600_000_000_000L);
  }

  @Test
  void readingBeginsAtTheOffset() throws IOException {
    CairnPath file = write(new byte[] {'f'}, "0123456789");
    try (InputStream in = tree.open(file, 7)) {
      assertThat(in.readAllBytes()).asString().isEqualTo("789");
    }
    assertThat(tree.crc32c(file)).isEqualTo(0x280c069e);
    assertThat(tree.mayRead(file)).isTrue();
    assertThat(tree.mayWrite(file)).isTrue();
    assertThat(tree.space().capacity()).isPositive();
  }
}
