package io.cairnfs.common.checksum;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ReplicaHashTest {
  private static final long GOLDEN_ZERO = 0x48218226FF3CD4BFL;
  private static final long GOLDEN_CHUNK = 0x3D10A44CEB98ABCAL;

  @Test
  void valuesOfTheProtocolNeverChange() {
    assertThat(ReplicaHash.of(0, 0)).isEqualTo(GOLDEN_ZERO);
    assertThat(ReplicaHash.of(0x0001_0000_0000_0001L, 134_217_728)).isEqualTo(GOLDEN_CHUNK);
  }

  @Test
  void neighboursAndLengthsDiffer() {
    Set<Long> seen = new HashSet<>();
    for (long chunk = 1; chunk <= 200; chunk++) {
      for (long length = 0; length < 200; length++) {
        assertThat(seen.add(ReplicaHash.of(chunk, length))).isTrue();
      }
    }
  }
}
