package io.cairnfs.common.name;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import org.junit.jupiter.api.Test;

class FileNameTest {
  @Test
  void anyBytesButSlashAndNulMakeAName() throws Exception {
    byte[] bytes = {(byte) 0xff, (byte) 0xfe, '\n', 27};
    assertThat(FileName.of(bytes).bytes()).isEqualTo(bytes);
  }

  @Test
  void twoHundredFiftyFiveBytesFitAndOneMoreDoesNot() throws Exception {
    assertThat(FileName.of(new String(new char[255]).replace('\0', 'x')).length()).isEqualTo(255);
    assertThatThrownBy(() -> FileName.of(new String(new char[256]).replace('\0', 'x')))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NAME_TOO_LONG));
  }

  @Test
  void dotsSlashesAndNulAreRefused() {
    for (String name : new String[] {"", ".", "..", "a/b", "a\0b"}) {
      assertThatThrownBy(() -> FileName.of(name))
          .isInstanceOfSatisfying(
              CairnException.class,
              e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT));
    }
  }

  @Test
  void orderIsThatOfUnsignedBytes() throws Exception {
    assertThat(FileName.of(new byte[] {(byte) 0x80})).isGreaterThan(FileName.of("z"));
  }
}
