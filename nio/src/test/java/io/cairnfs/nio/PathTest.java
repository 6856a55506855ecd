package io.cairnfs.nio;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.id.HostPort;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.nio.file.PathMatcher;
import java.util.List;
import java.util.regex.PatternSyntaxException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Paths and globs, which ask no cluster. */
final class PathTest {
  private final NioFileSystem fileSystem =
      new NioFileSystem(
          new CairnFileSystemProvider(),
          "127.0.0.1:1",
          CairnFileSystem.connect(
              ClientOptions.builder(List.of(new HostPort("127.0.0.1", 1))).build()),
          NioFileSystem.Ownership.OURS);

  @AfterEach
  void close() {
    fileSystem.close();
  }

  private Path path(String text) {
    return fileSystem.getPath(text);
  }

  @Test
  void slashesCollapseAndDotsStayUntilNormalized() {
    assertThat(path("//a//./b/../c/")).hasToString("/a/./b/../c");
    assertThat(path("//a//./b/../c/").normalize()).hasToString("/a/c");
    assertThat(path("/../a").normalize()).hasToString("/a");
    assertThat(path("../../a/..").normalize()).hasToString("../..");
    assertThat(fileSystem.getPath("a", "", "b", "c/d")).hasToString("a/b/c/d");
  }

  @Test
  void partsAreThoseOfUnixPaths() {
    Path path = path("/a/b/c");
    assertThat(path.getRoot()).hasToString("/");
    assertThat(path.getParent()).hasToString("/a/b");
    assertThat(path.getFileName()).hasToString("c");
    assertThat(path.subpath(1, 3)).hasToString("b/c");
    assertThat(path.getNameCount()).isEqualTo(3);
    assertThat(path("/").getNameCount()).isZero();
    assertThat(path("/").getFileName()).isNull();
    assertThat(path("/").getParent()).isNull();
    assertThat(path("a").getParent()).isNull();
    assertThat(path("").getNameCount()).isEqualTo(1);
    assertThatThrownBy(() -> path.subpath(2, 2)).isInstanceOf(IllegalArgumentException.class);
    assertThat(path).startsWithRaw(path("/a/b")).endsWithRaw(path("b/c"));
    assertThat(path.startsWith(path("/a/bb"))).isFalse();
    assertThat(path.startsWith(Path.of("/a"))).isFalse();
  }

  @Test
  void relativizeIsTheInverseOfResolve() {
    for (String from : List.of("/a/b", "/", "/a/x/y")) {
      for (String to : List.of("/a/b", "/a/c/d", "/", "/z")) {
        Path relative = path(from).relativize(path(to));
        assertThat(path(from).resolve(relative).normalize()).isEqualTo(path(to));
      }
    }
    assertThat(path("a").relativize(path("a"))).hasToString("");
    assertThatThrownBy(() -> path("/a").relativize(path("a")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> path("..").relativize(path("a")))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void everyNameHasATextOfItsOwnThatLeadsBack() {
    byte[] bytes = {'/', 'a', (byte) 0xff, (byte) 0xc3, (byte) 0xa9, (byte) 0xe2, (byte) 0x82, '/'};
    String text = PathText.decode(bytes);
    assertThat(text).isEqualTo("/a\udcffé\udce2\udc82/");
    assertThat(PathText.encode(text)).isEqualTo(bytes);
    byte[] all = new byte[256];
    for (int i = 0; i < all.length; i++) {
      all[i] = (byte) (i == 0 ? 1 : i);
    }
    assertThat(PathText.encode(PathText.decode(all))).isEqualTo(all);
    String emoji = "\ud83d\ude00";
    assertThat(PathText.encode(emoji)).isEqualTo(emoji.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void textThatNoNameCanHaveIsRefused() {
    assertThatThrownBy(() -> path("a\0b")).isInstanceOf(InvalidPathException.class);
    assertThatThrownBy(() -> path("a\ud800")).isInstanceOf(InvalidPathException.class);
    assertThatThrownBy(() -> path("a\udc00")).isInstanceOf(InvalidPathException.class);
  }

  @Test
  void uriNamesTheClusterAndEncodesBytes() {
    assertThat(path("/a b/\udcff").toUri()).isEqualTo(URI.create("cairn://127.0.0.1:1/a%20b/%FF"));
  }

  private boolean matches(String pattern, String text) {
    PathMatcher matcher = fileSystem.getPathMatcher(pattern);
    return matcher.matches(path(text));
  }

  @Test
  void globsMatchAsJavaDescribesThem() {
    assertThat(matches("glob:*.java", "A.java")).isTrue();
    assertThat(matches("glob:*.java", "a/A.java")).isFalse();
    assertThat(matches("glob:**.java", "a/A.java")).isTrue();
    assertThat(matches("glob:?.{java,txt}", "A.txt")).isTrue();
    assertThat(matches("glob:?.{java,txt}", "AB.txt")).isFalse();
    assertThat(matches("glob:[a-c!]x", "!x")).isTrue();
    assertThat(matches("glob:[!a-c]x", "bx")).isFalse();
    assertThat(matches("glob:[!a-c]x", "dx")).isTrue();
    assertThat(matches("glob:a\\*(b)", "a*(b)")).isTrue();
    assertThat(matches("regex:a.c", "abc")).isTrue();
    assertThatThrownBy(() -> matches("glob:{a", "a")).isInstanceOf(PatternSyntaxException.class);
    assertThatThrownBy(() -> matches("glob:[a", "a")).isInstanceOf(PatternSyntaxException.class);
    assertThatThrownBy(() -> matches("sql:a", "a"))
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> matches("a", "a")).isInstanceOf(IllegalArgumentException.class);
  }
}
