package io.cairnfs.dataserver.storage;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.checksum.ReplicaHash;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.dataserver.storage.ReplicaPath.SealedName;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ReplicaIndexTest {
  @Test
  void randomChangesAgreeWithAMap() {
    Random random = new Random(17);
    ReplicaIndex index = new ReplicaIndex();
    TreeMap<ChunkId, SealedName> model = new TreeMap<>();
    for (int i = 0; i < 20_000; i++) {
      ChunkId chunk = ChunkId.of(random.nextInt(2), random.nextInt(8), 1 + random.nextInt(600));
      if (random.nextInt(3) > 0) {
        SealedName name = new SealedName(chunk, random.nextLong(1L << 40), 1 + random.nextInt(255));
        index.put(name, random.nextInt(3));
        model.put(chunk, name);
      } else {
        assertThat(index.remove(chunk).map(ReplicaIndex.Entry::name))
            .isEqualTo(java.util.Optional.ofNullable(model.remove(chunk)));
      }
    }
    assertThat(index.size()).isEqualTo(model.size()).isGreaterThan(1000);
    for (SealedName name : model.values()) {
      assertThat(index.find(name.chunk()).map(ReplicaIndex.Entry::name)).contains(name);
    }
    ChunkId at = new ChunkId(0);
    for (ChunkId expected : model.keySet()) {
      at = index.next(at).orElseThrow();
      assertThat(at).isEqualTo(expected);
    }
    assertThat(index.next(at)).isEmpty();
    Map<String, Long> sums = new HashMap<>();
    model
        .values()
        .forEach(
            name ->
                sums.merge(
                    name.chunk().pool() + "." + name.chunk().slot() + "." + name.replication(),
                    ReplicaHash.of(name.chunk().value(), name.length()),
                    Long::sum));
    assertThat(index.sums()).hasSize(sums.size());
    index
        .sums()
        .forEach(
            sum ->
                assertThat(sums.get(sum.pool() + "." + sum.slot() + "." + sum.replication()))
                    .isEqualTo(sum.sum()));
  }

  @Test
  void aVolumeIsForgottenAsAWhole() {
    ReplicaIndex index = new ReplicaIndex();
    for (int i = 1; i <= 100; i++) {
      index.put(new SealedName(ChunkId.of(0, 1, i), i, 3), i % 2);
    }
    assertThat(index.removeVolume(1)).hasSize(50);
    assertThat(index.size()).isEqualTo(50);
    assertThat(index.removeVolume(0)).hasSize(50);
    assertThat(index.sums()).isEmpty();
  }
}
