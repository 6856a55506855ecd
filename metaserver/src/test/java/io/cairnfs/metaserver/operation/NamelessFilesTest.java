package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.CreateResult;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.Link;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetLength;
import io.cairnfs.proto.types.NodeRef;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A file without a name, for whoever has it open. */
class NamelessFilesTest {
  private final TestCluster cluster = new TestCluster();
  private NodeRef node;

  @BeforeEach
  void unlinkAnOpenFile() {
    Create.Builder create =
        Create.newBuilder().setTarget(path("/tmp/f")).setMode(0644).setInline(ByteString.EMPTY);
    CreateResult made = ok(cluster.create("ann", create)).getResult().getCreate();
    node =
        NodeRef.newBuilder()
            .setBase(made.getAttributes().getInode())
            .setHandle(made.getHandle())
            .build();
    ok(cluster.unlink("ann", "/tmp/f"));
  }

  private CommandReply change(String user, NodeRef target, SetAttributes.Builder change) {
    return cluster.run(user, Operation.newBuilder().setSetAttributes(change.setTarget(target)));
  }

  @Test
  void itIsChanged() {
    CommandReply changed =
        ok(change("ann", node, SetAttributes.newBuilder().setMode(0600).setMtimeNanos(5)));
    assertThat(changed.getResult().getAttributes().getMode()).isEqualTo(0600);
    assertThat(changed.getResult().getAttributes().getLinkCount()).isZero();
    FileRef file = FileRef.newBuilder().setTarget(node).build();
    CommandReply cut =
        ok(
            cluster.run(
                "ann",
                Operation.newBuilder()
                    .setSetLength(SetLength.newBuilder().setFile(file).setLength(3))));
    assertThat(cut.getResult().getRange().getAttributes().getLength()).isEqualTo(3);
    ok(cluster.run("ann", Operation.newBuilder().setLock(Lock.newBuilder().setFile(file))));
  }

  @Test
  void nobodyElseFindsIt() {
    NodeRef bare = node.toBuilder().clearHandle().build();
    SetAttributes.Builder change = SetAttributes.newBuilder().setMode(0600);
    assertThat(error(change("ann", bare, change))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(change(ROOT_USER, bare, change))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(change("bob", node, change))).isEqualTo(ErrorCode.STALE_HANDLE);
    ByteString forged = ByteString.copyFrom(new byte[node.getHandle().size()]);
    assertThat(error(change("ann", node.toBuilder().setHandle(forged).build(), change)))
        .isEqualTo(ErrorCode.STALE_HANDLE);
  }

  @Test
  void itsSessionsEndIsItsEnd() {
    ok(cluster.closeSession("ann"));
    assertThat(error(change("ann", node, SetAttributes.newBuilder().setMode(0600))))
        .isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void itGetsNoNameAgain() {
    Link.Builder link = Link.newBuilder().setExisting(node).setLink(path("/tmp/g"));
    assertThat(error(cluster.run("ann", Operation.newBuilder().setLink(link))))
        .isEqualTo(ErrorCode.NOT_FOUND);
  }
}
