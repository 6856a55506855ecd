package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CorruptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class MemoryStoreTest extends MetadataStoreContract {
  @Override
  MetadataStore open(Path where) {
    return new MemoryStore();
  }

  @Override
  MetadataStore openCheckpoint(Path checkpoint) throws IOException {
    return MemoryStore.open(checkpoint);
  }

  @Test
  void everyFlippedBitOfACheckpointIsFound() throws IOException {
    MemoryStore store = new MemoryStore();
    store.write(
        new WriteBatch(
            List.of(new WriteBatch.Put(Table.INODE, new byte[] {0, 1}, new byte[] {2})),
            new Applied(1, 1, StoreDigest.EMPTY)));
    Path checkpoint = directory.resolve("damaged");
    store.checkpoint(checkpoint);
    Path file = checkpoint.resolve("records");
    byte[] good = Files.readAllBytes(file);
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << (bit % 8));
      Files.write(file, bad);
      assertThatThrownBy(() -> MemoryStore.open(checkpoint))
          .as("bit %s", bit)
          .isInstanceOf(CorruptionException.class);
    }
    Files.write(file, Arrays.copyOf(good, good.length - 1));
    assertThatThrownBy(() -> MemoryStore.open(checkpoint)).isInstanceOf(CorruptionException.class);
    Files.write(file, good);
    assertThat(MemoryStore.open(checkpoint).applied()).isEqualTo(store.applied());
  }
}
