package io.cairnfs.client.testing;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.ClientOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.time.SystemClock;
import io.cairnfs.rpc.transport.RpcEventLoops;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/**
 * Metaservers that share one namespace in memory, of which one leads, and data servers that keep
 * chunks in memory, all on loopback.
 */
public final class FakeCluster implements AutoCloseable {
  final RpcEventLoops loops = RpcEventLoops.create(2, "fake-cluster");
  final SystemClock clock = new SystemClock();
  public final FakeNamespace namespace = new FakeNamespace(this);
  public final List<FakeMetaserver> metaservers = new ArrayList<>();
  public final List<FakeDataServer> dataServers = new ArrayList<>();

  /** What happened, in order: for tests of order. */
  public final List<String> events = new CopyOnWriteArrayList<>();

  private volatile int leader;

  public FakeCluster(int metaserverCount, int dataServerCount) throws CairnException {
    for (int i = 0; i < metaserverCount; i++) {
      metaservers.add(new FakeMetaserver(this, i));
    }
    for (int i = 1; i <= dataServerCount; i++) {
      dataServers.add(new FakeDataServer(this, i));
    }
  }

  public FakeDataServer dataServer(int id) {
    return dataServers.get(id - 1);
  }

  public FakeMetaserver leader() {
    return metaservers.get(leader);
  }

  public int leaderIndex() {
    return leader;
  }

  /** The leader's index while nobody leads; then every metaserver must know no leader. */
  public static final int NOBODY = -1;

  public void lead(int index) {
    leader = index;
    namespace.newTerm();
  }

  public List<HostPort> addresses() {
    return metaservers.stream().map(FakeMetaserver::address).toList();
  }

  public CairnFileSystem connect() {
    return connect(builder -> builder);
  }

  public CairnFileSystem connect(UnaryOperator<ClientOptions.Builder> change) {
    return CairnFileSystem.connect(
        change
            .apply(
                ClientOptions.builder(addresses())
                    .timeout(Duration.ofSeconds(20))
                    .tryTimeout(Duration.ofMillis(1500))
                    .user("tester"))
            .build());
  }

  /** Waits for a condition, for ten seconds at most. */
  public static void await(String what, BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 10_000_000_000L;
    Object monitor = new Object();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("not within 10 s: " + what);
      }
      synchronized (monitor) {
        monitor.wait(5);
      }
    }
  }

  @Override
  public void close() {
    metaservers.forEach(FakeMetaserver::close);
    dataServers.forEach(FakeDataServer::close);
    loops.close();
  }
}
