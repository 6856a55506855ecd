package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Transaction;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.OpenSession;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import org.junit.jupiter.api.Test;

class ExactlyOnceTest {
  private final TestCluster cluster = new TestCluster();
  private final long session = cluster.session("ann");

  private Command.Builder mkdir(long call, long lowWater, String path) {
    return Command.newBuilder()
        .setSession(session)
        .setCall(call)
        .setLowWater(lowWater)
        .setOperation(
            Operation.newBuilder()
                .setMkdir(Mkdir.newBuilder().setTarget(path(path)).setMode(0755)));
  }

  private int storedReplies() {
    int count = 0;
    try (RecordCursor cursor = cluster.store.scan(Table.REPLY, Bytes.EMPTY, Bytes.EMPTY)) {
      while (cursor.next()) {
        count++;
      }
    }
    return count;
  }

  @Test
  void aRepeatedCallGetsTheFirstReply() {
    CommandReply first = ok(cluster.run("ann", mkdir(1, 1, "/tmp/a")));
    ok(cluster.mkdirs("bob", "/tmp/between"));
    CommandReply again = cluster.run("ann", mkdir(1, 1, "/tmp/a"));
    assertThat(again).isEqualTo(first);
    assertThat(again.getLogIndex()).isLessThan(cluster.index());
  }

  @Test
  void anErrorIsAReplyToo() {
    CommandReply first = cluster.run("ann", mkdir(1, 1, "/tmp/none/a"));
    assertThat(error(first)).isEqualTo(ErrorCode.NOT_FOUND);
    ok(cluster.mkdirs("bob", "/tmp/none"));
    assertThat(cluster.run("ann", mkdir(1, 1, "/tmp/none/a"))).isEqualTo(first);
  }

  @Test
  void aCallBelowTheMarkIsNeverExecuted() {
    ok(cluster.run("ann", mkdir(1, 1, "/tmp/a")));
    ok(cluster.run("ann", mkdir(5, 5, "/tmp/b")));
    assertThat(error(cluster.run("ann", mkdir(1, 1, "/tmp/a")))).isEqualTo(ErrorCode.STALE_CALL);
    assertThat(error(cluster.run("ann", mkdir(2, 1, "/tmp/c")))).isEqualTo(ErrorCode.STALE_CALL);
    assertThat(error(cluster.run("ann", mkdir(6, 7, "/tmp/c")))).isEqualTo(ErrorCode.STALE_CALL);
    assertThat(error(cluster.run("ann", mkdir(0, 0, "/tmp/c")))).isEqualTo(ErrorCode.STALE_CALL);
    assertThat(cluster.stat("/tmp/c")).isEmpty();
  }

  /** One call hangs and holds the mark, while others go on. */
  @Test
  void aCallTooFarAboveTheMarkIsRefusedAndNotStored() {
    ok(cluster.run("ann", mkdir(1024, 1, "/tmp/a")));
    assertThat(error(cluster.run("ann", mkdir(1025, 1, "/tmp/b")))).isEqualTo(ErrorCode.BUSY);
    assertThat(storedReplies()).isEqualTo(1);
    ok(cluster.run("ann", mkdir(1025, 2, "/tmp/b")));
    assertThat(storedReplies()).isEqualTo(2);
    ok(cluster.run("ann", mkdir(1026, 1026, "/tmp/c")));
    assertThat(storedReplies()).isEqualTo(1);
  }

  @Test
  void aSessionBelongsToItsPrincipal() {
    assertThat(error(cluster.run("eve", mkdir(1, 1, "/tmp/a"))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.run("ann", mkdir(1, 1, "/tmp/a")));
    assertThat(error(cluster.run("eve", mkdir(1, 1, "/tmp/a"))))
        .as("nor are its replies for others")
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void anUnknownSessionIsExpired() {
    assertThat(error(cluster.run("ann", mkdir(1, 1, "/tmp/a").setSession(999))))
        .isEqualTo(ErrorCode.SESSION_EXPIRED);
    assertThat(error(cluster.run("ann", mkdir(1, 1, "/tmp/a").setSession(-1))))
        .isEqualTo(ErrorCode.SESSION_EXPIRED);
    cluster.expire(session);
    assertThat(error(cluster.run("ann", mkdir(1, 1, "/tmp/a"))))
        .isEqualTo(ErrorCode.SESSION_EXPIRED);
    assertThat(storedReplies()).isZero();
  }

  @Test
  void openingASessionTwiceWithOneNonceGivesOneSession() {
    Command.Builder open =
        Command.newBuilder()
            .setOpenSession(
                OpenSession.newBuilder().setNonce(ByteString.copyFromUtf8("nonce-of-ann")));
    assertThat(ok(cluster.run("ann", open)).getSession()).isEqualTo(session);
    assertThat(error(cluster.run("eve", open))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    Command.Builder tooShort =
        Command.newBuilder()
            .setOpenSession(OpenSession.newBuilder().setNonce(ByteString.copyFromUtf8("short")));
    assertThat(error(cluster.run("ann", tooShort))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  /** The duplicate lies in the same log entry as the original. */
  @Test
  void aBatchSeesItsOwnCommands() {
    Transaction transaction = new Transaction(cluster.store, cluster.index() + 1, 1);
    Command command = cluster.stamped("ann", mkdir(1, 1, "/tmp/a"));
    CommandReply first = cluster.executor().execute(transaction, command);
    CommandReply second = cluster.executor().execute(transaction, command);
    CommandReply below =
        cluster.executor().execute(transaction, cluster.stamped("ann", mkdir(2, 1, "/tmp/a/b")));
    CommandReply failed =
        cluster.executor().execute(transaction, cluster.stamped("ann", mkdir(3, 1, "/x/y")));
    cluster.store.write(transaction.finish());
    assertThat(second).isEqualTo(ok(first));
    ok(below);
    assertThat(error(failed)).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(cluster.stat("/tmp/a/b")).isPresent();
    assertThat(cluster.attributes("/tmp/a").getLinkCount()).isEqualTo(3);
  }
}
