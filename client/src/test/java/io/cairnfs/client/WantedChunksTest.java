package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.testing.FakeChunk;
import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.common.error.CairnException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A data server that joins a slot waits for the chunks in it that others write. */
@Timeout(60)
class WantedChunksTest {
  private static final CairnPath FILE = CairnPath.of("/f");
  private static final int PACKET = 64 << 10;

  private FakeCluster cluster;

  @BeforeEach
  void start() throws CairnException {
    cluster = new FakeCluster(1, 3);
    cluster.leader().sessionTimeoutMillis = 600;
  }

  @AfterEach
  void stop() {
    cluster.close();
  }

  private CairnFileSystem connect() {
    return cluster.connect(b -> b.packetBytes(PACKET).sharedFileBytes(PACKET));
  }

  private static byte[] random(int length) {
    byte[] bytes = new byte[length];
    new Random(length).nextBytes(bytes);
    return bytes;
  }

  private Set<FakeChunk> wantAll() {
    Set<FakeChunk> wanted = Set.copyOf(cluster.namespace.chunks());
    cluster.leader().wantedChunks =
        wanted.stream().map(chunk -> chunk.id).collect(Collectors.toSet());
    return wanted;
  }

  private void awaitClosed(Set<FakeChunk> wanted) throws InterruptedException {
    FakeCluster.await("their end", () -> wanted.stream().allMatch(FakeChunk::isClosed));
    cluster.leader().wantedChunks = Set.of();
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void aStreamGoesOnInAnotherChunkAndLosesNothing(boolean deferred) throws Exception {
    byte[] content = random(1_000_000);
    CreateOptions options = CreateOptions.defaults();
    try (CairnFileSystem fs = connect()) {
      try (CairnOutputStream out = fs.create(FILE, deferred ? options.deferred() : options)) {
        out.write(content, 0, 400_000);
        FakeCluster.await(
            "the first packets", () -> cluster.namespace.chunks().stream().anyMatch(this::hasSome));
        Set<FakeChunk> wanted = wantAll();
        awaitClosed(wanted);
        assertThat(wanted).anyMatch(FakeChunk::isHeld);
        out.write(content, 400_000, 600_000);
      }
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
      assertThat(cluster.namespace.chunks()).allMatch(FakeChunk::isClosed);
      assertThat(cluster.namespace.chunks()).noneMatch(FakeChunk::isHeld);
    }
  }

  private boolean hasSome(FakeChunk chunk) {
    return chunk.content().length >= PACKET;
  }

  @Test
  void anOpenTailMovesToAnotherChunk() throws Exception {
    byte[] content = random(300_000);
    try (CairnFileSystem fs = connect();
        CairnOutputStream out = fs.create(FILE, CreateOptions.defaults())) {
      for (int at = 0; at < content.length; at += 10_000) {
        if (at == 150_000) {
          awaitClosed(wantAll());
        }
        out.write(content, at, 10_000);
        out.flush();
        assertThat(fs.readFully(FILE, content.length))
            .isEqualTo(Arrays.copyOf(content, at + 10_000));
      }
    }
    assertThat(cluster.namespace.content("/f")).isEqualTo(content);
  }

  @Test
  void aPositionalWriterGoesOnInAnotherChunk() throws Exception {
    byte[] content = random(900_000);
    try (CairnFileSystem fs = connect();
        CairnFile file = fs.openFile(FILE, OpenOptions.forReadingAndWriting().orCreate())) {
      file.write(0, ByteBuffer.wrap(content, 0, 500_000));
      FakeCluster.await(
          "the first packets", () -> cluster.namespace.chunks().stream().anyMatch(this::hasSome));
      awaitClosed(wantAll());
      file.write(500_000, ByteBuffer.wrap(content, 500_000, 400_000));
      file.sync();
      assertThat(cluster.namespace.content("/f")).isEqualTo(content);
    }
    assertThat(cluster.namespace.chunks()).noneMatch(FakeChunk::isHeld);
  }

  @Test
  void smallFilesGoToAnotherChunk() throws Exception {
    try (CairnFileSystem fs = connect()) {
      for (int i = 0; i < 20; i++) {
        if (i == 10) {
          Set<FakeChunk> wanted = wantAll();
          awaitClosed(wanted);
          assertThat(wanted).noneMatch(FakeChunk::isHeld);
        }
        try (CairnOutputStream out = fs.create(CairnPath.of("/s" + i), CreateOptions.defaults())) {
          out.write(random(20_000 + i));
        }
        assertThat(cluster.namespace.content("/s" + i)).isEqualTo(random(20_000 + i));
      }
    }
  }
}
