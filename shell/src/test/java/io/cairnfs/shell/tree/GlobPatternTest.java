package io.cairnfs.shell.tree;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.shell.text.ByteText;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GlobPatternTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "* anything true",
        "a* ba false",
        "?.txt a.txt true",
        "?.txt ab.txt false",
        "[a-c]x bx true",
        "[a-c]x dx false",
        "[^a]x ax false",
        "[!a]x bx true",
        "[!a]x ax false",
        "{a,bc}d bcd true",
        "{a,bc}d cd false",
        "{a*,b?}x b1x true",
        "a\\*b a*b true",
        "a\\*b axb false",
        "a.b axb false",
        "(a|b)+$ (a|b)+$ true",
        "a,b a,b true",
        "a}b a}b true",
        "[.]x .x true",
        "[&&a]x &x true"
      })
  void matches(String glob, String name, boolean expected) {
    assertThat(GlobPattern.compile(glob).matches(name)).isEqualTo(expected);
  }

  @Test
  void aQuestionMarkIsOneCharacterHoweverManyBytes() {
    assertThat(GlobPattern.compile("?").matches("é")).isTrue();
    assertThat(GlobPattern.compile("?").matches("\ud83d\ude00")).isTrue();
    assertThat(GlobPattern.compile("?").matches(ByteText.decode(new byte[] {(byte) 0xff})))
        .isTrue();
    assertThat(GlobPattern.compile("a*").matches("a\nb")).isTrue();
  }

  @Test
  void escapesMakeALiteral() {
    GlobPattern pattern = GlobPattern.compile("a\\[1\\]\\\\");
    assertThat(pattern.isWild()).isFalse();
    assertThat(pattern.literal()).isEqualTo("a[1]\\");
  }

  @Test
  void alternativesWithSlashesAreAlternativePaths() {
    assertThat(GlobPattern.expandPaths("/x/{a/b,c}/d")).containsExactly("/x/a/b/d", "/x/c/d");
    assertThat(GlobPattern.expandPaths("/x/{a,b}")).containsExactly("/x/{a,b}");
    assertThat(GlobPattern.expandPaths("{/a/{b,c},d}")).containsExactly("/a/{b,c}", "d");
    assertThat(GlobPattern.expandPaths("\\{a/b,c}")).containsExactly("\\{a/b,c}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "[a Unclosed_character_class 2",
        "{a Unclosed_group 2",
        "a\\ Missing_escaped_character 2"
      })
  void malformedPatternsAreRefusedWithTheirPosition(String glob, String what, int position) {
    assertThatThrownBy(() -> GlobPattern.compile(glob))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(
            "Illegal file pattern: error parsing regexp: "
                + what.replace('_', ' ')
                + " at pos "
                + position
                + ": `"
                + glob
                + "`");
  }

  @Test
  void whatTheRegularExpressionRefusesIsRefused() {
    assertThatThrownBy(() -> GlobPattern.compile("[z-a]"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Illegal file pattern");
  }
}
