package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.XattrName;
import io.cairnfs.metaserver.namespace.XattrTable;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RemoveXattr;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.XattrMode;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class XattrOperationsTest {
  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeAFile() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.create("ann", creation("/tmp/d/f", "x").setMode(0644)));
  }

  private CommandReply set(String user, String path, String name, String value, XattrMode mode) {
    SetXattr.Builder request =
        SetXattr.newBuilder()
            .setTarget(path(path))
            .setName(ByteString.copyFromUtf8(name))
            .setValue(ByteString.copyFromUtf8(value))
            .setMode(mode);
    return cluster.run(user, Operation.newBuilder().setSetXattr(request));
  }

  private CommandReply set(String user, String path, String name, String value) {
    return set(user, path, name, value, XattrMode.XATTR_SET);
  }

  private CommandReply remove(String user, String path, String name) {
    RemoveXattr.Builder request =
        RemoveXattr.newBuilder().setTarget(path(path)).setName(ByteString.copyFromUtf8(name));
    return cluster.run(user, Operation.newBuilder().setRemoveXattr(request));
  }

  private Optional<String> value(String path, String name) throws CairnException {
    InodeId inode = new InodeId(cluster.attributes(path).getInode());
    XattrName key = XattrName.of(name.getBytes(StandardCharsets.UTF_8));
    return XattrTable.get(cluster.store, inode, key)
        .map(bytes -> new String(bytes, StandardCharsets.UTF_8));
  }

  @Test
  void anAttributeIsSetReplacedAndRemoved() throws CairnException {
    long before = cluster.attributes("/tmp/d/f").getCtimeNanos();
    ok(set("ann", "/tmp/d/f", "user.a", "one"));
    assertThat(value("/tmp/d/f", "user.a")).contains("one");
    assertThat(cluster.attributes("/tmp/d/f").getCtimeNanos()).isGreaterThan(before);
    ok(set("ann", "/tmp/d/f", "user.a", ""));
    assertThat(value("/tmp/d/f", "user.a")).contains("");
    ok(remove("ann", "/tmp/d/f", "user.a"));
    assertThat(value("/tmp/d/f", "user.a")).isEmpty();
    assertThat(error(remove("ann", "/tmp/d/f", "user.a"))).isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
  }

  @Test
  void createAndReplaceInsist() throws CairnException {
    assertThat(error(set("ann", "/tmp/d/f", "user.a", "1", XattrMode.XATTR_REPLACE)))
        .isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
    ok(set("ann", "/tmp/d/f", "user.a", "2", XattrMode.XATTR_CREATE));
    assertThat(error(set("ann", "/tmp/d/f", "user.a", "3", XattrMode.XATTR_CREATE)))
        .isEqualTo(ErrorCode.EXISTS);
    ok(set("ann", "/tmp/d/f", "user.a", "4", XattrMode.XATTR_REPLACE));
    assertThat(value("/tmp/d/f", "user.a")).contains("4");
  }

  @Test
  void userAttributesNeedTheRightToWrite() {
    assertThat(error(set("bob", "/tmp/d/f", "user.a", "x"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(set("ann", "/tmp/d/f", "user.a", "x"));
    assertThat(error(remove("bob", "/tmp/d/f", "user.a"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(set("ann", "/tmp/d", "user.a", "x"));
    // Everybody may write /tmp, which is sticky.
    assertThat(error(set("ann", "/tmp", "user.a", "x"))).isEqualTo(ErrorCode.NOT_PERMITTED);
    ok(set(ROOT_USER, "/tmp", "user.a", "x"));
  }

  @Test
  void theOtherNamespacesAreTheSuperusers() {
    for (String name : new String[] {"trusted.a", "security.a"}) {
      assertThat(error(set("ann", "/tmp/d/f", name, "x"))).isEqualTo(ErrorCode.NOT_PERMITTED);
      ok(set(ROOT_USER, "/tmp/d/f", name, "x"));
      assertThat(error(remove("ann", "/tmp/d/f", name))).isEqualTo(ErrorCode.NOT_PERMITTED);
      ok(remove(ROOT_USER, "/tmp/d/f", name));
    }
    assertThat(error(set(ROOT_USER, "/tmp/d/f", "system.a", "x"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(set(ROOT_USER, "/tmp/d/f", "plain", "x"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(set("ann", "/tmp/d/f", "user.", "x"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(set("ann", "/tmp/d/f", "user.a\0", "x")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void thePathComesBeforeTheNamespaceAndSoDoRightsWhereThereIsNone() {
    assertThat(error(set("ann", "/tmp/none", "plain", "x"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(remove("ann", "/tmp/none", "system.a"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(error(set("bob", "/tmp/d/f", "plain", "x"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(remove("bob", "/tmp/d/f", "plain"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(set("bob", "/tmp/d/f", "system.a", "x"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(remove("ann", "/tmp/d/f", "plain"))).isEqualTo(ErrorCode.UNSUPPORTED);
    assertThat(error(set("ann", "/tmp/none", "p".repeat(256), "x")))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
  }

  @Test
  void symlinksAreFollowedAndHaveNoUserAttributes() throws CairnException {
    ok(cluster.symlink("ann", "d/f", "/tmp/l"));
    ok(set("ann", "/tmp/l", "user.a", "x"));
    assertThat(value("/tmp/d/f", "user.a")).contains("x");
    SetXattr.Builder request =
        SetXattr.newBuilder()
            .setTarget(path("/tmp/l"))
            .setName(ByteString.copyFromUtf8("user.a"))
            .setNoFollow(true);
    assertThat(error(cluster.run("ann", Operation.newBuilder().setSetXattr(request))))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    request.setName(ByteString.copyFromUtf8("trusted.a"));
    ok(cluster.run(ROOT_USER, Operation.newBuilder().setSetXattr(request)));
    assertThat(value("/tmp/l", "trusted.a")).contains("");
  }

  @Test
  void namesValuesAndTheirSumAreBounded() {
    ok(set("ann", "/tmp/d/f", "user." + "n".repeat(250), "x"));
    assertThat(error(set("ann", "/tmp/d/f", "user." + "n".repeat(251), "x")))
        .isEqualTo(ErrorCode.NAME_TOO_LONG);
    String value = "v".repeat(XattrTable.MAX_VALUE_BYTES);
    assertThat(error(set("ann", "/tmp/d/f", "user.a", value + "v")))
        .isEqualTo(ErrorCode.VALUE_TOO_LARGE);
    ok(set("ann", "/tmp/d/f", "user.a", value));
    ok(set("ann", "/tmp/d/f", "user.b", value));
    ok(set("ann", "/tmp/d/f", "user.c", value));
    assertThat(error(set("ann", "/tmp/d/f", "user.d", value))).isEqualTo(ErrorCode.NO_SPACE);
    ok(set("ann", "/tmp/d/f", "user.c", value));
  }

  @Test
  void theirNumberIsBounded() {
    for (int i = 0; i < XattrTable.MAX_COUNT; i++) {
      ok(set("ann", "/tmp/d/f", "user." + i, ""));
    }
    assertThat(error(set("ann", "/tmp/d/f", "user.more", ""))).isEqualTo(ErrorCode.NO_SPACE);
    ok(set("ann", "/tmp/d/f", "user.0", "x"));
  }

  @Test
  void attributesGoWithWhatHasThem() {
    ok(cluster.mkdir("ann", "/tmp/e", 0755));
    ok(set("ann", "/tmp/e", "user.a", "x"));
    ok(set("ann", "/tmp/d/f", "user.a", "x"));
    ok(cluster.rmdir("ann", "/tmp/e"));
    ok(cluster.deleteTree("ann", "/tmp/d"));
    while (cluster.purge(1).getCount() > 0) {
      assertThat(cluster.written()).isPositive();
    }
    try (RecordCursor rows = cluster.store.scan(Table.XATTR, Bytes.EMPTY, Bytes.EMPTY)) {
      assertThat(rows.next()).isFalse();
    }
  }

  @Test
  void attributesStayWithAFileThatGetsOtherContentAndOwner() throws CairnException {
    ok(set("ann", "/tmp/d/f", "user.a", "x"));
    ok(cluster.write("ann", "/tmp/d/f", "other"));
    ok(cluster.setAttributes(ROOT_USER, "/tmp/d/f", SetAttributes.newBuilder().setOwner("bob")));
    assertThat(value("/tmp/d/f", "user.a")).contains("x");
  }

  @Test
  void anAttributeIsARecordOfTheseBytes() {
    CommandReply reply = ok(set("ann", "/tmp/d/f", "user.a", "val"));
    try (RecordCursor rows = cluster.store.scan(Table.XATTR, Bytes.EMPTY, Bytes.EMPTY)) {
      assertThat(rows.next()).isTrue();
      String key = "00%016x757365722e61".formatted(cluster.attributes("/tmp/d/f").getInode());
      String value = "01%02x0376616c".formatted(reply.getLogIndex());
      assertThat(HexFormat.of().formatHex(rows.key())).isEqualTo(key);
      assertThat(HexFormat.of().formatHex(rows.value())).isEqualTo(value);
    }
  }
}
