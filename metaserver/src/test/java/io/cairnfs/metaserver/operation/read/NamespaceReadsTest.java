package io.cairnfs.metaserver.operation.read;

import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.StoragePolicy;
import io.cairnfs.metaserver.namespace.PolicyRecord;
import io.cairnfs.metaserver.namespace.PolicyTable;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.TestCluster;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreDigest;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.metadata.Access;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.proto.metadata.ClusterReport;
import io.cairnfs.proto.metadata.CodingPoliciesResult;
import io.cairnfs.proto.metadata.CodingPolicyState;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.GetCodingPolicies;
import io.cairnfs.proto.metadata.GetPolicies;
import io.cairnfs.proto.metadata.GetXattrs;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.OpenForRead;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.PoliciesResult;
import io.cairnfs.proto.metadata.PolicyInForce;
import io.cairnfs.proto.metadata.ReadExtents;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.SetXattr;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.metadata.StatFs;
import io.cairnfs.proto.metadata.Walk;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class NamespaceReadsTest {
  private static final Principal ROOT = new Principal(TestCluster.ROOT_USER, List.of(), true);
  private static final Principal EVE = new Principal("eve", List.of("guests"), false);

  private final TestCluster cluster = new TestCluster();
  private final NamespaceReads reads =
      new NamespaceReads(
          new ChunkLookup() {
            @Override
            public List<Extent> extents(
                RecordReader state, InodeId file, long from, long to, int limit) {
              return List.of();
            }

            @Override
            public Optional<ChunkLocation> locate(RecordReader state, ChunkId chunk) {
              return Optional.empty();
            }
          });

  private ReadReply read(Principal principal, ReadRequest.Builder request) throws CairnException {
    try (StoreView view = cluster.store().view()) {
      return reads.read(view, principal, request.build());
    }
  }

  private ErrorCode refused(Principal principal, ReadRequest.Builder request) {
    try {
      read(principal, request);
    } catch (CairnException e) {
      return e.code();
    }
    throw new AssertionError("a refusal is expected");
  }

  private static ReadRequest.Builder stat(String path) {
    return ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(path(path)));
  }

  private static ReadRequest.Builder list(String path, String after, int limit) {
    return ReadRequest.newBuilder()
        .setList(
            ListDirectory.newBuilder()
                .setTarget(path(path))
                .setAfter(ByteString.copyFromUtf8(after))
                .setLimit(limit));
  }

  private static ReadRequest.Builder open(String path) {
    return ReadRequest.newBuilder()
        .setOpen(OpenForRead.newBuilder().setTarget(path(path)).setLength(100));
  }

  @Test
  void statAnswersAttributesOfThatIndex() throws CairnException {
    ok(cluster.write("ann", "/tmp/f", "hello"));
    ReadReply reply = read(EVE, stat("/tmp/f"));
    assertThat(reply.getLogIndex()).isEqualTo(cluster.index());
    assertThat(reply.getAttributes().getLength()).isEqualTo(5);
    assertThat(refused(EVE, stat("/tmp/none"))).isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(refused(EVE, stat("/tmp/f/x"))).isEqualTo(ErrorCode.NOT_A_DIRECTORY);
    ok(cluster.mkdir("ann", "/tmp/closed", 0700));
    assertThat(refused(EVE, stat("/tmp/closed/x"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(read(EVE, stat("/tmp/closed")).getAttributes().getMode()).isEqualTo(0700);
  }

  @Test
  void listingsArePagedInByteOrder() throws CairnException {
    for (String name : List.of("b", "a", "ä", "Z", "ab")) {
      ok(cluster.write("ann", "/tmp/" + name, name));
    }
    DirectoryPage first = read(EVE, list("/tmp", "", 3)).getList();
    assertThat(first.getMore()).isTrue();
    assertThat(first.getEntriesList())
        .extracting(entry -> entry.getName().toStringUtf8())
        .containsExactly("Z", "a", "ab");
    assertThat(first.getEntries(1).getAttributes().getLength()).isEqualTo(1);
    DirectoryPage rest = read(EVE, list("/tmp", "ab", 3)).getList();
    assertThat(rest.getMore()).isFalse();
    assertThat(rest.getEntriesList())
        .extracting(entry -> entry.getName().toStringUtf8())
        .containsExactly("b", "ä");
    DirectoryPage file = read(EVE, list("/tmp/a", "", 3)).getList();
    assertThat(file.getEntriesList()).isEmpty();
    assertThat(file.getAttributes().getLength()).isEqualTo(1);
  }

  @Test
  void listingNeedsReadAndSearch() {
    ok(cluster.mkdir("ann", "/tmp/d", 0751));
    assertThat(refused(EVE, list("/tmp/d", "", 10))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused(EVE, list("/tmp", "", 0))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(refused(EVE, list("/tmp", "", 5000))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void openAnswersTinyContentAndChecksTheMode() throws CairnException {
    ok(cluster.write("ann", "/tmp/f", "hello"));
    OpenResult result = read(EVE, open("/tmp/f")).getOpen();
    assertThat(result.getInline().toStringUtf8()).isEqualTo("hello");
    assertThat(result.getHasInline()).isTrue();
    ok(cluster.create("ann", TestCluster.creation("/tmp/secret", "x").setMode(0600)));
    assertThat(refused(EVE, open("/tmp/secret"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused(EVE, open("/tmp"))).isEqualTo(ErrorCode.IS_A_DIRECTORY);
  }

  @Test
  void anOpenFileIsReadableWithoutAName() throws CairnException {
    ok(cluster.write("ann", "/tmp/f", "hello"));
    long inode = cluster.attributes("/tmp/f").getInode();
    ok(cluster.unlink("ann", "/tmp/f"));
    ReadRequest.Builder request =
        ReadRequest.newBuilder().setExtents(ReadExtents.newBuilder().setInode(inode).setLength(5));
    assertThat(read(EVE, request).getExtents().getInline().toStringUtf8()).isEqualTo("hello");
    ok(cluster.purge(10));
    assertThat(refused(EVE, request)).isEqualTo(ErrorCode.STALE_HANDLE);
  }

  private static final Principal ANN = new Principal("ann", List.of("staff"), false);

  private static ReadRequest.Builder open(String path, Access access, long session) {
    ReadRequest.Builder request = open(path);
    request.getOpenBuilder().setAccess(access).setSession(session);
    return request;
  }

  private static ReadRequest.Builder extents(long inode, ByteString handle) {
    return ReadRequest.newBuilder()
        .setExtents(ReadExtents.newBuilder().setInode(inode).setLength(5).setHandle(handle));
  }

  @Test
  void openChecksTheRightsThatTheHandleIsToGive() throws CairnException {
    ok(cluster.create("ann", TestCluster.creation("/tmp/f", "hello").setMode(0644)));
    long ann = cluster.session("ann");
    long eve = cluster.session("eve");
    assertThat(refused(EVE, open("/tmp/f", Access.WRITE_ACCESS, eve)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused(EVE, open("/tmp/f", Access.READ_WRITE_ACCESS, eve)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(read(EVE, open("/tmp/f", Access.READ_ACCESS, eve)).getOpen().getHandle())
        .isNotEqualTo(read(EVE, open("/tmp/f")).getOpen().getHandle());
    assertThat(refused(ANN, open("/tmp/f", Access.WRITE_ACCESS, 0)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(refused(ANN, open("/tmp/f", Access.WRITE_ACCESS, eve)))
        .isEqualTo(ErrorCode.SESSION_EXPIRED);
    assertThat(refused(ANN, open("/tmp/f", Access.WRITE_ACCESS, 999_999)))
        .isEqualTo(ErrorCode.SESSION_EXPIRED);
    ok(cluster.create("ann", TestCluster.creation("/tmp/w", "hello").setMode(0200)));
    assertThat(refused(ANN, open("/tmp/w", Access.READ_WRITE_ACCESS, ann)))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    OpenResult writer = read(ANN, open("/tmp/w", Access.WRITE_ACCESS, ann)).getOpen();
    // Whoever writes has to move what is inline.
    long inode = writer.getAttributes().getInode();
    assertThat(read(ANN, extents(inode, writer.getHandle())).getExtents().getHasInline()).isTrue();
  }

  @Test
  void aHandleIsGoodForItsFileItsUserAndItsSession() throws CairnException {
    ok(cluster.create("ann", TestCluster.creation("/tmp/f", "hello").setMode(0600)));
    ok(cluster.create("ann", TestCluster.creation("/tmp/g", "other").setMode(0600)));
    long ann = cluster.session("ann");
    OpenResult opened = read(ANN, open("/tmp/f", Access.READ_ACCESS, ann)).getOpen();
    long inode = opened.getAttributes().getInode();
    ByteString handle = opened.getHandle();
    ok(
        cluster.setAttributes(
            "ann", "/tmp/f", io.cairnfs.proto.metadata.SetAttributes.newBuilder().setMode(0)));
    assertThat(read(ANN, extents(inode, handle)).getExtents().getInline().toStringUtf8())
        .isEqualTo("hello");
    assertThat(refused(ANN, extents(inode, ByteString.EMPTY)))
        .as("without a handle the mode of now counts")
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused(EVE, extents(inode, handle))).isEqualTo(ErrorCode.STALE_HANDLE);
    long other = cluster.attributes("/tmp/g").getInode();
    assertThat(refused(ANN, extents(other, handle))).isEqualTo(ErrorCode.STALE_HANDLE);
    assertThat(refused(ANN, extents(inode, handle.substring(1)))).isEqualTo(ErrorCode.STALE_HANDLE);
    for (int i = 0; i < handle.size(); i++) {
      byte[] bytes = handle.toByteArray();
      bytes[i] ^= 1;
      assertThat(refused(ANN, extents(inode, ByteString.copyFrom(bytes))))
          .as("byte %d", i)
          .isEqualTo(ErrorCode.STALE_HANDLE);
    }
    ok(cluster.closeSession("ann"));
    assertThat(refused(ANN, extents(inode, handle))).isEqualTo(ErrorCode.SESSION_EXPIRED);
  }

  @Test
  void statFsCounts() throws CairnException {
    ok(cluster.write("ann", "/tmp/f", "hello"));
    ReadReply reply = read(EVE, ReadRequest.newBuilder().setStatFs(StatFs.newBuilder()));
    assertThat(reply.getStatFs().getFiles()).isEqualTo(1);
    assertThat(reply.getStatFs().getDirectories()).isEqualTo(3);
  }

  @Test
  void theDigestIsTheStores() throws CairnException {
    ReadReply reply =
        read(
            EVE,
            ReadRequest.newBuilder()
                .setDigest(io.cairnfs.proto.metadata.StoreDigest.getDefaultInstance()));
    assertThat(reply.getDigest().getDigest().toByteArray())
        .isEqualTo(StoreDigest.recompute(cluster.store()).bytes());
    assertThat(reply.getDigest().getAppliedIndex()).isEqualTo(cluster.index());
  }

  private List<String> walk(String path, int limit) throws CairnException {
    List<String> found = new ArrayList<>();
    ByteString cursor = ByteString.EMPTY;
    WalkPage page;
    do {
      Walk.Builder walk = Walk.newBuilder().setTarget(path(path)).setLimit(limit).setCursor(cursor);
      page = read(ROOT, ReadRequest.newBuilder().setWalk(walk)).getWalk();
      page.getEntriesList().forEach(entry -> found.add(entry.getPath().toStringUtf8()));
      assertThat(page.getEntriesCount()).isLessThanOrEqualTo(limit);
      cursor = page.getCursor();
    } while (page.getMore());
    return found;
  }

  @Test
  void aWalkIsDepthFirstWhateverThePageSize() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/t/b/c/d"));
    ok(cluster.mkdirs("ann", "/tmp/t/b.x"));
    ok(cluster.write("ann", "/tmp/t/b/c/f", "12345"));
    ok(cluster.write("ann", "/tmp/t/a", "1"));
    ok(cluster.write("ann", "/tmp/t/z", ""));
    List<String> expected = List.of("", "a", "b", "b/c", "b/c/d", "b/c/f", "b.x", "z");
    for (int limit = 1; limit < 10; limit++) {
      assertThat(walk("/tmp/t", limit)).isEqualTo(expected);
    }
    assertThat(walk("/tmp/t/a", 5)).containsExactly("");
    Walk.Builder badCursor =
        Walk.newBuilder()
            .setTarget(path("/tmp"))
            .setLimit(1)
            .setCursor(ByteString.copyFromUtf8("x"));
    assertThat(refused(ROOT, ReadRequest.newBuilder().setWalk(badCursor)))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void aWalkGoesOnWhenItsPlaceIsGone() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/t/b/c"));
    ok(cluster.write("ann", "/tmp/t/b/x", ""));
    ok(cluster.write("ann", "/tmp/t/z", ""));
    Walk.Builder walk = Walk.newBuilder().setTarget(path("/tmp/t")).setLimit(3);
    WalkPage page = read(ROOT, ReadRequest.newBuilder().setWalk(walk)).getWalk();
    assertThat(page.getEntries(2).getPath().toStringUtf8()).isEqualTo("b/c");
    ok(cluster.deleteTree("ann", "/tmp/t/b"));
    walk.setCursor(page.getCursor());
    page = read(ROOT, ReadRequest.newBuilder().setWalk(walk)).getWalk();
    assertThat(page.getEntriesList())
        .extracting(entry -> entry.getPath().toStringUtf8())
        .containsExactly("z");
    assertThat(page.getMore()).isFalse();
  }

  @Test
  void aWalkStopsWhereTheCallerMayNotRead() {
    ok(cluster.mkdir("ann", "/tmp/t", 0755));
    ok(cluster.mkdir("ann", "/tmp/t/closed", 0700));
    Walk.Builder walk = Walk.newBuilder().setTarget(path("/tmp/t")).setLimit(10);
    assertThatThrownBy(() -> read(EVE, ReadRequest.newBuilder().setWalk(walk)))
        .hasMessageContaining("/tmp/t/closed");
  }

  private List<String> check(int limit) throws CairnException {
    List<String> violations = new ArrayList<>();
    ByteString cursor = ByteString.EMPTY;
    CheckPageResult page;
    do {
      CheckPage.Builder request = CheckPage.newBuilder().setCursor(cursor).setLimit(limit);
      page = read(ROOT, ReadRequest.newBuilder().setCheck(request)).getCheck();
      violations.addAll(page.getViolationsList());
      cursor = page.getCursor();
    } while (page.getMore());
    return violations;
  }

  @Test
  void aGoodStoreHasNoViolations() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/t/b/c"));
    ok(cluster.write("ann", "/tmp/t/b/x", "x"));
    ok(cluster.create("bob", TestCluster.creation("/tmp/w", "").clearContent()));
    ok(cluster.deleteTree("ann", "/tmp/t/b"));
    ok(cluster.write("ann", "/tmp/gone", "x"));
    ok(cluster.unlink("ann", "/tmp/gone"));
    for (int limit : new int[] {1, 2, 1000}) {
      assertThat(check(limit)).as("limit %s", limit).isEmpty();
    }
    assertThat(refused(EVE, ReadRequest.newBuilder().setCheck(CheckPage.newBuilder().setLimit(10))))
        .isEqualTo(ErrorCode.NOT_PERMITTED);
    assertThat(
            refused(
                ROOT,
                ReadRequest.newBuilder()
                    .setCheck(
                        CheckPage.newBuilder()
                            .setLimit(10)
                            .setCursor(ByteString.copyFromUtf8("?")))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void damageIsFound() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/d/e"));
    ok(cluster.write("ann", "/tmp/d/f", "x"));
    InodeId file = new InodeId(cluster.attributes("/tmp/d/f").getInode());
    InodeId directory = new InodeId(cluster.attributes("/tmp/d").getInode());
    cluster.damage(
        editor -> editor.putInode(editor.requireInode(directory).edit().linkCount(7).done()));
    assertThat(check(100)).anyMatch(text -> text.contains("link count 7"));
    cluster.damage(editor -> editor.deleteInlineContent(file));
    assertThat(check(100)).anyMatch(text -> text.contains("0 inline bytes"));
    cluster.damage(editor -> editor.deleteInode(file));
    assertThat(check(100))
        .anyMatch(text -> text.contains("name f leads to " + file))
        .anyMatch(text -> text.contains("files: the total says 1, the records 0"));
  }

  @Test
  void policiesOfWhatIsGoneAreFound() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/d"));
    InodeId directory = new InodeId(cluster.attributes("/tmp/d").getInode());
    PolicyRecord cold = PolicyRecord.NONE.withStorage(Optional.of(StoragePolicy.COLD));
    cluster.damage(editor -> PolicyTable.put(editor.transaction(), directory, cold));
    assertThat(check(100)).isEmpty();
    cluster.damage(editor -> PolicyTable.put(editor.transaction(), new InodeId(777), cold));
    assertThat(check(100)).containsExactly("inode=777 has policies and is not there");
  }

  @Test
  void policiesInForceSayWhoseTheyAre() throws CairnException {
    ok(cluster.mkdirs("ann", "/tmp/d/e"));
    InodeId directory = new InodeId(cluster.attributes("/tmp/d").getInode());
    ReadRequest.Builder ask =
        ReadRequest.newBuilder().setPolicies(GetPolicies.newBuilder().setTarget(path("/tmp/d/e")));
    assertThat(read(EVE, ask).getPolicies().hasCoding()).isFalse();
    assertThat(read(EVE, ask).getPolicies().hasStorage()).isFalse();
    PolicyRecord said =
        new PolicyRecord(Optional.of(CodingRule.REPLICATED), Optional.of(StoragePolicy.COLD));
    cluster.damage(editor -> PolicyTable.put(editor.transaction(), directory, said));
    PolicyInForce inForce =
        PolicyInForce.newBuilder().setInode(directory.value()).setLevelsUp(1).buildPartial();
    PoliciesResult found = read(EVE, ask).getPolicies();
    assertThat(found.getCoding()).isEqualTo(inForce.toBuilder().setPolicy("replication").build());
    assertThat(found.getStorage()).isEqualTo(inForce.toBuilder().setPolicy("COLD").build());
    assertThat(found.getAttributes().getInode())
        .isEqualTo(cluster.attributes("/tmp/d/e").getInode());
    ReadRequest.Builder missing =
        ReadRequest.newBuilder().setPolicies(GetPolicies.newBuilder().setTarget(path("/none")));
    assertThat(refused(EVE, missing)).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void codingPoliciesSayWhichAreEnabled() throws CairnException {
    CodingPoliciesResult result =
        read(
                EVE,
                ReadRequest.newBuilder().setCodingPolicies(GetCodingPolicies.getDefaultInstance()))
            .getCodingPolicies();
    assertThat(result.getPoliciesList())
        .hasSize(4)
        .contains(
            CodingPolicyState.newBuilder().setPolicy("RS-6-3-1024k").setEnabled(true).build(),
            CodingPolicyState.newBuilder().setPolicy("XOR-2-1-1024k").build());
    assertThat(result.getServers()).isZero();
  }

  @Test
  void otherReadsAreNotForHere() {
    assertThat(NamespaceReads.answers(ReadRequest.KindCase.REPORT)).isFalse();
    assertThat(
            refused(ROOT, ReadRequest.newBuilder().setReport(ClusterReport.getDefaultInstance())))
        .isEqualTo(ErrorCode.MALFORMED);
  }

  private static ReadRequest.Builder xattrs(String path, String... names) {
    GetXattrs.Builder request = GetXattrs.newBuilder().setTarget(path(path));
    for (String name : names) {
      request.addNames(ByteString.copyFromUtf8(name));
    }
    return ReadRequest.newBuilder().setXattrs(request);
  }

  private void setXattr(String path, String name) {
    SetXattr.Builder request =
        SetXattr.newBuilder()
            .setTarget(path(path))
            .setName(ByteString.copyFromUtf8(name))
            .setValue(ByteString.copyFromUtf8("value"));
    ok(cluster.run(TestCluster.ROOT_USER, Operation.newBuilder().setSetXattr(request)));
  }

  private static List<String> names(ReadReply reply) {
    return reply.getXattrs().getAttributesList().stream()
        .map(each -> each.getName().toStringUtf8())
        .toList();
  }

  @Test
  void attributesAreShownToWhoMaySeeThem() throws CairnException {
    ok(cluster.create("ann", TestCluster.creation("/tmp/f", "x").setMode(0644)));
    setXattr("/tmp/f", "user.a");
    setXattr("/tmp/f", "trusted.a");
    setXattr("/tmp/f", "security.a");
    assertThat(names(read(ROOT, xattrs("/tmp/f"))))
        .containsExactly("security.a", "trusted.a", "user.a");
    assertThat(names(read(EVE, xattrs("/tmp/f")))).containsExactly("security.a", "user.a");
    ReadReply asked = read(EVE, xattrs("/tmp/f", "user.a", "security.a"));
    assertThat(names(asked)).containsExactly("user.a", "security.a");
    assertThat(asked.getXattrs().getAttributes(0).getValue().toStringUtf8()).isEqualTo("value");
    assertThat(refused(EVE, xattrs("/tmp/f", "trusted.a")))
        .isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
    assertThat(refused(EVE, xattrs("/tmp/f", "user.b"))).isEqualTo(ErrorCode.ATTRIBUTE_NOT_FOUND);
    assertThat(refused(EVE, xattrs("/tmp/none"))).isEqualTo(ErrorCode.NOT_FOUND);
  }

  @Test
  void valuesOfUserAttributesNeedTheRightToReadTheirNamesDoNot() throws CairnException {
    ok(cluster.create("ann", TestCluster.creation("/tmp/f", "x").setMode(0600)));
    setXattr("/tmp/f", "user.a");
    assertThat(refused(EVE, xattrs("/tmp/f"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    assertThat(refused(EVE, xattrs("/tmp/f", "user.a"))).isEqualTo(ErrorCode.PERMISSION_DENIED);
    ReadRequest.Builder list = xattrs("/tmp/f");
    list.getXattrsBuilder().setWithoutValues(true);
    ReadReply listed = read(EVE, list);
    assertThat(names(listed)).containsExactly("user.a");
    assertThat(listed.getXattrs().getAttributes(0).getValue()).isEmpty();
  }

  @Test
  void tooManyNamesOfAttributesAreRefused() {
    ok(cluster.write("ann", "/tmp/f", "x"));
    String[] many = new String[129];
    Arrays.fill(many, "user.a");
    assertThat(refused(EVE, xattrs("/tmp/f", many))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }
}
