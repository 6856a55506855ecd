package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

class BlockContentTest {
  private static byte[] file(long writer, long version, int blocks) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    for (int i = 0; i < blocks; i++) {
      out.writeBytes(block(writer, version, (long) i * BlockContent.BYTES));
    }
    return out.toByteArray();
  }

  private static byte[] block(long writer, long version, long offset) {
    byte[] bytes = new byte[BlockContent.BYTES];
    BlockContent.of(writer, version, offset).get(bytes);
    return bytes;
  }

  @Test
  void whatWasWrittenIsIntact() {
    assertThat(BlockContent.fault(file(3, 9, 5), 3, 9)).isEmpty();
    assertThat(BlockContent.fault(file(3, 9, 5), 3, 0)).as("any version").isEmpty();
    assertThat(BlockContent.fault(new byte[0], 3, 9)).isEmpty();
  }

  @Test
  void everyFlippedBitIsSeen() {
    RandomGenerator random = RandomGeneratorFactory.of("L64X128MixRandom").create(1);
    for (int i = 0; i < 500; i++) {
      byte[] file = file(1, 2, 3);
      int at = random.nextInt(file.length);
      file[at] ^= (byte) (1 << random.nextInt(8));
      assertThat(BlockContent.fault(file, 1, 2))
          .hasValue("damaged block at " + at / BlockContent.BYTES * BlockContent.BYTES);
    }
  }

  @Test
  void blocksOfOthersOtherVersionsAndOtherPlacesAreSeen() {
    byte[] file = file(1, 2, 3);
    assertThat(BlockContent.fault(file, 4, 2)).isPresent();
    assertThat(BlockContent.fault(file, 1, 7)).isPresent();
    byte[] mixed = file.clone();
    System.arraycopy(block(1, 3, BlockContent.BYTES), 0, mixed, BlockContent.BYTES, 4096);
    assertThat(BlockContent.fault(mixed, 1, 0)).get().asString().contains("version=3");
    byte[] misplaced = file.clone();
    System.arraycopy(file, 0, misplaced, BlockContent.BYTES, BlockContent.BYTES);
    assertThat(BlockContent.fault(misplaced, 1, 2)).get().asString().contains("offset=0");
    assertThat(BlockContent.fault(Arrays.copyOf(file, file.length - 1), 1, 2))
        .get()
        .asString()
        .contains("no whole number of blocks");
    assertThat(BlockContent.fault(new byte[BlockContent.BYTES], 1, 2))
        .hasValue("damaged block at 0");
  }
}
