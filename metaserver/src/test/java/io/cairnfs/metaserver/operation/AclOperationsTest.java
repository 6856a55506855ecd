package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Keys;
import io.cairnfs.metaserver.namespace.Namespace;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.AclChange;
import io.cairnfs.proto.metadata.AclEntry;
import io.cairnfs.proto.metadata.AclScope;
import io.cairnfs.proto.metadata.AclTag;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.SetAcl;
import io.cairnfs.proto.metadata.SetAttributes;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AclOperationsTest {
  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeAFile() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.create("ann", creation("/tmp/d/f", "x").setMode(0640)));
  }

  private static AclEntry entry(String text) {
    boolean isDefault = text.startsWith("default:");
    String[] fields = text.substring(isDefault ? 8 : 0).split(":", -1);
    return AclEntry.newBuilder()
        .setScope(isDefault ? AclScope.DEFAULT : AclScope.ACCESS)
        .setTag(AclTag.valueOf("ACL_" + fields[0].toUpperCase(Locale.ROOT)))
        .setName(fields[1])
        .setPermissions(Integer.parseInt(fields[2]))
        .build();
  }

  private CommandReply set(String user, String path, AclChange change, String... entries) {
    SetAcl.Builder request = SetAcl.newBuilder().setTarget(path(path)).setChange(change);
    for (String text : entries) {
      request.addEntries(entry(text));
    }
    return cluster.run(user, Operation.newBuilder().setSetAcl(request));
  }

  private CommandReply modify(String path, String... entries) {
    return set("ann", path, AclChange.ACL_MODIFY, entries);
  }

  private List<String> acl(String path) {
    InodeId inode = new InodeId(cluster.attributes(path).getInode());
    List<String> texts = new ArrayList<>();
    for (AclEntry entry : AclEntries.of(new Namespace(cluster.store).requireInode(inode))) {
      String tag = entry.getTag().name().substring(4).toLowerCase(Locale.ROOT);
      String scope = entry.getScope() == AclScope.DEFAULT ? "default:" : "";
      texts.add(scope + tag + ":" + entry.getName() + ":" + entry.getPermissions());
    }
    return texts;
  }

  private int mode(String path) {
    return cluster.attributes(path).getMode();
  }

  private boolean mayWrite(String user) {
    CommandReply reply = cluster.write(user, "/tmp/d/f", "by " + user);
    if (reply.getErrorCode() != 0) {
      assertThat(error(reply)).isEqualTo(ErrorCode.PERMISSION_DENIED);
    }
    return reply.getErrorCode() == 0;
  }

  @Test
  void withoutAnAclTheModeIsTheAcl() {
    assertThat(acl("/tmp/d/f")).containsExactly("user::6", "group::4", "other::0");
    assertThat(cluster.attributes("/tmp/d/f").getHasAcl()).isFalse();
  }

  @Test
  void namedEntriesBringAMaskThatIsTheGroupsModeBits() {
    long before = cluster.attributes("/tmp/d/f").getCtimeNanos();
    ok(modify("/tmp/d/f", "user:eve:6", "group:red:1"));
    assertThat(acl("/tmp/d/f"))
        .containsExactly("user::6", "user:eve:6", "group::4", "group:red:1", "mask::7", "other::0");
    assertThat(mode("/tmp/d/f")).isEqualTo(0670);
    assertThat(cluster.attributes("/tmp/d/f").getHasAcl()).isTrue();
    assertThat(cluster.attributes("/tmp/d/f").getCtimeNanos()).isGreaterThan(before);
  }

  @Test
  void whoIsNotInTheGroupDoesNotKeepItsBit() {
    ok(cluster.mkdir("ann", "/tmp/e", 0755));
    SetAttributes.Builder strange = SetAttributes.newBuilder().setGroup("strange").setMode(02755);
    ok(cluster.setAttributes(TestCluster.ROOT_USER, "/tmp/e", strange));
    ok(modify("/tmp/e", "default:user:eve:6"));
    assertThat(mode("/tmp/e")).isEqualTo(02755);
    ok(modify("/tmp/e", "user:eve:5"));
    assertThat(mode("/tmp/e")).isEqualTo(0755);
  }

  @Test
  void chmodChangesTheMaskNotTheGroupsEntry() {
    ok(modify("/tmp/d/f", "user:eve:6"));
    ok(cluster.setAttributes("ann", "/tmp/d/f", SetAttributes.newBuilder().setMode(0744)));
    assertThat(acl("/tmp/d/f"))
        .containsExactly("user::7", "user:eve:6", "group::4", "mask::4", "other::4");
    assertThat(mayWrite("eve")).isFalse();
  }

  @Test
  void theFirstMatchingClassDecides() {
    assertThat(mayWrite("eve")).isFalse();
    ok(modify("/tmp/d/f", "user:eve:6"));
    assertThat(mayWrite("eve")).isTrue();
    ok(modify("/tmp/d/f", "mask::4"));
    assertThat(mayWrite("eve")).isFalse();
    // A user's own entry, be it less, comes before the groups'.
    ok(modify("/tmp/d/f", "user:bob:4", "group:staff:6", "mask::7"));
    assertThat(mayWrite("bob")).isFalse();
    ok(set("ann", "/tmp/d/f", AclChange.ACL_REMOVE, "user:bob:0"));
    assertThat(mayWrite("bob")).isTrue();
    // One that is in a group gets nothing of the others'.
    ok(modify("/tmp/d/f", "group:staff:4", "group::4", "other::6"));
    assertThat(mayWrite("bob")).isFalse();
  }

  @Test
  void anyGroupThatGrantsIsEnough() {
    ok(cluster.setAttributes(ROOT_USER, "/tmp/d/f", SetAttributes.newBuilder().setOwner("eve")));
    ok(set("eve", "/tmp/d/f", AclChange.ACL_MODIFY, "group::4", "group:red:6"));
    // ann is in staff, the file's group, and in red.
    assertThat(mayWrite("ann")).isTrue();
    assertThat(mayWrite("bob")).isFalse();
  }

  @Test
  void searchingDirectoriesFollowsTheirAcls() {
    ok(cluster.setAttributes("ann", "/tmp/d", SetAttributes.newBuilder().setMode(0700)));
    ok(modify("/tmp/d", "user:bob:1"));
    ok(modify("/tmp/d/f", "other::6"));
    assertThat(error(cluster.openForWrite("eve", "/tmp/d/f")))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(cluster.mkdir("bob", "/tmp/d/x", 0755)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(modify("/tmp/d", "user:bob:3"));
    ok(cluster.mkdir("bob", "/tmp/d/x", 0755));
  }

  @Test
  void removalsEndWithTheMode() {
    ok(modify("/tmp/d", "user:eve:6", "default:user:eve:7"));
    ok(set("ann", "/tmp/d", AclChange.ACL_REMOVE_DEFAULT));
    assertThat(acl("/tmp/d")).noneMatch(text -> text.startsWith("default"));
    ok(modify("/tmp/d", "default:user:eve:7"));
    ok(set("ann", "/tmp/d", AclChange.ACL_REMOVE_ALL));
    assertThat(acl("/tmp/d")).containsExactly("user::7", "group::5", "other::5");
    assertThat(mode("/tmp/d")).isEqualTo(0755);
    ok(modify("/tmp/d", "user:eve:6"));
    ok(set("ann", "/tmp/d", AclChange.ACL_REMOVE, "user:eve:0"));
    assertThat(cluster.attributes("/tmp/d").getHasAcl()).isFalse();
    assertThat(error(set("ann", "/tmp/d", AclChange.ACL_REMOVE, "user::0")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void replacingAScopeLeavesTheOther() {
    ok(modify("/tmp/d", "user:eve:6", "default:user:bob:7"));
    ok(set("ann", "/tmp/d", AclChange.ACL_REPLACE, "user::7", "group::0", "other::0"));
    assertThat(acl("/tmp/d"))
        .containsExactly(
            "user::7",
            "group::0",
            "other::0",
            "default:user::7",
            "default:user:bob:7",
            "default:group::5",
            "default:mask::7",
            "default:other::5");
    assertThat(error(set("ann", "/tmp/d", AclChange.ACL_REPLACE, "user::7", "user:eve:7")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void whatIsMadeBeginsWithTheDefaultAclWhateverTheUmask() {
    ok(modify("/tmp/d", "default:user:bob:7", "default:group::6", "default:other::4"));
    ok(cluster.create("ann", creation("/tmp/d/g", "x").setMode(0666).setUmask(0777)));
    assertThat(acl("/tmp/d/g"))
        .containsExactly("user::6", "user:bob:7", "group::6", "mask::6", "other::4");
    assertThat(mode("/tmp/d/g")).isEqualTo(0664);
    Mkdir.Builder mkdir =
        Mkdir.newBuilder().setTarget(path("/tmp/d/e/sub")).setMode(0750).setParents(true);
    ok(cluster.run("ann", Operation.newBuilder().setMkdir(mkdir)));
    assertThat(mode("/tmp/d/e/sub")).isEqualTo(0750);
    assertThat(acl("/tmp/d/e/sub"))
        .contains("user:bob:7", "mask::5", "other::0", "default:user:bob:7", "default:mask::7");
    ok(cluster.symlink("ann", "x", "/tmp/d/l"));
    assertThat(cluster.attributes("/tmp/d/l").getHasAcl()).isFalse();
    // A default ACL that says no more than a mode gives no access ACL.
    ok(
        set(
            "ann",
            "/tmp/d/e",
            AclChange.ACL_REPLACE,
            "default:user::7",
            "default:group::5",
            "default:other::0"));
    ok(cluster.create("ann", creation("/tmp/d/e/h", "x").setMode(0666)));
    assertThat(mode("/tmp/d/e/h")).isEqualTo(0640);
    assertThat(cluster.attributes("/tmp/d/e/h").getHasAcl()).isFalse();
  }

  @Test
  void whoMayNotAndWhatCannotBe() {
    assertThat(error(set("bob", "/tmp/d/f", AclChange.ACL_MODIFY, "user:bob:7")))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(modify("/tmp/d/f", "default:user:bob:7")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(modify("/tmp/d/f", "user:bob:7", "user:bob:6")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(modify("/tmp/d/f", "user:bob:8"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(modify("/tmp/d/f", "mask:bob:7"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(modify("/tmp/d/f", "user:" + "n".repeat(256) + ":7")))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    String[] many = new String[29];
    for (int i = 0; i < many.length; i++) {
      many[i] = "user:u" + i + ":4";
    }
    assertThat(error(modify("/tmp/d/f", many))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    many[28] = "other::0";
    ok(modify("/tmp/d/f", many));
    ok(set(ROOT_USER, "/tmp/d/f", AclChange.ACL_REMOVE_ALL));
  }

  @Test
  void aRecordWithAclsIsOfVersionTwoAndOfThreeWhereItsContentIsOlder() {
    byte[] plain = record("/tmp/d/f");
    assertThat(plain[0]).isEqualTo((byte) 1);
    ok(modify("/tmp/d", "user:eve:6"));
    assertThat(record("/tmp/d")[0]).isEqualTo((byte) 2);
    ok(modify("/tmp/d/f", "user:eve:6"));
    byte[] extended = record("/tmp/d/f");
    assertThat(extended[0]).isEqualTo((byte) 3);
    assertThat(HexFormat.of().formatHex(extended))
        .contains("05" + "000006" + "000365766506" + "010004" + "020006" + "030000" + "00");
  }

  private byte[] record(String path) {
    InodeId inode = new InodeId(cluster.attributes(path).getInode());
    return cluster.store.get(Table.INODE, Keys.inode(inode)).orElseThrow();
  }
}
