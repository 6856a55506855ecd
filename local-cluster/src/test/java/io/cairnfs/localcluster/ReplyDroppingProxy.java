package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Stands between a client and a server. When told so it takes the server's next bytes and cuts the
 * connection instead of passing them on: the request was carried out, its reply is lost.
 */
final class ReplyDroppingProxy implements AutoCloseable {
  private final HostPort target;
  private final ServerSocket listener;
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private final AtomicBoolean dropNext = new AtomicBoolean();
  private final AtomicInteger dropped = new AtomicInteger();

  ReplyDroppingProxy(HostPort target) throws IOException {
    this.target = target;
    listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    threads.execute(this::accept);
  }

  HostPort address() {
    return new HostPort("127.0.0.1", listener.getLocalPort());
  }

  void dropNextReply() {
    dropNext.set(true);
  }

  int dropped() {
    return dropped.get();
  }

  private void accept() {
    try {
      while (true) {
        Socket client = listener.accept();
        sockets.add(client);
        Socket server = new Socket(target.host(), target.port());
        sockets.add(server);
        threads.execute(() -> requests(client, server));
        threads.execute(() -> replies(client, server));
      }
    } catch (IOException e) {
      // The proxy was closed; if it was the target that cannot be reached, the client is told so.
      sockets.forEach(ReplyDroppingProxy::closeNow);
    }
  }

  private static void closeNow(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void requests(Socket client, Socket server) {
    try (client;
        server) {
      InputStream in = client.getInputStream();
      in.transferTo(server.getOutputStream());
    } catch (IOException e) {
      // Either side has ended: so has the connection.
      sockets.remove(client);
    }
  }

  private void replies(Socket client, Socket server) {
    byte[] bytes = new byte[64 << 10];
    try (client;
        server) {
      InputStream in = server.getInputStream();
      OutputStream out = client.getOutputStream();
      int count = in.read(bytes);
      while (count > 0) {
        if (dropNext.compareAndSet(true, false)) {
          dropped.incrementAndGet();
          return;
        }
        out.write(bytes, 0, count);
        count = in.read(bytes);
      }
    } catch (IOException e) {
      // Either side has ended: so has the connection.
      sockets.remove(server);
    }
  }

  @Override
  public void close() throws IOException {
    listener.close();
    sockets.forEach(ReplyDroppingProxy::closeNow);
    threads.shutdownNow();
  }
}
