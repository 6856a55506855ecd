package io.cairnfs.simulation.chaos;

import io.cairnfs.common.id.HostPort;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Passes connections on to a server, and troubles them when it is told to. Two threads for each
 * connection; the mode may be changed from any thread and holds for open connections as well.
 */
final class FaultyProxy implements AutoCloseable {
  private static final int BUFFER_BYTES = 64 << 10;
  private static final int CONNECT_MILLIS = 2_000;
  private static final long STALL_MILLIS = 20;
  private static final long MILLIS_PER_SECOND = 1_000;

  /** What happens to connections. */
  enum Kind {
    CLEAR,
    /** Every piece of it comes later. */
    DELAY,
    /** So many bytes in a second. */
    SLOW,
    /** After so many bytes the connection ends, in the middle of whatever it was. */
    TRUNCATE,
    /** What the caller sends goes to the server twice, on two connections. */
    DUPLICATE,
    /** Nothing passes, in neither direction, and nobody is told. */
    BLACK_HOLE
  }

  /**
   * A kind with its measure.
   *
   * @param amount milliseconds, bytes a second, or bytes
   */
  record Mode(Kind kind, int amount) {
    static final Mode CLEAR = new Mode(Kind.CLEAR, 0);
    static final Mode DUPLICATE = new Mode(Kind.DUPLICATE, 0);
    static final Mode BLACK_HOLE = new Mode(Kind.BLACK_HOLE, 0);

    static Mode delay(int millis) {
      return new Mode(Kind.DELAY, millis);
    }

    static Mode slow(int bytesPerSecond) {
      return new Mode(Kind.SLOW, bytesPerSecond);
    }

    static Mode truncate(int bytes) {
      return new Mode(Kind.TRUNCATE, bytes);
    }
  }

  private final String name;
  private final HostPort target;
  private final ServerSocket listener;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile Mode mode = Mode.CLEAR;
  private volatile boolean closed;

  /**
   * @param name of the server behind it
   */
  FaultyProxy(String name, InetAddress here, HostPort target) throws IOException {
    this.name = name;
    this.target = target;
    listener = new ServerSocket(0, 200, here);
    start(this::accept, "accept");
  }

  private void start(Runnable work, String what) {
    Thread thread = new Thread(work, "proxy-" + name + "-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  HostPort address() {
    return new HostPort(listener.getInetAddress().getHostAddress(), listener.getLocalPort());
  }

  void mode(Mode next) {
    mode = next;
  }

  @Override
  public String toString() {
    return name;
  }

  private void accept() {
    while (!closed) {
      try {
        Socket caller = listener.accept();
        sockets.add(caller);
        start(() -> connect(caller), "connect");
      } catch (IOException e) {
        if (!closed) {
          throw new IllegalStateException("the proxy of " + name + " accepts no more", e);
        }
      }
    }
  }

  private void connect(Socket caller) {
    Optional<Socket> server = open();
    if (server.isEmpty()) {
      end(caller);
      return;
    }
    Optional<Socket> second = mode.kind() == Kind.DUPLICATE ? open() : Optional.empty();
    second.ifPresent(twin -> start(() -> discard(twin), "discard"));
    start(() -> pass(server.get(), caller, Optional.empty()), "replies");
    pass(caller, server.get(), second);
    second.ifPresent(this::end);
  }

  private Optional<Socket> open() {
    Socket socket = new Socket();
    sockets.add(socket);
    try {
      socket.setTcpNoDelay(true);
      socket.connect(target.toSocketAddress(), CONNECT_MILLIS);
      return Optional.of(socket);
    } catch (IOException e) {
      // The server is down: the caller is told by the end of its connection.
      end(socket);
      return Optional.empty();
    }
  }

  private void discard(Socket twin) {
    byte[] bytes = new byte[BUFFER_BYTES];
    try {
      InputStream in = twin.getInputStream();
      int count = in.read(bytes);
      while (count >= 0) {
        count = in.read(bytes);
      }
    } catch (IOException e) {
      // It ended, in whatever way.
      sockets.remove(twin);
    }
    end(twin);
  }

  private void pass(Socket from, Socket to, Optional<Socket> second) {
    byte[] bytes = new byte[BUFFER_BYTES];
    Optional<Socket> twin = second;
    long troubled = 0;
    try {
      to.setTcpNoDelay(true);
      InputStream in = from.getInputStream();
      OutputStream out = to.getOutputStream();
      int count = in.read(bytes);
      while (count >= 0) {
        Mode now = hold(count);
        int send = count;
        if (now.kind() == Kind.TRUNCATE) {
          send = (int) Math.min(count, now.amount() - troubled);
          troubled += send;
        } else {
          troubled = 0;
        }
        out.write(bytes, 0, send);
        if (twin.isPresent() && !copy(twin.get(), bytes, send)) {
          twin = Optional.empty();
        }
        if (now.kind() == Kind.TRUNCATE && troubled >= now.amount()) {
          break;
        }
        count = in.read(bytes);
      }
    } catch (IOException e) {
      // One side has ended: so does the other.
      sockets.remove(from);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(from);
    end(to);
  }

  /** Waits as the mode says before some bytes are passed on. */
  private Mode hold(int count) throws InterruptedException {
    Mode now = mode;
    if (now.kind() == Kind.DELAY) {
      Thread.sleep(now.amount());
    } else if (now.kind() == Kind.SLOW) {
      Thread.sleep(count * MILLIS_PER_SECOND / now.amount());
    }
    while (mode.kind() == Kind.BLACK_HOLE && !closed) {
      Thread.sleep(STALL_MILLIS);
    }
    return mode;
  }

  /** Whether the second connection is still there. */
  private static boolean copy(Socket twin, byte[] bytes, int count) {
    try {
      twin.getOutputStream().write(bytes, 0, count);
      return true;
    } catch (IOException e) {
      // The server may refuse it: that is the server's right.
      return false;
    }
  }

  private void end(Socket socket) {
    sockets.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      throw new IllegalStateException("a socket of the proxy of " + name, e);
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    listener.close();
    sockets.forEach(this::end);
  }
}
