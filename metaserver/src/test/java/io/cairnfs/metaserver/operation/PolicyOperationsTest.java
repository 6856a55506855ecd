package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ROOT_USER;
import static io.cairnfs.metaserver.operation.TestCluster.creation;
import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.CodingPolicy;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.metaserver.namespace.InodeRecord.ContentKind;
import io.cairnfs.metaserver.namespace.PolicyRecord;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.EnableCodingPolicy;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.metadata.SetCodingPolicy;
import io.cairnfs.proto.metadata.SetStoragePolicy;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class PolicyOperationsTest {
  private static final String RS = "RS-6-3-1024k";

  private final TestCluster cluster = new TestCluster();

  @BeforeEach
  void makeATree() {
    ok(cluster.mkdir("ann", "/tmp/d", 0755));
    ok(cluster.mkdir("ann", "/tmp/d/e", 0755));
    ok(cluster.create("ann", creation("/tmp/d/e/f", "x")));
  }

  private CommandReply coding(String user, String path, String policy) {
    SetCodingPolicy.Builder set =
        SetCodingPolicy.newBuilder().setTarget(path(path)).setPolicy(policy);
    return cluster.run(user, Operation.newBuilder().setSetCodingPolicy(set));
  }

  private CommandReply storage(String user, String path, String policy) {
    SetStoragePolicy.Builder set =
        SetStoragePolicy.newBuilder().setTarget(path(path)).setPolicy(policy);
    return cluster.run(user, Operation.newBuilder().setSetStoragePolicy(set));
  }

  private CommandReply enable(String user, String policy, boolean enabled) {
    EnableCodingPolicy.Builder set =
        EnableCodingPolicy.newBuilder().setPolicy(policy).setEnabled(enabled);
    return cluster.run(user, Operation.newBuilder().setEnableCodingPolicy(set));
  }

  private InodeId inode(String path) {
    return new InodeId(cluster.attributes(path).getInode());
  }

  private PolicyTable.Effective effective(String path) {
    return PolicyTable.effective(cluster.store, inode(path));
  }

  @Test
  void theNearestDirectoryThatSaysSomethingCounts() {
    assertThat(effective("/tmp/d/e/f").coding()).isEmpty();
    ok(coding("ann", "/tmp/d", RS));
    assertThat(effective("/tmp/d/e/f").coding())
        .contains(
            new PolicyTable.InForce<>(CodingRule.coded(CodingPolicy.RS_6_3), inode("/tmp/d"), 2));
    assertThat(effective("/tmp/d/e/f").codingPolicy()).contains(CodingPolicy.RS_6_3);
    assertThat(effective("/tmp").coding()).isEmpty();
    ok(coding("ann", "/tmp/d/e", "replication"));
    assertThat(effective("/tmp/d/e/f").coding())
        .contains(new PolicyTable.InForce<>(CodingRule.REPLICATED, inode("/tmp/d/e"), 1));
    assertThat(effective("/tmp/d/e/f").codingPolicy()).isEmpty();
    assertThat(effective("/tmp/d").codingPolicy()).contains(CodingPolicy.RS_6_3);
    ok(coding("ann", "/tmp/d/e", ""));
    assertThat(effective("/tmp/d/e/f").codingPolicy()).contains(CodingPolicy.RS_6_3);
  }

  @Test
  void codingAndStorageAreSaidByThemselves() {
    ok(coding(ROOT_USER, "/", RS));
    ok(storage("ann", "/tmp/d", "COLD"));
    ok(storage("ann", "/tmp/d/e/f", "all_ssd"));
    PolicyTable.Effective file = effective("/tmp/d/e/f");
    assertThat(file.storage())
        .contains(new PolicyTable.InForce<>(StoragePolicy.ALL_SSD, inode("/tmp/d/e/f"), 0));
    assertThat(file.coding().map(PolicyTable.InForce::inode)).contains(InodeId.ROOT);
    assertThat(effective("/tmp/d/e").storageClass()).isEqualTo(StorageClass.ARCHIVE);
    assertThat(effective("/tmp").storageClass()).isEqualTo(StorageClass.ANY);
    ok(storage("ann", "/tmp/d/e/f", ""));
    ok(storage("ann", "/tmp/d/e/f", ""));
    assertThat(effective("/tmp/d/e/f").storageClass()).isEqualTo(StorageClass.ARCHIVE);
  }

  @Test
  void policiesGoWithDirectoriesAndFilesFollowTheirPlace() {
    ok(coding("ann", "/tmp/d/e", RS));
    ok(cluster.mkdir("ann", "/tmp/other", 0755));
    ok(storage("ann", "/tmp/other", "HOT"));
    ok(cluster.rename("ann", "/tmp/d/e", "/tmp/other/e"));
    assertThat(effective("/tmp/other/e/f").codingPolicy()).contains(CodingPolicy.RS_6_3);
    assertThat(effective("/tmp/other/e/f").storageClass()).isEqualTo(StorageClass.DISK);
    ok(cluster.rename("ann", "/tmp/other/e/f", "/tmp/d/f", RenameMode.NO_REPLACE));
    assertThat(effective("/tmp/d/f")).isEqualTo(effective("/tmp/d"));
    assertThat(effective("/tmp/d/f").coding()).isEmpty();
  }

  @Test
  void whatIsReplacedKeepsItsStorage() {
    ok(storage("ann", "/tmp/d/e/f", "COLD"));
    InodeId before = inode("/tmp/d/e/f");
    // One whose bytes are in chunks leaves its inode to them.
    cluster.damage(
        editor ->
            editor.putInode(
                editor.requireInode(before).edit().content(ContentKind.EXTENTS).done()));
    ok(cluster.write("ann", "/tmp/d/e/f", "y"));
    assertThat(inode("/tmp/d/e/f")).isNotEqualTo(before);
    assertThat(effective("/tmp/d/e/f").storageClass()).isEqualTo(StorageClass.ARCHIVE);
  }

  @Test
  void rowsGoWithTheirInodes() {
    ok(coding("ann", "/tmp/d", RS));
    ok(coding("ann", "/tmp/d/e", "replication"));
    ok(storage("ann", "/tmp/d/e/f", "COLD"));
    assertThat(PolicyTable.all(cluster.store, 0, 10)).hasSize(3);
    InodeId file = inode("/tmp/d/e/f");
    ok(cluster.deleteTree(ROOT_USER, "/tmp/d"));
    // The tree is deleted and partly purged: what is still open is asked about.
    ok(cluster.purge(100, file.value()));
    assertThat(PolicyTable.effective(cluster.store, file).storageClass())
        .isEqualTo(StorageClass.ARCHIVE);
    assertThat(PolicyTable.effective(cluster.store, file).coding()).isEmpty();
    ok(cluster.purge(100));
    assertThat(PolicyTable.all(cluster.store, 0, 10)).isEmpty();
    assertThat(PolicyTable.anywhere(cluster.store)).isFalse();
  }

  @Test
  void rowsGoWithWhatIsRemovedAtOnce() {
    ok(storage("ann", "/tmp/d/e/f", "COLD"));
    ok(coding("ann", "/tmp/d/e", RS));
    ok(cluster.unlink("ann", "/tmp/d/e/f"));
    ok(cluster.rmdir("ann", "/tmp/d/e"));
    ok(cluster.purge(100));
    assertThat(PolicyTable.all(cluster.store, 0, 10)).isEmpty();
  }

  @Test
  void rowsAreReadInPages() {
    ok(coding("ann", "/tmp/d", RS));
    ok(storage("ann", "/tmp/d/e", "COLD"));
    ok(storage("ann", "/tmp/d/e/f", "HOT"));
    List<PolicyTable.Entry> all = new ArrayList<>();
    List<PolicyTable.Entry> page = PolicyTable.all(cluster.store, 0, 2);
    while (!page.isEmpty()) {
      all.addAll(page);
      page = PolicyTable.all(cluster.store, all.get(all.size() - 1).inode().value(), 2);
    }
    assertThat(all)
        .containsExactly(
            new PolicyTable.Entry(
                inode("/tmp/d"),
                PolicyRecord.NONE.withCoding(Optional.of(CodingRule.coded(CodingPolicy.RS_6_3)))),
            new PolicyTable.Entry(
                inode("/tmp/d/e"), PolicyRecord.NONE.withStorage(Optional.of(StoragePolicy.COLD))),
            new PolicyTable.Entry(
                inode("/tmp/d/e/f"),
                PolicyRecord.NONE.withStorage(Optional.of(StoragePolicy.HOT))));
  }

  @Test
  void refusalsAreHdfs() {
    CommandReply reply = coding("ann", "/tmp/d/e/f", RS);
    assertThat(error(reply)).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(reply.getErrorMessage())
        .isEqualTo("Attempt to set an erasure coding policy for a file /tmp/d/e/f");
    reply = coding("ann", "/tmp/d/e/f", "");
    assertThat(error(reply)).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    assertThat(reply.getErrorMessage())
        .isEqualTo("Cannot unset an erasure coding policy on a file /tmp/d/e/f");
    reply = coding("ann", "/tmp/d", "");
    assertThat(error(reply)).isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
    assertThat(reply.getErrorMessage())
        .isEqualTo("No erasure coding policy explicitly set on /tmp/d");
    reply = storage("ann", "/tmp/d", "WARM");
    assertThat(error(reply)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(reply.getErrorMessage()).isEqualTo("Cannot find a block policy with the name WARM");
    assertThat(error(coding("ann", "/tmp/none", RS))).isEqualTo(ErrorCode.NOT_FOUND);
    ok(cluster.symlink("ann", "nowhere", "/tmp/d/l"));
    assertThat(error(storage("ann", "/tmp/d/l", "HOT"))).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void whoeverMayWriteMaySayIt() {
    assertThat(error(coding("bob", "/tmp/d", RS))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(error(storage("bob", "/tmp/d", "HOT"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.mkdir("ann", "/tmp/w", 0777));
    assertThat(cluster.attributes("/tmp/w").getMode() & 0777).isEqualTo(0777);
    ok(coding("bob", "/tmp/w", RS));
    ok(storage("bob", "/tmp/w", "HOT"));
    ok(storage(ROOT_USER, "/tmp/d", "HOT"));
  }

  @Test
  void onlyEnabledCodesAreTaken() {
    CommandReply reply = coding("ann", "/tmp/d", "RS-3-2-1024k");
    assertThat(error(reply)).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(reply.getErrorMessage())
        .isEqualTo(
            "Policy 'RS-3-2-1024k' does not match any enabled erasure coding policies:"
                + " [RS-6-3-1024k]. An erasure coding policy can be enabled by"
                + " enableErasureCodingPolicy API.");
    assertThat(error(enable("ann", "RS-3-2-1024k", true))).isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(error(enable(ROOT_USER, "RS-9-9-1024k", true)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    ok(enable(ROOT_USER, "RS-3-2-1024k", true));
    ok(enable(ROOT_USER, "RS-3-2-1024k", true));
    ok(coding("ann", "/tmp/d", "RS-3-2-1024k"));
    ok(enable(ROOT_USER, RS, false));
    ok(enable(ROOT_USER, "RS-3-2-1024k", false));
    assertThat(PolicyTable.enabled(cluster.store)).isEmpty();
    assertThat(error(coding("ann", "/tmp/d", RS))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(coding("ann", "/tmp/d", "nonsense"))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(effective("/tmp/d").codingPolicy()).contains(CodingPolicy.RS_3_2);
    ok(coding("ann", "/tmp/d", "replication"));
  }
}
