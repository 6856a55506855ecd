package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.metaserver.namespace.Counter;
import io.cairnfs.metaserver.namespace.DirectoryHeld;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.proto.command.Command;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.command.RecalledLease;
import io.cairnfs.proto.command.RevokeLease;
import io.cairnfs.proto.metadata.BatchResult;
import io.cairnfs.proto.metadata.ChangeBatch;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.Create;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryLeaseResult;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.metadata.Rmdir;
import io.cairnfs.proto.metadata.SetAttributes;
import io.cairnfs.proto.metadata.Stat;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import io.cairnfs.proto.types.NodeRef;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A directory that one session has for itself, and what it does there in batches. */
final class DirectoryLeaseTest {
  private static final ChunkLookup NO_CHUNKS =
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
      };

  private final TestCluster cluster = new TestCluster();
  private long directory;
  private DirectoryLeaseResult lease;

  @BeforeEach
  void annLeasesADirectory() {
    directory = inode("ann", mkdir("/tmp/d"));
    ok(cluster.run("ann", create("/tmp/d/old", "o")));
    lease = ok(lease("ann", directory)).getResult().getDirectoryLease();
  }

  /** Whatever a test did, the store is as its own check wants it. */
  @AfterEach
  void storeIsSound() throws CairnException {
    try (StoreView view = cluster.store().view()) {
      assertThat(
              new NamespaceReads(NO_CHUNKS)
                  .read(
                      view,
                      new Principal(TestCluster.ROOT_USER, List.of(TestCluster.SUPERGROUP), true),
                      ReadRequest.newBuilder()
                          .setCheck(CheckPage.newBuilder().setLimit(10_000))
                          .build())
                  .getCheck()
                  .getViolationsList())
          .isEmpty();
    }
  }

  private static Operation.Builder mkdir(String path) {
    return Operation.newBuilder()
        .setMkdir(Mkdir.newBuilder().setTarget(TestCluster.path(path)).setMode(0777));
  }

  private static Operation.Builder create(String path, String content) {
    return Operation.newBuilder()
        .setCreate(
            Create.newBuilder()
                .setTarget(TestCluster.path(path))
                .setMode(0666)
                .setInline(ByteString.copyFromUtf8(content)));
  }

  private long inode(String user, Operation.Builder operation) {
    return ok(cluster.run(user, operation)).getResult().getAttributes().getInode();
  }

  private CommandReply lease(String user, long inode) {
    return cluster.run(
        user,
        Operation.newBuilder()
            .setLeaseDirectory(
                LeaseDirectory.newBuilder().setDirectory(inode).setMaxEntries(10).setInodes(100)));
  }

  private CommandReply release(String user, long inode, long grant) {
    return cluster.run(
        user,
        Operation.newBuilder().setRelease(Release.newBuilder().setInode(inode).setLease(grant)));
  }

  private BatchResult batch(DirectoryChange.Builder... changes) {
    ChangeBatch.Builder batch = ChangeBatch.newBuilder();
    for (DirectoryChange.Builder change : changes) {
      batch.addChanges(change);
    }
    return ok(cluster.run("ann", Operation.newBuilder().setBatch(batch))).getResult().getBatch();
  }

  private static NodeRef in(long parent, String name) {
    return NodeRef.newBuilder().setBase(parent).setPath(ByteString.copyFromUtf8(name)).build();
  }

  private DirectoryChange.Builder file(long parent, String name, long id) {
    return change(
        Operation.newBuilder()
            .setCreate(
                Create.newBuilder()
                    .setTarget(in(parent, name))
                    .setMode(0644)
                    .setInline(ByteString.copyFromUtf8(name))),
        id);
  }

  private DirectoryChange.Builder subdirectory(long parent, String name, long id) {
    return change(
            Operation.newBuilder()
                .setMkdir(Mkdir.newBuilder().setTarget(in(parent, name)).setMode(0755)),
            id)
        .setLeased(true);
  }

  private DirectoryChange.Builder change(Operation.Builder operation, long id) {
    return DirectoryChange.newBuilder()
        .setOperation(operation)
        .setInode(id)
        .setTimeNanos(lease.getTimeNanos() + 1)
        .setWantsResult(true);
  }

  private long id(int number) {
    return lease.getInodes().getFirst() + number;
  }

  private ReadReply read(String user, long session, ReadRequest.Builder request)
      throws CairnException {
    try (StoreView view = cluster.store().view()) {
      return new NamespaceReads(NO_CHUNKS)
          .read(
              view,
              new Principal(user, List.of("staff"), false),
              request.setSession(session).build());
    }
  }

  private static ReadRequest.Builder stat(String path) {
    return ReadRequest.newBuilder().setStat(Stat.newBuilder().setTarget(TestCluster.path(path)));
  }

  private static ReadRequest.Builder list(String path) {
    return ReadRequest.newBuilder()
        .setList(ListDirectory.newBuilder().setTarget(TestCluster.path(path)).setLimit(100));
  }

  private Attributes statByAnn(String path) throws CairnException {
    return read("ann", cluster.session("ann"), stat(path)).getAttributes();
  }

  private RecalledLease wanted() {
    return RecalledLease.newBuilder()
        .setInode(directory)
        .setSession(cluster.session("ann"))
        .setLease(lease.getLease())
        .build();
  }

  private void assertHeldBack(CommandReply reply) {
    assertThat(ErrorCode.ofNumber(reply.getErrorCode())).isEqualTo(ErrorCode.RETRY);
    assertThat(reply.getRecalledLeasesList()).containsExactly(wanted());
  }

  @Test
  void aLeaseTellsEveryNameAndSetsIdsAside() {
    assertThat(lease.getEntriesList())
        .extracting(DirectoryEntry::getName)
        .containsExactly(ByteString.copyFromUtf8("old"));
    assertThat(lease.getInodes().getCount()).isEqualTo(100);
    assertThat(lease.getUser()).isEqualTo("ann");
    assertThat(lease.getGroupsList()).containsExactly("staff", "red");
    assertThat(lease.getSuperuser()).isFalse();
    long next = inode("bob", mkdir("/tmp/e"));
    assertThat(next).isGreaterThanOrEqualTo(id(100));
  }

  @Test
  void theHolderKeepsItsLeaseWhenItAsksAgain() {
    assertThat(ok(lease("ann", directory)).getResult().getDirectoryLease().getLease())
        .isEqualTo(lease.getLease());
  }

  @Test
  void aDirectoryWithMoreNamesThanAskedForIsNotLeased() {
    long large = inode("ann", mkdir("/tmp/large"));
    for (int i = 0; i < 11; i++) {
      ok(cluster.run("ann", create("/tmp/large/" + i, "")));
    }
    assertThat(lease("ann", large).getErrorCode()).isEqualTo(ErrorCode.TOO_LARGE.number());
  }

  @Test
  void whoMayNotWriteADirectoryDoesNotLeaseIt() {
    long root = 1;
    assertThat(lease("bob", root).getErrorCode()).isEqualTo(ErrorCode.PERMISSION_DENIED.number());
  }

  @Test
  void changesOfOthersWaitAndTheHolderIsAsked() {
    assertHeldBack(cluster.run("bob", mkdir("/tmp/d/x")));
    assertHeldBack(cluster.run("bob", mkdir("/tmp/d/x/y")));
    assertHeldBack(
        cluster.run(
            "bob",
            Operation.newBuilder()
                .setRmdir(Rmdir.newBuilder().setTarget(TestCluster.path("/tmp/d")))));
    assertHeldBack(cluster.run("bob", create("/tmp/d/x", "b")));
    assertHeldBack(lease("bob", directory));
    assertHeldBack(cluster.deleteTree(TestCluster.ROOT_USER, "/tmp/d"));
  }

  @Test
  void aTreeWithALeasedDirectoryBelowIsNotDeletedBeforeItsHolderWasAsked() {
    long upper = inode(TestCluster.ROOT_USER, mkdir("/tmp/u"));
    long lower = inode("ann", mkdir("/tmp/u/l"));
    DirectoryLeaseResult below = ok(lease("ann", lower)).getResult().getDirectoryLease();
    CommandReply reply = cluster.deleteTree(TestCluster.ROOT_USER, "/tmp/u");
    assertThat(ErrorCode.ofNumber(reply.getErrorCode())).isEqualTo(ErrorCode.RETRY);
    assertThat(reply.getRecalledLeases(0).getInode()).isEqualTo(lower);
    ok(release("ann", lower, below.getLease()));
    ok(cluster.deleteTree(TestCluster.ROOT_USER, "/tmp/u"));
    assertThat(upper).isLessThan(lower);
  }

  @Test
  void readsOfOthersWaitAndNameTheLease() {
    for (ReadRequest.Builder request :
        List.of(
            stat("/tmp/d"),
            stat("/tmp/d/old"),
            stat("/tmp/d/none"),
            list("/tmp/d"),
            list("/tmp"))) {
      assertThatThrownBy(() -> read("bob", cluster.session("bob"), request))
          .isInstanceOfSatisfying(
              DirectoryHeld.class,
              e -> {
                assertThat(e.code()).isEqualTo(ErrorCode.RETRY);
                assertThat(e.lease()).isEqualTo(wanted());
              });
    }
  }

  @Test
  void readsOfTheHolderPassAndNobodyPassesForIt() throws CairnException {
    assertThat(statByAnn("/tmp/d/old").getLength()).isEqualTo(1);
    assertThatThrownBy(() -> read("bob", cluster.session("ann"), stat("/tmp/d/old")))
        .isInstanceOf(DirectoryHeld.class);
  }

  @Test
  void aBatchIsDoneInOrderWithTheIdsAndTimesThatItSays() throws CairnException {
    BatchResult done =
        batch(
            subdirectory(directory, "s", id(0)),
            file(id(0), "f", id(1)),
            change(
                Operation.newBuilder()
                    .setSetAttributes(
                        SetAttributes.newBuilder()
                            .setTarget(NodeRef.newBuilder().setBase(id(1)))
                            .setMode(0600)
                            .setMtimeNanos(77)),
                0));
    assertThat(done.getErrorCode()).isZero();
    assertThat(done.getDone()).isEqualTo(3);
    assertThat(done.getResultsCount()).isEqualTo(3);
    Attributes file = statByAnn("/tmp/d/s/f");
    assertThat(file.getInode()).isEqualTo(id(1));
    assertThat(file.getMode()).isEqualTo(0600);
    assertThat(file.getMtimeNanos()).isEqualTo(77);
    assertThat(file.getCtimeNanos()).isEqualTo(lease.getTimeNanos() + 1);
    assertThat(file.getOwner()).isEqualTo("ann");
  }

  @Test
  void aDirectoryMadeInABatchIsLeasedAsTheOneItIsMadeIn() {
    BatchResult unused = batch(subdirectory(directory, "s", id(0)));
    ok(release("ann", directory, lease.getLease()));
    CommandReply reply = cluster.run("bob", create("/tmp/d/s/f", ""));
    assertThat(reply.getRecalledLeasesList())
        .containsExactly(wanted().toBuilder().setInode(id(0)).build());
    ok(release("ann", id(0), lease.getLease()));
    assertThat(cluster.run("bob", create("/tmp/d/s/f", "")).getErrorCode())
        .isEqualTo(ErrorCode.PERMISSION_DENIED.number());
  }

  @Test
  void aChangeThatIsRefusedEndsTheBatchAndWhatComesBeforeItStays() throws CairnException {
    BatchResult done =
        batch(
            file(directory, "a", id(0)),
            file(directory, "old", id(1)),
            file(directory, "b", id(2)));
    assertThat(done.getDone()).isEqualTo(1);
    assertThat(ErrorCode.ofNumber(done.getErrorCode())).isEqualTo(ErrorCode.EXISTS);
    assertThat(statByAnn("/tmp/d/a").getInode()).isEqualTo(id(0));
    assertThatThrownBy(() -> statByAnn("/tmp/d/b"))
        .isInstanceOfSatisfying(
            CairnException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.NOT_FOUND));
    // The id of what was refused is free still.
    assertThat(batch(file(directory, "b", id(1))).getErrorCode()).isZero();
  }

  @Test
  void aRepeatedBatchIsDoneOnce() {
    Command.Builder call =
        cluster.call(
            "ann",
            Operation.newBuilder()
                .setBatch(ChangeBatch.newBuilder().addChanges(file(directory, "a", id(0)))));
    CommandReply first = ok(cluster.run("ann", call));
    assertThat(cluster.run("ann", call)).isEqualTo(first);
  }

  @Test
  void idsAreUsedOnceAndOnlyThoseSetAside() {
    BatchResult unused = batch(file(directory, "a", id(5)));
    for (long id : new long[] {id(5), id(4), id(100), directory}) {
      BatchResult done = batch(file(directory, "x", id));
      assertThat(ErrorCode.ofNumber(done.getErrorCode())).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    }
  }

  @Test
  void aBatchTouchesNothingThatIsNotLeased() {
    long other = inode("ann", mkdir("/tmp/o"));
    BatchResult done = batch(file(other, "a", id(0)));
    assertThat(ErrorCode.ofNumber(done.getErrorCode())).isEqualTo(ErrorCode.LEASE_LOST);
    ok(release("ann", directory, lease.getLease()));
    done = batch(file(directory, "a", id(0)));
    assertThat(ErrorCode.ofNumber(done.getErrorCode())).isEqualTo(ErrorCode.LEASE_LOST);
  }

  @Test
  void timesOutsideOfTheLeaseDoNotCount() throws CairnException {
    BatchResult unused =
        batch(
            file(directory, "early", id(0)).setTimeNanos(1),
            file(directory, "late", id(1)).setTimeNanos(Long.MAX_VALUE));
    assertThat(statByAnn("/tmp/d/early").getCtimeNanos())
        .isGreaterThanOrEqualTo(lease.getTimeNanos());
    assertThat(statByAnn("/tmp/d/late").getCtimeNanos()).isLessThan(1_000_000);
  }

  @Test
  void whatCannotBeInABatchIsRefused() {
    DirectoryChange.Builder lock = change(Operation.newBuilder().setMkdir(Mkdir.newBuilder()), 0);
    assertThat(ErrorCode.ofNumber(batch(lock).getErrorCode()))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    DirectoryChange.Builder overwriting = file(directory, "old", id(0));
    overwriting.getOperationBuilder().getCreateBuilder().setOverwrite(true);
    assertThat(ErrorCode.ofNumber(batch(overwriting).getErrorCode()))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    CommandReply empty =
        cluster.run("ann", Operation.newBuilder().setBatch(ChangeBatch.getDefaultInstance()));
    assertThat(empty.getErrorCode()).isEqualTo(ErrorCode.INVALID_ARGUMENT.number());
  }

  @Test
  void theLeaseEndsWithTheSession() {
    ok(cluster.expire(cluster.session("ann")));
    ok(cluster.deleteTree(TestCluster.ROOT_USER, "/tmp/d"));
  }

  @Test
  void theLeaseEndsWhenItIsTakenAwayAndOnlyThatOne() {
    RevokeLease.Builder revoke = RevokeLease.newBuilder().setInode(directory);
    CommandReply other =
        cluster.run(
            TestCluster.ROOT_USER,
            Command.newBuilder().setRevokeLease(revoke.setLease(lease.getLease() + 1)));
    assertThat(other.getChanged()).isFalse();
    CommandReply right =
        cluster.run(
            TestCluster.ROOT_USER,
            Command.newBuilder().setRevokeLease(revoke.setLease(lease.getLease())));
    assertThat(right.getChanged()).isTrue();
    assertThat(batch(file(directory, "a", id(0))).getErrorCode())
        .isEqualTo(ErrorCode.LEASE_LOST.number());
  }

  @Test
  void theLeaseEndsWithTheDirectory() {
    BatchResult made = batch(subdirectory(directory, "s", id(0)));
    assertThat(made.getErrorCode()).isZero();
    BatchResult removed =
        batch(
            change(
                Operation.newBuilder().setRmdir(Rmdir.newBuilder().setTarget(in(directory, "s"))),
                0));
    assertThat(removed.getErrorCode()).isZero();
    ok(release("ann", directory, lease.getLease()));
    ok(cluster.deleteTree(TestCluster.ROOT_USER, "/tmp/d"));
    assertThat(Counter.DIRECTORY_LEASES.in(cluster.store().view())).isZero();
  }
}
