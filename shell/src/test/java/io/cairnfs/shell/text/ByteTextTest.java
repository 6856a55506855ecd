package io.cairnfs.shell.text;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ByteTextTest {
  @Test
  void validTextIsItself() {
    String text = "naïve 日本 \ud83d\ude00 plain";
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    assertThat(ByteText.decode(bytes)).isEqualTo(text);
    assertThat(ByteText.encode(text)).isEqualTo(bytes);
    assertThat(ByteText.isUtf8(bytes)).isTrue();
  }

  @Test
  void everyByteThatIsNotUtf8ComesBack() {
    for (int b = 0; b < 256; b++) {
      byte[] bytes = {'a', (byte) b, 'z'};
      assertThat(ByteText.encode(ByteText.decode(bytes))).isEqualTo(bytes);
    }
  }

  @Test
  void truncatedAndOverlongSequencesComeBack() {
    byte[][] names = {
      {(byte) 0xe2, (byte) 0x82}, // the beginning of a euro sign
      {(byte) 0xc0, (byte) 0x80}, // an overlong NUL
      {(byte) 0xed, (byte) 0xa0, (byte) 0x80}, // a surrogate
      {(byte) 0xf4, (byte) 0x90, (byte) 0x80, (byte) 0x80}, // beyond Unicode
      {(byte) 0xf0, (byte) 0x9f, (byte) 0x98, (byte) 0x80, (byte) 0xff}
    };
    for (byte[] name : names) {
      assertThat(ByteText.encode(ByteText.decode(name))).isEqualTo(name);
    }
  }

  @Test
  void anyBytesComeBack() {
    Random random = new Random(20_261_121);
    for (int i = 0; i < 20_000; i++) {
      byte[] bytes = new byte[random.nextInt(24)];
      random.nextBytes(bytes);
      assertThat(ByteText.encode(ByteText.decode(bytes))).isEqualTo(bytes);
    }
  }

  @Test
  void differentBytesAreDifferentText() {
    assertThat(ByteText.decode(new byte[] {(byte) 0xff}))
        .isNotEqualTo(ByteText.decode(new byte[] {(byte) 0xfe}));
    assertThat(ByteText.isUtf8(new byte[] {(byte) 0xff})).isFalse();
  }

  @Test
  void controlCharactersAreNotPrintable() {
    assertThat(ByteText.printable("a\nb\tc\u001b[1md é")).isEqualTo("a?b?c?[1md é");
    assertThat(ByteText.printable(ByteText.decode(new byte[] {'x', (byte) 0xff}))).isEqualTo("x?");
  }
}
