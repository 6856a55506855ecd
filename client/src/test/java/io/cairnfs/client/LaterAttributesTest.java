package io.cairnfs.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.testing.FakeCluster;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.io.IOException;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attributes that are changed together with what was written. */
@Timeout(60)
class LaterAttributesTest {
  private static final CairnPath PATH = CairnPath.of("/f");

  private FakeCluster cluster;
  private CairnFileSystem fs;
  private CairnFile file;
  private long inode;

  @BeforeEach
  void start() throws IOException {
    cluster = new FakeCluster(1, 3);
    cluster.namespace.defaultChunkBytes = 1 << 20;
    fs = cluster.connect();
    file = fs.openFile(PATH, OpenOptions.forReadingAndWriting().createNew());
    inode = file.status().inode();
    cluster.events.clear();
  }

  @AfterEach
  void stop() throws IOException {
    file.close();
    fs.close();
    cluster.close();
  }

  private void write(int position, int length) throws IOException {
    assertThat(file.write(position, ByteBuffer.allocate(length))).isEqualTo(length);
  }

  private void changeMode(int mode) throws CairnException {
    assertThat(fs.nodes().setAttributesLater(inode, AttributeChange.none().mode(mode))).isPresent();
  }

  @ParameterizedTest
  @ValueSource(ints = {100, 100_000, 3_000_000})
  void theyAreChangedBehindWhatWasWritten(int length) throws Exception {
    write(0, length);
    assertThat(fs.nodes().setAttributesLater(inode, AttributeChange.none().mode(0640)))
        .hasValue(length);
    assertThat(cluster.events).noneMatch(event -> event.startsWith("ATTRIBUTES"));
    file.flush();
    assertThat(cluster.events)
        .containsOnlyOnce("ATTRIBUTES " + 0640)
        .endsWith("ATTRIBUTES " + 0640);
    FileStatus status = fs.nodes().stat(inode);
    assertThat(status.length()).isEqualTo(length);
    assertThat(status.mode()).isEqualTo(0640);
  }

  @Test
  void allThatIsToBeChangedIsChangedAtOnce() throws Exception {
    write(0, 10);
    changeMode(0600);
    changeMode(0644);
    file.close();
    assertThat(cluster.events).containsExactly("COMMIT", "ATTRIBUTES " + 0644);
  }

  @Test
  void whoeverAsksSeesThem() throws Exception {
    changeMode(0611);
    assertThat(fs.nodes().stat(inode).mode()).isEqualTo(0611);
    changeMode(0633);
    assertThat(fs.nodes().access(inode, 4).mode()).isEqualTo(0633);
    changeMode(0644);
    assertThat(fs.stat(PATH).mode()).isEqualTo(0644);
    changeMode(0655);
    try (CairnFile second = fs.nodes().open(inode, OpenOptions.forReading()).file()) {
      assertThat(second.status().mode()).isEqualTo(0655);
    }
  }

  @Test
  void whatIsWrittenAfterwardsComesAfterwards() throws Exception {
    write(0, 10);
    changeMode(0600);
    write(5, 10);
    assertThat(cluster.events).containsExactly("COMMIT", "ATTRIBUTES " + 0600);
    changeMode(0644);
    file.sync();
    assertThat(cluster.events)
        .containsExactly("COMMIT", "ATTRIBUTES " + 0600, "COMMIT", "ATTRIBUTES " + 0644);
  }

  @Test
  void nobodyNeedAskForThem() throws Exception {
    changeMode(0600);
    FakeCluster.await("change", () -> cluster.events.contains("ATTRIBUTES " + 0600));
  }

  @Test
  void whereBytesAreCommittedAnewTheyAreChangedAfterThat() throws Exception {
    write(0, 100);
    changeMode(0600);
    cluster.namespace.nextCommitRefusal.set(
        new CairnException(ErrorCode.CONTENT_CHANGED, "planted"));
    file.flush();
    assertThat(cluster.events).endsWith("ATTRIBUTES " + 0600);
    assertThat(cluster.events.indexOf("COMMIT"))
        .isLessThan(cluster.events.lastIndexOf("ATTRIBUTES " + 0600));
  }

  @Test
  void aRefusalIsToldAsALostWriteIs() throws Exception {
    changeMode(0600);
    cluster.namespace.nextAttributesRefusal.set(
        new CairnException(ErrorCode.NOT_PERMITTED, "planted"));
    assertThatThrownBy(file::flush).hasMessageContaining("planted");
    file.flush();
    assertThat(cluster.events).isEmpty();
  }

  @Test
  void aStatTakesWhatTheFlushWasTold() throws Exception {
    write(0, 100);
    long before = fs.statistics().metadataCalls();
    assertThat(fs.nodes().stat(inode).length()).isEqualTo(100);
    assertThat(fs.statistics().metadataCalls()).isEqualTo(before + 1);
  }

  @Test
  void whatIsNotWrittenHereIsNotChangedLater() throws Exception {
    file.close();
    assertThat(fs.nodes().setAttributesLater(inode, AttributeChange.none().mode(0600))).isEmpty();
    assertThat(cluster.events).isEmpty();
  }
}
