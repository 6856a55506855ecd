package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.MakeNode;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import org.junit.jupiter.api.Test;

class MakeNodeOperationTest {
  private final TestCluster cluster = new TestCluster();

  private static MakeNode.Builder node(FileType type, String path) {
    return MakeNode.newBuilder().setTarget(path(path)).setType(type).setMode(0666);
  }

  private CommandReply make(String user, MakeNode.Builder node) {
    return cluster.run(user, Operation.newBuilder().setMakeNode(node));
  }

  @Test
  void everybodyMakesFifosAndSockets() {
    Attributes fifo =
        ok(make("ann", node(FileType.FIFO, "/tmp/p").setUmask(022))).getResult().getAttributes();
    assertThat(fifo.getType()).isEqualTo(FileType.FIFO);
    assertThat(fifo.getMode()).isEqualTo(0644);
    assertThat(fifo.getOwner()).isEqualTo("ann");
    assertThat(fifo.getLength()).isZero();
    assertThat(cluster.attributes("/tmp").getMtimeNanos()).isEqualTo(fifo.getMtimeNanos());
    ok(make("ann", node(FileType.SOCKET, "/tmp/s")));
    assertThat(cluster.attributes("/tmp/s").getType()).isEqualTo(FileType.SOCKET);
  }

  @Test
  void onlyTheSuperuserMakesDevices() {
    for (FileType type : new FileType[] {FileType.CHARACTER_DEVICE, FileType.BLOCK_DEVICE}) {
      MakeNode.Builder device = node(type, "/tmp/" + type).setDevice(0xfff0_0801);
      assertThat(error(make("ann", device))).isEqualTo(ErrorCode.NOT_PERMITTED);
      ok(make(ROOT_USER, device));
      assertThat(cluster.attributes("/tmp/" + type).getType()).isEqualTo(type);
      assertThat(cluster.attributes("/tmp/" + type).getDevice()).isEqualTo(0xfff0_0801);
      assertThat(error(make("ann", device))).isEqualTo(ErrorCode.EXISTS);
    }
  }

  @Test
  void whatIsNoSuchNodeIsRefused() {
    assertThat(error(make("ann", node(FileType.FILE, "/tmp/f"))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(make("ann", node(FileType.FIFO, "/tmp/p").setDevice(1))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(make("ann", node(FileType.FIFO, "/tmp/p").setMode(010000))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(make("ann", node(FileType.FIFO, "/p"))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(make("ann", node(FileType.FIFO, "/none/p")))).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void aNodeHasNamesAndNoContent() {
    ok(make("ann", node(FileType.FIFO, "/tmp/p")));
    ok(cluster.link("ann", "/tmp/p", "/tmp/q"));
    ok(cluster.rename("ann", "/tmp/q", "/tmp/r"));
    assertThat(cluster.attributes("/tmp/r").getLinkCount()).isEqualTo(2);
    assertThat(error(cluster.openForWrite("ann", "/tmp/r"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(cluster.create("ann", creation("/tmp/r", "x").setOverwrite(true))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    SetXattr.Builder set =
        SetXattr.newBuilder().setTarget(path("/tmp/r")).setName(ByteString.copyFromUtf8("user.a"));
    assertThat(error(cluster.run("ann", Operation.newBuilder().setSetXattr(set))))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(cluster.rmdir("ann", "/tmp/r"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    ok(cluster.unlink("ann", "/tmp/r"));
    ok(cluster.unlink("ann", "/tmp/p"));
    assertThat(cluster.purge(10).getCount()).isPositive();
  }
}
