package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.OpenOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Several clients read and write the same files at any position while a data server and the leading
 * metaserver die; the files always hold what arrays of bytes would.
 */
@Timeout(value = 300, unit = TimeUnit.SECONDS)
class SharedFilesIT {
  private static final int CLIENTS = 3;
  private static final int FILES = 3;
  private static final int MOST_BYTES = 400_000;
  private static final OpenOptions BOTH = OpenOptions.forReadingAndWriting().orCreate();

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static final List<CairnFileSystem> clients = new ArrayList<>();

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 3, 3);
    for (int i = 0; i < CLIENTS; i++) {
      clients.add(cluster.connect());
    }
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      for (CairnFileSystem client : clients) {
        client.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  private static byte[] bytes(Random random, int count) {
    byte[] bytes = new byte[count];
    random.nextBytes(bytes);
    return bytes;
  }

  private static byte[] read(CairnFile file, long position, int count) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(count);
    int read = file.read(position, target);
    return Arrays.copyOf(target.array(), Math.max(0, read));
  }

  private static byte[] written(byte[] content, int at, byte[] bytes) {
    byte[] result = Arrays.copyOf(content, Math.max(content.length, at + bytes.length));
    System.arraycopy(bytes, 0, result, at, bytes.length);
    return result;
  }

  @Test
  void clientsThatTakeTurnsSeeWhatArraysWouldHold() throws Exception {
    Random random = new Random(20_261_122);
    byte[][] model = new byte[FILES][0];
    CairnFile[][] open = new CairnFile[CLIENTS][FILES];
    for (int f = 0; f < FILES; f++) {
      for (int c = 0; c < CLIENTS; c++) {
        open[c][f] = clients.get(c).openFile(CairnPath.of("/turns" + f), BOTH);
      }
    }
    for (int i = 0; i < 400; i++) {
      disturb(i);
      int f = random.nextInt(FILES);
      // One file stays tiny for a while.
      int most = f == 0 && i < 200 ? 12_000 : MOST_BYTES;
      int at = random.nextInt(most);
      int count = 1 + random.nextInt(most / 10);
      CairnFileSystem client = clients.get(i % CLIENTS);
      CairnFile file = open[i % CLIENTS][f];
      // What others did is seen once the length was asked for.
      assertThat(file.length()).as("length before %d", i).isEqualTo(model[f].length);
      switch (random.nextInt(9)) {
        case 0, 1, 2 -> {
          for (int part = 0; part < 3; part++) {
            byte[] bytes = bytes(random, count / 3 + 1);
            int place = random.nextInt(most);
            model[f] = written(model[f], place, bytes);
            file.write(place, ByteBuffer.wrap(bytes));
          }
          file.flush();
        }
        case 3 -> {
          byte[] bytes = bytes(random, count);
          assertThat(file.append(ByteBuffer.wrap(bytes))).isEqualTo(model[f].length);
          model[f] = written(model[f], model[f].length, bytes);
        }
        case 4 -> {
          file.truncate(at);
          model[f] = Arrays.copyOf(model[f], at);
        }
        case 5 -> {
          file.punchHole(at, count);
          int end = Math.min(model[f].length, at + count);
          Arrays.fill(model[f], Math.min(at, end), end, (byte) 0);
        }
        case 6 -> {
          int other = (f + 1) % FILES;
          int to = random.nextInt(most);
          int expected = Math.max(0, Math.min(count, model[f].length - at));
          long copied = client.copyRange(file, at, open[i % CLIENTS][other], to, count);
          assertThat(copied).as("copied by %d", i).isEqualTo(expected);
          if (copied > 0) {
            model[other] =
                written(model[other], to, Arrays.copyOfRange(model[f], at, at + expected));
          }
        }
        case 7 -> file.sync();
        default -> {
          int end = Math.min(model[f].length, at + count);
          byte[] expected = at < end ? Arrays.copyOfRange(model[f], at, end) : new byte[0];
          assertThat(read(file, at, count)).as("read %d", i).isEqualTo(expected);
        }
      }
    }
    for (int f = 0; f < FILES; f++) {
      CairnPath path = CairnPath.of("/turns" + f);
      for (int c = 0; c < CLIENTS; c++) {
        open[c][f].close();
        assertThat(clients.get(c).readFully(path, 1 << 20)).isEqualTo(model[f]);
      }
      CairnPath copy = CairnPath.of("/copy" + f);
      assertThat(clients.get(0).clone(path, copy, CreateOptions.defaults()).length())
          .isEqualTo(model[f].length);
      assertThat(clients.get(1).readFully(copy, 1 << 20)).isEqualTo(model[f]);
    }
    cluster.awaitHealthy(Duration.ofMinutes(2));
  }

  private static void disturb(int step) throws Exception {
    switch (step) {
      case 100 -> cluster.controller().kill("d2");
      case 180 -> cluster.controller().restart("d2");
      case 250 -> killLeader();
      default -> {}
    }
  }

  private static void killLeader() throws Exception {
    String leader = cluster.leader();
    cluster.controller().kill(leader);
    cluster.controller().restart(leader);
  }

  /** The chunk was made while one server was away; one of its two holders goes before the sync. */
  @Test
  void aSyncIsKeptByAServerThatWasNotThereWhenTheBytesWereWritten() throws Exception {
    CairnPath path = CairnPath.of("/one-after-the-other");
    byte[] content = bytes(new Random(7), 200_000);
    cluster.controller().kill("d3");
    try (CairnFile file = clients.get(0).openFile(path, BOTH)) {
      file.write(0, ByteBuffer.wrap(content));
      file.flush();
      cluster.controller().restart("d3");
      cluster.controller().kill("d2");
      file.sync();
    } finally {
      cluster.controller().restart("d2");
    }
    assertThat(clients.get(1).readFully(path, 1 << 20)).isEqualTo(content);
    cluster.awaitHealthy(Duration.ofMinutes(2));
  }

  @Test
  void clientsThatWriteAtOnceLoseNothingOfEachOther() throws Exception {
    int regions = 50;
    int regionBytes = 10_000;
    CairnPath shared = CairnPath.of("/at-once");
    CairnPath log = CairnPath.of("/log");
    clients.get(0).openFile(log, BOTH).close();
    clients.get(0).openFile(shared, BOTH).close();
    ExecutorService threads = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<List<Long>>> done = new ArrayList<>();
      for (int c = 0; c < CLIENTS; c++) {
        int number = c;
        done.add(threads.submit(() -> writeRegions(shared, log, number, regions, regionBytes)));
      }
      cluster.controller().kill("d3");
      cluster.controller().restart("d3");
      byte[] expected = new byte[CLIENTS * regions * regionBytes];
      List<List<Long>> offsets = new ArrayList<>();
      for (Future<List<Long>> one : done) {
        offsets.add(one.get(200, TimeUnit.SECONDS));
      }
      byte[] logged = clients.get(1).readFully(log, 1 << 24);
      int total = 0;
      for (int c = 0; c < CLIENTS; c++) {
        for (int i = 0; i < regions; i++) {
          byte[] region = region(c, i, regionBytes);
          System.arraycopy(region, 0, expected, (i * CLIENTS + c) * regionBytes, regionBytes);
          byte[] record = Arrays.copyOf(region, 100 + i);
          int at = offsets.get(c).get(i).intValue();
          assertThat(Arrays.copyOfRange(logged, at, at + record.length)).isEqualTo(record);
          total += record.length;
        }
      }
      assertThat(logged).hasSize(total);
      assertThat(clients.get(2).readFully(shared, 1 << 24)).isEqualTo(expected);
    } finally {
      threads.shutdownNow();
    }
  }

  private static byte[] region(int client, int number, int count) {
    return bytes(new Random(client * 1000L + number), count);
  }

  /**
   * @return where the records in the log landed
   */
  private static List<Long> writeRegions(
      CairnPath shared, CairnPath log, int number, int regions, int regionBytes)
      throws IOException {
    CairnFileSystem client = clients.get(number);
    List<Long> offsets = new ArrayList<>();
    try (CairnFile file = client.openFile(shared, OpenOptions.forReadingAndWriting());
        CairnFile records = client.openFile(log, OpenOptions.forAppending())) {
      for (int i = 0; i < regions; i++) {
        byte[] region = region(number, i, regionBytes);
        file.write((long) (i * CLIENTS + number) * regionBytes, ByteBuffer.wrap(region));
        offsets.add(records.append(ByteBuffer.wrap(region, 0, 100 + i)));
        if (i % 10 == 0) {
          file.sync();
        }
      }
    }
    return offsets;
  }
}
