package io.cairnfs.shell;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.shell.text.ByteText;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class RawArgumentsTest {
  @Test
  void theLastWordsOfTheCommandLineAreTheArguments() {
    byte[] line = "java\0-cp\0x\0Main\0-cat\0/a\u00ffb\0".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(RawArguments.lastWords(line, new String[] {"-cat", "/a\ufffdb"}))
        .containsExactly("-cat", ByteText.decode(new byte[] {'/', 'a', (byte) 0xff, 'b'}));
  }

  @Test
  void emptyWordsCount() {
    byte[] line = "java\0Main\0-ls\0\0".getBytes(StandardCharsets.ISO_8859_1);
    assertThat(RawArguments.lastWords(line, new String[] {"-ls", ""})).containsExactly("-ls", "");
  }

  @Test
  void aCommandLineThatIsTooShortIsNotBelieved() {
    assertThat(RawArguments.lastWords(new byte[] {'x', 0}, new String[] {"a", "b"}))
        .containsExactly("a", "b");
  }

  @Test
  void plainWordsAreTakenAsTheyAre() {
    assertThat(RawArguments.of(new String[] {"-ls", "/a b"})).containsExactly("-ls", "/a b");
  }
}
