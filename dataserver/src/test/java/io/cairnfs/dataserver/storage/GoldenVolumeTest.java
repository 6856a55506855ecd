package io.cairnfs.dataserver.storage;

import static io.cairnfs.dataserver.storage.Replicas.bytes;
import static io.cairnfs.dataserver.storage.Replicas.range;
import static io.cairnfs.dataserver.storage.Replicas.verified;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.CorruptionException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.common.time.ManualClock;
import io.cairnfs.dataserver.storage.ReplicaStatus.State;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Files as version 1 wrote them: one SEALED replica of 5,000 bytes, one that was left open at 4,200
 * bytes in two packets and then fenced at epoch 3.
 */
class GoldenVolumeTest {
  private static final ChunkId SEALED = ChunkId.of(0, 5, 1);
  private static final ChunkId OPEN = ChunkId.of(1, 6, 2);

  @TempDir private Path directory;

  private Path copyOfGolden() throws IOException {
    Path golden = Path.of("src/test/resources/golden/dataserver-1");
    try (Stream<Path> files = Files.walk(golden)) {
      for (Path path : files.toList()) {
        Path target = directory.resolve(golden.relativize(path).toString());
        if (Files.isDirectory(path)) {
          Files.createDirectories(target);
        } else {
          Files.copy(path, target);
        }
      }
    }
    return directory;
  }

  private ReplicaStore open(Path volume) throws IOException {
    return Replicas.open(
        new ManualClock(0), new VolumeOptions(0, 0), List.of(new SystemDisk(volume)));
  }

  @Test
  void volumesOfVersionOneAreRead() throws IOException {
    byte[] content = bytes(3, 10_000);
    try (ReplicaStore store = open(copyOfGolden().resolve("v1"))) {
      assertThat(store.status(SEALED))
          .contains(new ReplicaStatus(SEALED, 0, State.SEALED, 5000, 3, 0));
      assertThat(verified(store.read(SEALED, ReadRange.of(0, 10_000, 0, 0))))
          .isEqualTo(range(content, 0, 5000));
      assertThat(store.status(OPEN)).map(ReplicaStatus::epoch).contains(3);
      assertThat(verified(store.read(OPEN, ReadRange.of(0, 10_000, 10_000, 0))))
          .isEqualTo(range(content, 0, 4200));
      assertThat(store.badReplicas(10)).isEmpty();
    }
  }

  @Test
  void whatIsWrittenNowEqualsVersionOne() throws IOException {
    Path now = Files.createDirectories(directory.resolve("now/v1"));
    byte[] content = bytes(3, 10_000);
    try (ReplicaStore store = open(now)) {
      ReplicaWriter sealed = store.create(SEALED, 1, 1 << 20);
      Replicas.append(sealed, content, 0, 5000, Durability.WRITTEN);
      store.seal(SEALED, 5000, 3, 1);
      ReplicaWriter open = store.create(OPEN, 2, 1 << 20);
      Replicas.append(open, content, 0, 1000, Durability.WRITTEN);
      Replicas.append(open, content, 1000, 4200, Durability.WRITTEN);
      store.fence(OPEN, 3);
    }
    Path golden = copyOfGolden().resolve("v1");
    try (Stream<Path> files = Files.walk(golden)) {
      for (Path path : files.filter(Files::isRegularFile).toList()) {
        String name = golden.relativize(path).toString();
        if (!name.equals("VOLUME")) {
          assertThat(now.resolve(name)).as(name).hasSameBinaryContentAs(path);
        }
      }
    }
    try (Stream<Path> files = Files.walk(now)) {
      assertThat(files.filter(Files::isRegularFile)).hasSize(5);
    }
  }

  @Test
  void identitiesOfVersionOneAreRead() throws IOException {
    Path golden = copyOfGolden();
    ServerIdentity identity = ServerIdentity.read(new SystemDisk(golden)).orElseThrow();
    assertThat(identity.server()).contains(new ServerId(7));
    assertThat(identity.clusterId()).isEqualTo("cluster-1");
    assertThat(identity.term()).isEqualTo(12);
    assertThat(identity.volumes())
        .containsExactly(new ServerIdentity.RegisteredVolume("0123456789abcdef", "/data/v1"));
    assertThat(VolumeIdentity.read(new SystemDisk(golden.resolve("v1"))))
        .isEqualTo(
            Optional.of(new VolumeIdentity("cluster-1", new ServerId(7), "0123456789abcdef")));
    assertThat(new String(identity.encode(), StandardCharsets.UTF_8))
        .isEqualTo(Files.readString(golden.resolve("IDENTITY")));
  }

  @Test
  void everyFlippedBitOfAnIdentityIsRefused() {
    byte[] good = ServerIdentity.fresh(new Random(1)).encode();
    for (int bit = 0; bit < good.length * 8; bit++) {
      byte[] bad = good.clone();
      bad[bit / 8] ^= (byte) (1 << bit % 8);
      // The last byte is the line's end, which carries nothing.
      if (bit / 8 < good.length - 1) {
        assertThatThrownBy(() -> ServerIdentity.decode(bad, "file"))
            .as("bit %d", bit)
            .isInstanceOf(CairnException.class);
      }
    }
  }

  @Test
  void aNewerVersionIsRefusedByName() {
    ByteBuffer header = new DataFileHeader(SEALED, 1, 100).encode();
    header.putInt(8, 2);
    header.putInt(32, io.cairnfs.common.checksum.Crc32c.of(header.slice(0, 32)));
    assertThatThrownBy(() -> DataFileHeader.decode(header, "file"))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.WRONG_VERSION))
        .hasMessageContaining("format version 2 is newer than 1");
    byte[] text = TextRecord.encode("cairn-volume", 2, java.util.Map.of("server", "1"));
    assertThatThrownBy(() -> VolumeIdentity.decode(text, "file"))
        .hasMessageContaining("this software reads cairn-volume 1");
  }

  @Test
  void headersAreWhatTheTableSays() throws IOException {
    assertThat(hex(new DataFileHeader(SEALED, 7, 0x100000).encode(), 36))
        .isEqualTo(
            "434149524e444154"
                + "00000001"
                + "0000050000000001"
                + "00000007"
                + "0000000000100000"
                + "a398e220");
    assertThat(hex(ChecksumRecord.encodeHeader(SEALED), 24))
        .isEqualTo("434149524e4c4f47" + "00000001" + "0000050000000001" + "7e1ef5cd");
    assertThat(hex(new SealedChecksums(SEALED, 7, 5000).encode(new int[] {1, 2}), 72))
        .isEqualTo(
            "434149524e53554d"
                + "00000001"
                + "0000050000000001"
                + "00000007"
                + "0000000000001388"
                + "6bb6a139"
                + "00".repeat(28)
                + "00000001"
                + "00000002");
    ByteBuffer record = ByteBuffer.allocate(32);
    ChecksumRecord.putCell(record, 3, 1000, 0xCAFEBABE);
    ChecksumRecord.putEpoch(record, 9);
    assertThat(hex(record.flip(), 32))
        .isEqualTo(
            "0001"
                + "03e8"
                + "00000003"
                + "cafebabe"
                + "122a5892"
                + "0002"
                + "0000"
                + "00000009"
                + "00000000"
                + "fd194813");
  }

  @Test
  void damagedHeadersNameFileAndPlace() {
    ByteBuffer header = new DataFileHeader(SEALED, 1, 100).encode();
    header.put(13, (byte) 1);
    assertThatThrownBy(() -> DataFileHeader.decode(header, "v1/file"))
        .isInstanceOf(CorruptionException.class)
        .hasMessageContaining("v1/file: corrupt at offset 32");
    assertThatThrownBy(() -> DataFileHeader.decode(ByteBuffer.allocate(10), "v1/file"))
        .hasMessageContaining("found 10 bytes");
    assertThatThrownBy(() -> DataFileHeader.decode(ByteBuffer.allocate(100), "v1/file"))
        .hasMessageContaining("expected 434149524e444154, found 0000000000000000");
  }

  private static String hex(ByteBuffer bytes, int length) {
    byte[] head = new byte[length];
    bytes.get(0, head);
    return HexFormat.of().formatHex(head);
  }
}
