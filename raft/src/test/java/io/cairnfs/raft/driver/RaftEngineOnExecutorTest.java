package io.cairnfs.raft.driver;

import java.io.IOException;

/** The same as with a thread for each member's state, but on one executor, as on an event loop. */
final class RaftEngineOnExecutorTest extends RaftEngineTest {
  @Override
  TestCluster cluster(EngineOptions options, int members) throws IOException {
    TestCluster cluster = super.cluster(options, members);
    cluster.shareOneThread();
    return cluster;
  }
}
