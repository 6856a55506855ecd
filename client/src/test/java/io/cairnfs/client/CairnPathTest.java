package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CairnPathTest {
  private static final byte[] INVALID_UTF8 = {'/', 'a', (byte) 0xff, (byte) 0xfe, '/', (byte) 0x80};

  @ParameterizedTest
  @CsvSource(
      value = {
        "/|/",
        "//|/",
        "/a/b|/a/b",
        "//a///b//|/a/b",
        "/a/./b/.|/a/b",
        "/a/../b|/b",
        "/..|/",
        "/../../a|/a",
        "a/..|''",
        "../a|../a",
        "a/../../b|../b",
        ".|''",
        "./a|a",
        "/a/...|/a/..."
      },
      delimiter = '|')
  void isKeptInNormalForm(String text, String normal) {
    assertThat(CairnPath.of(text).toString()).isEqualTo(normal);
  }

  @Test
  void bytesThatAreNotUtf8AreKept() {
    CairnPath path = CairnPath.of(INVALID_UTF8);
    assertThat(path.bytes()).isEqualTo(INVALID_UTF8);
    assertThat(path.nameBytes()).containsExactly(0x80);
    assertThat(new CairnUri(Optional.of("h:1"), path).toUri())
        .isEqualTo(URI.create("cairn://h:1/a%FF%FE/%80"));
    assertThat(CairnUri.of(URI.create("cairn://h:1/a%FF%FE/%80")).path()).isEqualTo(path);
  }

  @Test
  void parentsChildrenAndNames() {
    CairnPath path = CairnPath.of("/a/b");
    assertThat(path.parent()).contains(CairnPath.of("/a"));
    assertThat(CairnPath.of("/a").parent()).contains(CairnPath.ROOT);
    assertThat(CairnPath.ROOT.parent()).isEmpty();
    assertThat(CairnPath.of("a").parent()).contains(CairnPath.HERE);
    assertThat(CairnPath.ROOT.child("x")).isEqualTo(CairnPath.of("/x"));
    assertThat(CairnPath.HERE.child("x")).isEqualTo(CairnPath.of("x"));
    assertThat(path.child("c").names())
        .extracting(name -> new String(name, StandardCharsets.UTF_8))
        .containsExactly("a", "b", "c");
    assertThat(path.name()).isEqualTo("b");
    assertThat(path.depth()).isEqualTo(2);
    assertThatThrownBy(() -> path.child("..")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> path.child("x/y")).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> path.child("")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void relativePathsAreResolvedLexically() {
    CairnPath home = CairnPath.of("/user/ada");
    assertThat(home.resolve("x/y")).isEqualTo(CairnPath.of("/user/ada/x/y"));
    assertThat(home.resolve("../bob")).isEqualTo(CairnPath.of("/user/bob"));
    assertThat(home.resolve("/tmp")).isEqualTo(CairnPath.of("/tmp"));
    assertThat(home.resolve("")).isEqualTo(home);
    assertThat(CairnPath.HERE.resolve("a")).isEqualTo(CairnPath.of("a"));
  }

  @Test
  void startsWithComparesWholeComponents() {
    assertThat(CairnPath.of("/a/bc").startsWith(CairnPath.of("/a/b"))).isFalse();
    assertThat(CairnPath.of("/a/b/c").startsWith(CairnPath.of("/a/b"))).isTrue();
    assertThat(CairnPath.of("/a").startsWith(CairnPath.ROOT)).isTrue();
    assertThat(CairnPath.of("a").startsWith(CairnPath.ROOT)).isFalse();
    assertThat(CairnPath.of("/a/b/c").relativeTo(CairnPath.of("/a")))
        .isEqualTo(CairnPath.of("b/c"));
    assertThat(CairnPath.of("/a").relativeTo(CairnPath.ROOT)).isEqualTo(CairnPath.of("a"));
    assertThat(CairnPath.of("/a").relativeTo(CairnPath.of("/a"))).isEqualTo(CairnPath.HERE);
    assertThatThrownBy(() -> CairnPath.of("/a").relativeTo(CairnPath.of("/b")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ordersAsUnsignedBytes() {
    assertThat(CairnPath.of(new byte[] {'/', (byte) 0xff})).isGreaterThan(CairnPath.of("/z"));
  }

  @Test
  void urisAreTakenLiterallyFromUsers() {
    assertThat(CairnUri.parse("cairn://h:1,g:2/a%20b"))
        .isEqualTo(new CairnUri(Optional.of("h:1,g:2"), CairnPath.of("/a%20b")));
    assertThat(CairnUri.parse("cairn://name").path()).isEqualTo(CairnPath.ROOT);
    assertThat(CairnUri.parse("cairn:///a").authority()).isEmpty();
    assertThat(CairnUri.parse("a:b").path()).isEqualTo(CairnPath.of("a:b"));
    assertThat(CairnUri.parse("cairn://name/x")).hasToString("cairn://name/x");
    assertThatThrownBy(() -> CairnUri.parse("hdfs://h/a"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("hdfs://h/a");
    assertThatThrownBy(() -> CairnUri.of(URI.create("file:///a")))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
