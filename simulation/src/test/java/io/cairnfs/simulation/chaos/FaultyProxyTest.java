package io.cairnfs.simulation.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.id.HostPort;
import io.cairnfs.simulation.chaos.FaultyProxy.Mode;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(value = 60, unit = TimeUnit.SECONDS)
class FaultyProxyTest {
  private static final byte[] WORDS = "twelve bytes".getBytes(StandardCharsets.UTF_8);

  private ServerSocket server;
  private FaultyProxy proxy;

  @BeforeEach
  void start() throws IOException {
    server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    proxy =
        new FaultyProxy(
            "d1",
            InetAddress.getLoopbackAddress(),
            new HostPort("127.0.0.1", server.getLocalPort()));
  }

  @AfterEach
  void stop() throws IOException {
    proxy.close();
    server.close();
  }

  private Socket call() throws IOException {
    return new Socket(proxy.address().host(), proxy.address().port());
  }

  @Test
  void bytesPassInBothDirectionsAndSoDoesTheEnd() throws IOException {
    try (Socket caller = call();
        Socket called = server.accept()) {
      caller.getOutputStream().write(WORDS);
      assertThat(called.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
      called.getOutputStream().write(WORDS);
      assertThat(caller.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
      called.close();
      assertThat(caller.getInputStream().read()).isEqualTo(-1);
    }
  }

  @Test
  void aTruncatedConnectionEndsAfterSoManyBytes() throws IOException {
    proxy.mode(Mode.truncate(5));
    try (Socket caller = call();
        Socket called = server.accept()) {
      caller.getOutputStream().write(WORDS);
      assertThat(called.getInputStream().readAllBytes()).isEqualTo(Arrays.copyOf(WORDS, 5));
    }
  }

  @Test
  void aDoubledConnectionBringsEverythingTwiceAndAnswersOnce() throws IOException {
    proxy.mode(Mode.DUPLICATE);
    try (Socket caller = call();
        Socket one = server.accept();
        Socket other = server.accept()) {
      caller.getOutputStream().write(WORDS);
      assertThat(one.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
      assertThat(other.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
      one.getOutputStream().write(1);
      other.getOutputStream().write(1);
      one.close();
      other.close();
      assertThat(caller.getInputStream().readAllBytes()).containsExactly(1);
    }
  }

  @Test
  void nothingPassesABlackHoleUntilItIsClear() throws IOException {
    try (Socket caller = call();
        Socket called = server.accept()) {
      proxy.mode(Mode.BLACK_HOLE);
      caller.getOutputStream().write(WORDS);
      called.setSoTimeout(200);
      SocketTimeoutException silence = null;
      try {
        assertThat(called.getInputStream().read()).isEqualTo(-2);
      } catch (SocketTimeoutException e) {
        silence = e;
      }
      assertThat(silence).isNotNull();
      proxy.mode(Mode.CLEAR);
      called.setSoTimeout(0);
      assertThat(called.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
    }
  }

  @Test
  void lateAndSlowConnectionsBringEverything() throws IOException {
    for (Mode mode : new Mode[] {Mode.delay(20), Mode.slow(2_000)}) {
      proxy.mode(mode);
      try (Socket caller = call();
          Socket called = server.accept()) {
        caller.getOutputStream().write(WORDS);
        assertThat(called.getInputStream().readNBytes(WORDS.length)).isEqualTo(WORDS);
      }
    }
  }

  @Test
  void aServerThatIsDownEndsTheCallersConnection() throws IOException {
    server.close();
    try (Socket caller = call()) {
      int read;
      try {
        read = caller.getInputStream().read();
      } catch (SocketException e) {
        read = -1;
      }
      assertThat(read).isEqualTo(-1);
    }
  }
}
