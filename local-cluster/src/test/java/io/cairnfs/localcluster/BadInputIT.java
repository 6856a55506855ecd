package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.HostPort;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Hostile and odd input against real servers: a clear refusal each time, and the servers go on. */
@Timeout(value = 180, unit = TimeUnit.SECONDS)
class BadInputIT {
  @TempDir static Path directory;
  private static RealCluster cluster;
  private static CairnFileSystem fileSystem;

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 1);
    fileSystem = cluster.connect();
  }

  @AfterAll
  static void stop() throws Exception {
    try {
      if (fileSystem != null) {
        fileSystem.close();
      }
    } finally {
      if (cluster != null) {
        cluster.close();
      }
    }
  }

  private static void refused(
      ErrorCode code, org.assertj.core.api.ThrowableAssert.ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(CairnException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  private static byte[] join(String directory, byte[] name) {
    byte[] head = (directory + "/").getBytes(StandardCharsets.UTF_8);
    byte[] path = Arrays.copyOf(head, head.length + name.length);
    System.arraycopy(name, 0, path, head.length, name.length);
    return path;
  }

  @Test
  void anyBytesButSlashAndNulMakeAName() throws Exception {
    var unused = fileSystem.mkdirs(CairnPath.of("/odd"), 0755);
    byte[][] names = {
      {(byte) 0xff, (byte) 0xfe},
      {'a', '\n', 'b'},
      {(byte) 0xc3, (byte) 0xa9},
      {'e', (byte) 0xcc, (byte) 0x81},
      "x".repeat(255).getBytes(StandardCharsets.UTF_8),
      "-rf".getBytes(StandardCharsets.UTF_8),
      {27, '[', '2', 'J'}
    };
    for (byte[] name : names) {
      FileStatus created =
          fileSystem.createWithContent(
              CairnPath.of(join("/odd", name)), ByteBuffer.wrap(name), CreateOptions.defaults());
      assertThat(created.length()).isEqualTo(name.length);
    }
    List<byte[]> listed = new ArrayList<>();
    for (FileStatus status : fileSystem.listAll(CairnPath.of("/odd"))) {
      listed.add(status.nameBytes());
      assertThat(fileSystem.readFully(status.path(), 1000)).isEqualTo(status.nameBytes());
    }
    assertThat(listed).containsExactlyInAnyOrder(names);
  }

  @Test
  void namesAndPathsBeyondTheLimitsAreRefused() {
    refused(
        ErrorCode.NAME_TOO_LONG, () -> fileSystem.mkdir(CairnPath.of("/" + "x".repeat(256)), 0755));
    refused(
        ErrorCode.NAME_TOO_LONG,
        () -> fileSystem.mkdirs(CairnPath.of("/" + "abcdefghi/".repeat(500)), 0755));
    refused(
        ErrorCode.INVALID_ARGUMENT,
        () -> fileSystem.mkdir(CairnPath.of(new byte[] {'/', 'a', 0, 'b'}), 0755));
    refused(ErrorCode.INVALID_ARGUMENT, () -> fileSystem.mkdir(CairnPath.of("relative"), 0755));
  }

  @Test
  void aClientOfAnotherClusterIsRefused() throws Exception {
    ClientOptions options =
        ClientOptions.builder(cluster.controller().metaservers())
            .clusterId("00000000-0000-0000-0000-000000000000")
            .timeout(Duration.ofSeconds(10))
            .build();
    refused(
        ErrorCode.WRONG_CLUSTER,
        () -> {
          try (CairnFileSystem stranger = LocalRpc.connect(options)) {
            var unused = stranger.stat(CairnPath.ROOT);
          }
        });
  }

  @Test
  void garbageOnEveryPortHarmsNobody() throws Exception {
    Random random = new Random(42);
    for (Role role : cluster.controller().directory().roles()) {
      for (int i = 0; i < 40; i++) {
        send(role.address(), garbage(random, i));
      }
    }
    assertThat(fileSystem.exists(CairnPath.ROOT)).isTrue();
    Contents.write(fileSystem, "/after-garbage", 200_000);
    Contents.check(fileSystem, "/after-garbage", 200_000);
    assertThat(cluster.controller().status()).allMatch(RoleStatus::isUp);
  }

  private static byte[] garbage(Random random, int i) {
    byte[] bytes = new byte[1 + random.nextInt(4000)];
    random.nextBytes(bytes);
    switch (i % 4) {
      case 0 -> ByteBuffer.wrap(bytes.length < 4 ? new byte[4] : bytes).putInt(Integer.MAX_VALUE);
      case 1 -> ByteBuffer.wrap(bytes.length < 4 ? new byte[4] : bytes).putInt(-1);
      case 2 -> {
        byte[] http = "GET / HTTP/1.1\r\nHost: x\r\n\r\n".getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(http, 0, bytes, 0, Math.min(http.length, bytes.length));
      }
      default -> Arrays.fill(bytes, (byte) 0);
    }
    return bytes;
  }

  private static void send(HostPort address, byte[] bytes) throws Exception {
    try (Socket socket = new Socket(address.host(), address.port())) {
      socket.setSoTimeout(10_000);
      OutputStream out = socket.getOutputStream();
      out.write(bytes);
      out.flush();
      socket.shutdownOutput();
      drain(socket.getInputStream());
    } catch (java.net.SocketException e) {
      // The server closed on us: what a malformed frame deserves.
      assertThat(e.getMessage()).containsAnyOf("reset", "Broken pipe", "closed");
    }
  }

  private static void drain(InputStream in) throws java.io.IOException {
    long bytes = in.transferTo(OutputStream.nullOutputStream());
    assertThat(bytes).isLessThan(1 << 20);
  }

  @Test
  void aTreeOfAnOrdinaryUserIsDeletedHoweverLarge() throws Exception {
    ClientOptions options =
        ClientOptions.builder(cluster.controller().metaservers())
            .clientName("ordinary")
            .user("ordinary")
            .build();
    var open = fileSystem.mkdir(CairnPath.of("/open"), 0777);
    assertThat(open.isDirectory()).isTrue();
    try (CairnFileSystem ordinary = LocalRpc.connect(options)) {
      createFiles(ordinary, "/open/many", 5_000);
      var other = fileSystem.mkdir(CairnPath.of("/open/many/foreign"), 0755);
      assertThat(other.isDirectory()).isTrue();
      assertThat(ordinary.delete(CairnPath.of("/open/many"), DeleteMode.RECURSIVE)).isTrue();
      assertThat(ordinary.exists(CairnPath.of("/open/many"))).isFalse();
    }
  }

  private static void createFiles(CairnFileSystem fileSystem, String directory, int files)
      throws Exception {
    var made = fileSystem.mkdir(CairnPath.of(directory), 0755);
    assertThat(made.isDirectory()).isTrue();
    List<CompletableFuture<FileStatus>> window = new ArrayList<>();
    for (int i = 0; i < files; i++) {
      window.add(
          fileSystem.createWithContentAsync(
              CairnPath.of((directory + "/f%06d").formatted(i)),
              ByteBuffer.allocate(0),
              CreateOptions.defaults()));
      if (window.size() == 500) {
        CompletableFuture.allOf(window.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
        window.clear();
      }
    }
    CompletableFuture.allOf(window.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
  }

  @Test
  void aDirectoryOfAHundredThousandFilesIsListedInPages() throws Exception {
    int files = 100_000;
    createFiles(fileSystem, "/many", files);
    RemoteIterator<FileStatus> iterator = fileSystem.list(CairnPath.of("/many"));
    int seen = 0;
    while (iterator.hasNext()) {
      assertThat(iterator.next().path().toString()).isEqualTo("/many/f%06d".formatted(seen));
      seen++;
    }
    assertThat(seen).isEqualTo(files);
    assertThat(fileSystem.delete(CairnPath.of("/many"), DeleteMode.RECURSIVE)).isTrue();
    assertThat(fileSystem.exists(CairnPath.of("/many"))).isFalse();
  }
}
