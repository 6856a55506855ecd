package io.cairnfs.metaserver.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files of the store in force are flipped, zeroed, cut off and taken away while nobody has it open:
 * the store says so and what to do, or stands at an index that it really had; it never shows
 * records that were not written.
 */
final class DamagedStoreTest {
  private static final int ROUNDS = 3;

  @TempDir Path root;
  private final Map<Long, StoreDigest> digests = new HashMap<>();
  private final Map<String, byte[]> files = new TreeMap<>();

  /** What a damaged store does. */
  private enum Outcome {
    REFUSED,
    REFUSED_WHEN_READ,
    AT_AN_INDEX_THAT_IT_HAD
  }

  @BeforeEach
  void fill() throws IOException {
    Path base = root.resolve("whole");
    StoreDigest digest = StoreDigest.EMPTY;
    digests.put(0L, digest);
    try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
      for (long index = 1; index <= ROUNDS; index++) {
        List<WriteBatch.Write> writes = new ArrayList<>();
        SplittableRandom random = new SplittableRandom(index);
        for (int i = 0; i < 100; i++) {
          byte[] value = new byte[200];
          random.nextBytes(value);
          byte[] key = ByteBuffer.allocate(17).putLong(1, i).putLong(9, index).array();
          Table table = i % 2 == 0 ? Table.INODE : Table.DENTRY;
          writes.add(new WriteBatch.Put(table, key, value));
          digest = digest.plus(table, key, value);
        }
        store.write(new WriteBatch(writes, new Applied(index, 1, digest)));
        store.flush();
        digests.put(index, digest);
      }
    }
    try (Stream<Path> all = Files.walk(base)) {
      for (Path file : all.filter(Files::isRegularFile).toList()) {
        files.put(base.relativize(file).toString(), Files.readAllBytes(file));
      }
    }
  }

  private Outcome open(String damaged, Optional<byte[]> content, String how) throws IOException {
    Path base = Files.createDirectory(root.resolve("damaged"));
    try {
      for (Map.Entry<String, byte[]> file : files.entrySet()) {
        Path path = base.resolve(file.getKey());
        Files.createDirectories(path.getParent());
        if (!file.getKey().equals(damaged)) {
          Files.write(path, file.getValue());
        } else if (content.isPresent()) {
          Files.write(path, content.orElseThrow());
        }
      }
      try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
        Applied applied = store.applied();
        assertThat(digests).as(how).containsEntry(applied.index(), applied.digest());
        assertThat(StoreDigest.recompute(store)).as(how).isEqualTo(applied.digest());
        return Outcome.AT_AN_INDEX_THAT_IT_HAD;
      } catch (StoreFailure failure) {
        assertThat(failure.getMessage()).as(how).contains(base.toString());
        return Outcome.REFUSED_WHEN_READ;
      } catch (CairnException refusal) {
        assertThat(refusal.code()).as(how).isEqualTo(ErrorCode.CORRUPT);
        assertThat(refusal.getMessage())
            .as(how)
            .contains(base.toString())
            .contains("it is built anew from them");
        return Outcome.REFUSED;
      }
    } finally {
      try (Stream<Path> all = Files.walk(base)) {
        for (Path each : all.sorted(Comparator.reverseOrder()).toList()) {
          Files.delete(each);
        }
      }
    }
  }

  /** Flipped at some places, the first and the last byte among them; zeroed; cut off; gone. */
  private Map<Outcome, List<String>> damageAll(String suffixOrPrefix) throws IOException {
    Map<Outcome, List<String>> outcomes = new TreeMap<>();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      String name = file.getKey();
      byte[] whole = file.getValue();
      String simple = name.substring(name.lastIndexOf('/') + 1);
      if (!simple.startsWith(suffixOrPrefix) && !simple.endsWith(suffixOrPrefix)) {
        continue;
      }
      Map<String, Optional<byte[]>> damages = new TreeMap<>();
      damages.put("missing", Optional.empty());
      for (int length : new int[] {0, whole.length / 2, whole.length - 1}) {
        damages.put("cut at " + length, Optional.of(Arrays.copyOf(whole, length)));
      }
      for (int i = 0; i <= 8; i++) {
        int at = (int) ((whole.length - 1L) * i / 8);
        byte[] flipped = whole.clone();
        flipped[at] ^= (byte) (1 << i % 8);
        damages.put("flipped at " + at, Optional.of(flipped));
      }
      byte[] zeroed = whole.clone();
      Arrays.fill(zeroed, whole.length / 3, 2 * whole.length / 3, (byte) 0);
      damages.put("zeroed", Optional.of(zeroed));
      for (Map.Entry<String, Optional<byte[]>> damage : damages.entrySet()) {
        String how = name + " " + damage.getKey();
        outcomes
            .computeIfAbsent(open(name, damage.getValue(), how), any -> new ArrayList<>())
            .add(how);
      }
    }
    return outcomes;
  }

  @Test
  void tables() throws IOException {
    Map<Outcome, List<String>> outcomes = damageAll(".sst");
    assertThat(outcomes).containsKeys(Outcome.REFUSED, Outcome.REFUSED_WHEN_READ);
  }

  @Test
  void theManifest() throws IOException {
    assertThat(damageAll("MANIFEST-")).containsKey(Outcome.REFUSED);
  }

  @Test
  void theNamesOfManifestAndStore() throws IOException {
    // One flipped bit can make another number of a file that is not there, never of one that is.
    assertThat(damageAll("CURRENT")).containsKey(Outcome.REFUSED);
  }

  /** It may be the pointer that is wrong. */
  @Test
  void aPointerToAStoreThatIsNotThereDeletesNoOther() throws IOException {
    Path base = root.resolve("whole");
    Files.writeString(base.resolve("CURRENT-STORE"), "cairn-store 1 3\n");
    assertThatThrownBy(() -> new RocksHome(base, RocksOptions.SMALL).open())
        .hasMessageContaining("store-3");
    Files.writeString(base.resolve("CURRENT-STORE"), "cairn-store 1 1\n");
    try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
      assertThat(store.applied().index()).isEqualTo(ROUNDS);
    }
  }

  @Test
  void optionsAreNotNeeded() throws IOException {
    assertThat(damageAll("OPTIONS-")).containsOnlyKeys(Outcome.AT_AN_INDEX_THAT_IT_HAD);
  }

  /** The way out that the refusal names: what is moved away is built anew. */
  @Test
  void aStoreThatWasMovedAwayBeginsAnew() throws IOException {
    Path base = root.resolve("whole");
    Files.move(base, root.resolve("away"));
    try (MetadataStore store = new RocksHome(base, RocksOptions.SMALL).open()) {
      assertThat(store.applied()).isEqualTo(Applied.NOTHING);
    }
  }
}
