package io.cairnfs.common.checksum;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class Crc32cTest {
  @Test
  void checkValueOfTheStandard() {
    byte[] digits = "123456789".getBytes(StandardCharsets.US_ASCII);
    assertThat(Crc32c.of(digits, 0, digits.length)).isEqualTo(0xE3069283);
  }

  @Test
  void combinedChecksumEqualsThatOfTheWhole() {
    Random random = new Random(7);
    byte[] bytes = new byte[10_000];
    random.nextBytes(bytes);
    for (int cut : new int[] {0, 1, 511, 4096, 9_999, 10_000}) {
      int head = Crc32c.of(bytes, 0, cut);
      int tail = Crc32c.of(bytes, cut, bytes.length - cut);
      assertThat(Crc32c.combine(head, tail, bytes.length - cut))
          .as("cut at %s of %s", cut, Arrays.hashCode(bytes))
          .isEqualTo(Crc32c.of(bytes, 0, bytes.length));
    }
  }
}
