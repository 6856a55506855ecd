package io.cairnfs.client.chunk;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.checksum.Crc32c;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import java.nio.ByteBuffer;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CellChecksumsTest {
  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "0, 1, 1",
    "0, 4096, 1",
    "0, 4097, 2",
    "4095, 1, 1",
    "4095, 2, 2",
    "1, 4096, 2",
    "8191, 4098, 3"
  })
  void piecesEndAtCellBorders(long offset, int length, int pieces) {
    assertThat(CellChecksums.pieces(offset, length)).isEqualTo(pieces);
    byte[] bytes = random(length);
    ByteBuffer checksums =
        CellChecksums.of(Unpooled.wrappedBuffer(bytes), offset).asReadOnlyByteBuffer();
    assertThat(checksums.remaining()).isEqualTo(4 * pieces);
    int at = 0;
    while (at < length) {
      int piece = (int) Math.min(length - at, 4096 - (offset + at) % 4096);
      assertThat(checksums.getInt()).isEqualTo(Crc32c.of(bytes, at, piece));
      at += piece;
    }
  }

  @Test
  void theFirstBadCellIsNamed() {
    byte[] bytes = random(10_000);
    ByteBuf answer = Unpooled.buffer();
    answer.writeBytes(CellChecksums.of(Unpooled.wrappedBuffer(bytes), 0).toByteArray());
    answer.writeBytes(bytes);
    assertThat(CellChecksums.firstBadCell(answer, 0, 12, 10_000)).isEqualTo(-1);
    answer.setByte(12 + 9_999, answer.getByte(12 + 9_999) ^ 0x10);
    assertThat(CellChecksums.firstBadCell(answer, 0, 12, 10_000)).isEqualTo(2);
    answer.setByte(0, answer.getByte(0) ^ 1);
    assertThat(CellChecksums.firstBadCell(answer, 0, 12, 10_000)).isZero();
  }

  @Test
  void slowMeansSlowerThanMost() {
    LatencyWindow window = new LatencyWindow();
    assertThat(window.percentile99Nanos()).isZero();
    for (int i = 1; i <= 1024; i++) {
      window.record(i % 100 == 0 ? 1_000_000 : 1_000);
    }
    assertThat(window.percentile99Nanos()).isBetween(1_000L, 1_000_000L);
    for (int i = 0; i < 512; i++) {
      window.record(5_000);
    }
    assertThat(window.percentile99Nanos()).isEqualTo(5_000);
  }
}
