package io.cairnfs.metaserver.operation;

import static io.cairnfs.metaserver.operation.TestCluster.error;
import static io.cairnfs.metaserver.operation.TestCluster.ok;
import static io.cairnfs.metaserver.operation.TestCluster.path;
import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.metaserver.namespace.FileLocks;
import io.cairnfs.metaserver.namespace.LockClaim;
import io.cairnfs.metaserver.namespace.LockOwner;
import io.cairnfs.metaserver.namespace.LockTable;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.ChunkLookup;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.metaserver.store.RecordCursor;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.StoreView;
import io.cairnfs.metaserver.store.Table;
import io.cairnfs.proto.command.CommandReply;
import io.cairnfs.proto.metadata.CheckPage;
import io.cairnfs.proto.metadata.Fence;
import io.cairnfs.proto.metadata.FileRef;
import io.cairnfs.proto.metadata.GetLocks;
import io.cairnfs.proto.metadata.Lock;
import io.cairnfs.proto.metadata.LockEntry;
import io.cairnfs.proto.metadata.LockMode;
import io.cairnfs.proto.metadata.LockScope;
import io.cairnfs.proto.metadata.LocksResult;
import io.cairnfs.proto.metadata.Mkdir;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.ReleaseLocks;
import io.cairnfs.proto.metadata.StopWaiting;
import io.cairnfs.proto.metadata.TestLock;
import io.cairnfs.proto.metadata.Unlock;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Extent;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class LockOperationsTest {
  private static final String FILE = "/tmp/lock";
  private static final String OTHER = "/tmp/other";
  private static final Principal ROOT =
      new Principal(TestCluster.ROOT_USER, List.of(TestCluster.SUPERGROUP), true);

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

  @BeforeEach
  void createFiles() {
    List.of("ann", "bob", "eve").forEach(cluster::session);
    for (String file : List.of(FILE, OTHER)) {
      cluster.create("ann", TestCluster.creation(file, "x").setMode(0666));
    }
  }

  /** Whatever a test did, the store is as its own check wants it. */
  @AfterEach
  void storeIsSound() throws CairnException {
    assertThat(
            read(ReadRequest.newBuilder().setCheck(CheckPage.newBuilder().setLimit(10_000)))
                .getCheck()
                .getViolationsList())
        .isEmpty();
  }

  private io.cairnfs.proto.metadata.ReadReply read(ReadRequest.Builder request)
      throws CairnException {
    try (StoreView view = cluster.store().view()) {
      return new NamespaceReads(NO_CHUNKS).read(view, ROOT, request.build());
    }
  }

  private static Lock.Builder whole(String file, LockMode mode) {
    return Lock.newBuilder().setFile(FileRef.newBuilder().setTarget(path(file))).setMode(mode);
  }

  private static Lock.Builder exclusive() {
    return whole(FILE, LockMode.EXCLUSIVE_LOCK);
  }

  private static Lock.Builder shared() {
    return whole(FILE, LockMode.SHARED_LOCK);
  }

  private static Lock.Builder range(LockMode mode, long start, long length) {
    return whole(FILE, mode).setScope(LockScope.BYTE_RANGE).setStart(start).setLength(length);
  }

  private CommandReply lock(String user, Lock.Builder lock) {
    return cluster.run(user, Operation.newBuilder().setLock(lock));
  }

  private long token(String user, Lock.Builder lock) {
    long token = ok(lock(user, lock)).getResult().getLock().getToken();
    assertThat(token).isPositive();
    return token;
  }

  private long ticket(String user, Lock.Builder lock) {
    long ticket = ok(lock(user, lock.setWait(true))).getResult().getLock().getTicket();
    assertThat(ticket).isPositive();
    return ticket;
  }

  private long inode(String file) {
    return cluster.attributes(file).getInode();
  }

  private CommandReply unlock(String user, Unlock.Builder unlock) {
    return ok(cluster.run(user, Operation.newBuilder().setUnlock(unlock.setInode(inode(FILE)))));
  }

  private CommandReply unlock(String user) {
    return unlock(user, Unlock.newBuilder());
  }

  private CommandReply unlock(String user, long start, long length) {
    return unlock(
        user, Unlock.newBuilder().setScope(LockScope.BYTE_RANGE).setStart(start).setLength(length));
  }

  private FileLocks locks() {
    return LockTable.of(cluster.store(), new InodeId(inode(FILE)));
  }

  /** Ranges held, as "owner's session mode start-end". */
  private List<String> ranges() throws CairnException {
    List<String> found = new ArrayList<>();
    for (LockEntry entry : all().getHeldList()) {
      found.add(
          entry.getUser()
              + (entry.getMode() == LockMode.SHARED_LOCK ? " r " : " w ")
              + entry.getStart()
              + "+"
              + entry.getLength());
    }
    found.sort(null);
    return found;
  }

  private LocksResult all() throws CairnException {
    return read(ReadRequest.newBuilder()
            .setLocks(GetLocks.newBuilder().setFile(FileRef.newBuilder().setTarget(path(FILE)))))
        .getLocks();
  }

  private CommandReply fenced(String user, long token, String directory) {
    return cluster.run(
        user,
        Operation.newBuilder()
            .setMkdir(Mkdir.newBuilder().setTarget(path(directory)).setMode(0755))
            .setFence(Fence.newBuilder().setInode(inode(FILE)).setToken(token)));
  }

  @Test
  void anExclusiveLockKeepsOthersOutUntilItIsGivenUp() {
    long first = token("ann", exclusive());
    assertThat(error(lock("bob", exclusive()))).isEqualTo(ErrorCode.LOCKED);
    assertThat(error(lock("bob", shared()))).isEqualTo(ErrorCode.LOCKED);
    unlock("ann");
    assertThat(token("bob", shared())).isGreaterThan(first);
    assertThat(locks().held()).hasSize(1);
  }

  @Test
  void manyShareALockAndAnExclusiveOneWaitsForAll() {
    token("ann", shared());
    token("bob", shared());
    long ticket = ticket("eve", exclusive());
    assertThat(unlock("ann").getGrantedTicketsList()).isEmpty();
    assertThat(unlock("bob").getGrantedTicketsList()).containsExactly(ticket);
    assertThat(locks().held())
        .singleElement()
        .satisfies(
            lock -> assertThat(lock.owner().session().value()).isEqualTo(cluster.session("eve")));
  }

  @Test
  void nobodyOvertakesWhoeverWaits() {
    token("ann", shared());
    long writer = ticket("bob", exclusive());
    assertThat(error(lock("eve", shared()))).isEqualTo(ErrorCode.LOCKED);
    long reader = ticket("eve", shared());
    assertThat(unlock("ann").getGrantedTicketsList()).containsExactly(writer);
    assertThat(unlock("bob").getGrantedTicketsList()).containsExactly(reader);
  }

  @Test
  void allReadersAtTheHeadOfTheQueueAreLetInTogether() {
    token("ann", exclusive());
    long first = ticket("bob", shared());
    long second = ticket("eve", shared());
    assertThat(unlock("ann").getGrantedTicketsList()).containsExactly(first, second);
  }

  @Test
  void anOwnerThatAsksAgainHasTheSameToken() {
    long token = token("ann", exclusive());
    assertThat(token("ann", exclusive())).isEqualTo(token);
  }

  @Test
  void ownersOfOneSessionAreOthersToEachOther() {
    token("ann", exclusive().setOwner(1));
    assertThat(error(lock("ann", exclusive().setOwner(2)))).isEqualTo(ErrorCode.LOCKED);
  }

  @Test
  void whoeverWantsAFreshLockIsToldThatHeHasOne() {
    token("ann", exclusive().setFresh(true));
    assertThat(error(lock("ann", exclusive().setFresh(true)))).isEqualTo(ErrorCode.LOCKED);
    assertThat(error(lock("ann", exclusive().setFresh(true).setWait(true))))
        .isEqualTo(ErrorCode.DEADLOCK);
  }

  @Test
  void aModeIsChangedInOneStepOrNotAtAll() {
    long shared = token("ann", shared());
    long exclusive = token("ann", exclusive());
    assertThat(exclusive).isGreaterThan(shared);
    assertThat(locks().held()).hasSize(1);
    long waits = ticket("bob", shared());
    CommandReply weaker = ok(lock("ann", shared()));
    assertThat(weaker.getGrantedTicketsList()).containsExactly(waits);
    assertThat(error(lock("ann", exclusive()))).isEqualTo(ErrorCode.LOCKED);
    assertThat(locks().held()).hasSize(2);
  }

  @Test
  void aHolderThatWantsMoreDoesNotQueueBehindThoseWhoWaitForHim() {
    token("ann", shared());
    long bob = ticket("bob", exclusive());
    token("ann", exclusive());
    assertThat(unlock("ann").getGrantedTicketsList()).containsExactly(bob);
  }

  @Test
  void twoWhoShareALockAndBothWantItAloneAreADeadlock() {
    token("ann", shared());
    token("bob", shared());
    ticket("ann", exclusive());
    assertThat(error(lock("bob", exclusive().setWait(true)))).isEqualTo(ErrorCode.DEADLOCK);
    assertThat(unlock("bob").getGrantedTicketsList()).hasSize(1);
  }

  @Test
  void aCircleOverSeveralFilesIsADeadlock() {
    token("ann", exclusive());
    token("bob", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    ticket("eve", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    ticket("bob", exclusive());
    assertThat(error(lock("ann", whole(OTHER, LockMode.EXCLUSIVE_LOCK).setWait(true))))
        .isEqualTo(ErrorCode.DEADLOCK);
    unlock("ann");
    assertThat(locks().held()).hasSize(1);
  }

  @Test
  void aCircleOfRangesOfOneFileIsADeadlock() {
    token("ann", range(LockMode.EXCLUSIVE_LOCK, 0, 10));
    token("bob", range(LockMode.EXCLUSIVE_LOCK, 10, 10));
    ticket("ann", range(LockMode.EXCLUSIVE_LOCK, 10, 10));
    assertThat(error(lock("bob", range(LockMode.SHARED_LOCK, 5, 1).setWait(true))))
        .isEqualTo(ErrorCode.DEADLOCK);
  }

  @Test
  void rangesThatDoNotOverlapAreIndependent() {
    token("ann", range(LockMode.EXCLUSIVE_LOCK, 0, 10));
    token("bob", range(LockMode.EXCLUSIVE_LOCK, 10, 0));
    assertThat(error(lock("eve", range(LockMode.SHARED_LOCK, 9, 1)))).isEqualTo(ErrorCode.LOCKED);
    assertThat(error(lock("eve", range(LockMode.SHARED_LOCK, 1L << 40, 1))))
        .isEqualTo(ErrorCode.LOCKED);
  }

  @Test
  void rangesAndWholeFilesDoNotKnowOfEachOther() {
    token("ann", exclusive());
    token("bob", range(LockMode.EXCLUSIVE_LOCK, 0, 0));
    assertThat(locks().held()).hasSize(2);
  }

  @Test
  void anOwnersRangesAreSplitAndJoined() throws CairnException {
    token("ann", range(LockMode.EXCLUSIVE_LOCK, 0, 100));
    token("ann", range(LockMode.SHARED_LOCK, 40, 20));
    assertThat(ranges()).containsExactly("ann r 40+20", "ann w 0+40", "ann w 60+40");
    unlock("ann", 10, 10);
    assertThat(ranges()).containsExactly("ann r 40+20", "ann w 0+10", "ann w 20+20", "ann w 60+40");
    long token = token("ann", range(LockMode.EXCLUSIVE_LOCK, 40, 20));
    assertThat(ranges()).containsExactly("ann w 0+10", "ann w 20+80");
    assertThat(token("ann", range(LockMode.EXCLUSIVE_LOCK, 25, 5))).isEqualTo(token);
    unlock("ann", 0, 0);
    assertThat(ranges()).isEmpty();
    assertThat(error(fenced("ann", token, "/tmp/d"))).isEqualTo(ErrorCode.FENCED_OUT);
  }

  @Test
  void whatIsLeftOfASplitLockKeepsItsToken() {
    long token = token("ann", range(LockMode.EXCLUSIVE_LOCK, 0, 100));
    unlock("ann", 50, 10);
    ok(fenced("ann", token, "/tmp/d"));
    assertThat(locks().held()).extracting(LockClaim::number).containsExactly(token, token);
  }

  @Test
  void theLockInTheWayIsNamed() throws CairnException {
    token("ann", range(LockMode.EXCLUSIVE_LOCK, 10, 10));
    TestLock.Builder test =
        TestLock.newBuilder()
            .setFile(FileRef.newBuilder().setTarget(path(FILE)))
            .setSession(cluster.session("bob"))
            .setScope(LockScope.BYTE_RANGE)
            .setMode(LockMode.SHARED_LOCK);
    LocksResult found = read(ReadRequest.newBuilder().setTestLock(test)).getLocks();
    assertThat(found.getHeldList())
        .singleElement()
        .satisfies(
            entry -> {
              assertThat(entry.getUser()).isEqualTo("ann");
              assertThat(entry.getStart()).isEqualTo(10);
              assertThat(entry.getLength()).isEqualTo(10);
            });
    test.setSession(cluster.session("ann"));
    assertThat(read(ReadRequest.newBuilder().setTestLock(test)).getLocks().getHeldList()).isEmpty();
    test.setSession(0).setLength(5);
    assertThat(read(ReadRequest.newBuilder().setTestLock(test)).getLocks().getHeldList()).isEmpty();
  }

  @Test
  void aMutationUnderASupersededTokenIsRefusedAndDoesNothing() {
    long old = token("ann", exclusive());
    ok(fenced("ann", old, "/tmp/a"));
    // Whoever acts for the holder may use his token.
    ok(fenced("bob", old, "/tmp/b"));
    unlock("ann");
    assertThat(error(fenced("ann", old, "/tmp/c"))).isEqualTo(ErrorCode.FENCED_OUT);
    long now = token("bob", exclusive());
    assertThat(error(fenced("ann", old, "/tmp/c"))).isEqualTo(ErrorCode.FENCED_OUT);
    ok(fenced("bob", now, "/tmp/d"));
    assertThat(cluster.stat("/tmp/c")).isEmpty();
  }

  @Test
  void aTokenOfAnotherFileOrOfNoneIsRefused() {
    long token = token("ann", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    assertThat(error(fenced("ann", token, "/tmp/c"))).isEqualTo(ErrorCode.FENCED_OUT);
    assertThat(
            error(
                cluster.run(
                    "ann",
                    Operation.newBuilder()
                        .setMkdir(Mkdir.newBuilder().setTarget(path("/tmp/c")))
                        .setFence(Fence.getDefaultInstance()))))
        .isEqualTo(ErrorCode.FENCED_OUT);
  }

  @Test
  void aSessionsEndGivesUpItsLocksAndLeavesItsQueues() {
    long session = cluster.session("ann");
    long old = token("ann", exclusive());
    token("bob", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    ticket("ann", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    long waits = ticket("eve", exclusive());
    assertThat(ok(cluster.expire(session)).getGrantedTicketsList()).containsExactly(waits);
    assertThat(locks().held())
        .singleElement()
        .satisfies(lock -> assertThat(lock.number()).isGreaterThan(old));
    assertThat(LockTable.of(cluster.store(), new InodeId(inode(OTHER))).waiting()).isEmpty();
    assertThat(LockTable.filesOf(cluster.store(), new SessionId(session))).isEmpty();
    assertThat(LockTable.countOf(cluster.store(), new SessionId(session))).isZero();
  }

  @Test
  void theClientsEndGivesUpItsLocks() {
    token("ann", exclusive());
    long waits = ticket("eve", exclusive());
    assertThat(ok(cluster.closeSession("ann")).getGrantedTicketsList()).containsExactly(waits);
  }

  @Test
  void whoeverStopsWaitingHasNoLockUnlessHeGotItBefore() {
    token("ann", exclusive());
    long bob = ticket("bob", exclusive());
    long eve = ticket("eve", exclusive());
    assertThat(stop("bob", bob)).isZero();
    assertThat(unlock("ann").getGrantedTicketsList()).containsExactly(eve);
    assertThat(stop("eve", eve)).isEqualTo(locks().held().get(0).number());
    // Nobody leaves the queue for somebody else.
    long ann = ticket("ann", exclusive());
    assertThat(stop("bob", ann)).isZero();
    assertThat(locks().waiting()).hasSize(1);
  }

  private long stop(String user, long ticket) {
    return ok(cluster.run(
            user,
            Operation.newBuilder()
                .setStopWaiting(
                    StopWaiting.newBuilder()
                        .setClaim(
                            io.cairnfs.proto.metadata.LockClaim.newBuilder()
                                .setInode(inode(FILE))
                                .setMode(LockMode.EXCLUSIVE_LOCK)
                                .setTicket(ticket)))))
        .getResult()
        .getLock()
        .getToken();
  }

  @Test
  void anOwnerGivesUpAllThatHeHasOfOneFileOrOfAll() {
    token("ann", exclusive());
    token("ann", range(LockMode.SHARED_LOCK, 0, 1));
    token("ann", whole(OTHER, LockMode.EXCLUSIVE_LOCK));
    token("ann", whole(OTHER, LockMode.SHARED_LOCK).setOwner(7).setScope(LockScope.BYTE_RANGE));
    ok(release(inode(FILE)));
    assertThat(locks().isEmpty()).isTrue();
    assertThat(LockTable.of(cluster.store(), new InodeId(inode(OTHER))).held()).hasSize(2);
    ok(release(0));
    assertThat(LockTable.of(cluster.store(), new InodeId(inode(OTHER))).held())
        .extracting(lock -> lock.owner().number())
        .containsExactly(7L);
  }

  private CommandReply release(long inode) {
    return cluster.run(
        "ann", Operation.newBuilder().setReleaseLocks(ReleaseLocks.newBuilder().setInode(inode)));
  }

  @Test
  void aLockIsOfTheFileWhateverItsName() {
    token("ann", exclusive());
    ok(cluster.rename("ann", FILE, "/tmp/renamed"));
    assertThat(error(lock("bob", whole("/tmp/renamed", LockMode.EXCLUSIVE_LOCK))))
        .isEqualTo(ErrorCode.LOCKED);
    ok(cluster.rename("ann", "/tmp/renamed", FILE));
  }

  @Test
  void locksOfAFileThatIsPurgedAreGone() {
    long inode = inode(FILE);
    long token = token("ann", exclusive());
    ticket("bob", exclusive());
    ok(cluster.unlink("ann", FILE));
    cluster.purge(10);
    assertThat(LockTable.of(cluster.store(), new InodeId(inode)).isEmpty()).isTrue();
    assertThat(
            error(
                cluster.run(
                    "ann",
                    Operation.newBuilder()
                        .setMkdir(Mkdir.newBuilder().setTarget(path("/tmp/c")))
                        .setFence(Fence.newBuilder().setInode(inode).setToken(token)))))
        .isEqualTo(ErrorCode.FENCED_OUT);
    try (RecordCursor rows = cluster.store().scan(Table.LOCK, new byte[0], new byte[0])) {
      assertThat(rows.next()).isFalse();
    }
  }

  @Test
  void aDirectoryCanBeLockedAsAWhole() {
    ok(cluster.mkdir("ann", "/tmp/dir", 0755));
    token("ann", whole("/tmp/dir", LockMode.EXCLUSIVE_LOCK));
    assertThat(
            error(
                lock(
                    "ann",
                    whole("/tmp/dir", LockMode.EXCLUSIVE_LOCK).setScope(LockScope.BYTE_RANGE))))
        .isEqualTo(ErrorCode.IS_A_DIRECTORY);
    ok(cluster.rmdir("ann", "/tmp/dir"));
  }

  @Test
  void locksNeedTheRightToReadOrWrite() {
    ok(cluster.create("ann", TestCluster.creation("/tmp/mine", "x").setMode(0640)));
    assertThat(error(lock("eve", whole("/tmp/mine", LockMode.SHARED_LOCK))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
    ok(cluster.create("ann", TestCluster.creation("/tmp/read", "x").setMode(0644)));
    token("eve", whole("/tmp/read", LockMode.EXCLUSIVE_LOCK));
    Lock.Builder range = whole("/tmp/read", LockMode.SHARED_LOCK).setScope(LockScope.BYTE_RANGE);
    token("eve", range);
    assertThat(error(lock("eve", range.setMode(LockMode.EXCLUSIVE_LOCK))))
        .isEqualTo(ErrorCode.PERMISSION_DENIED);
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertThat(error(lock("ann", exclusive().setLength(1)))).isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(lock("ann", range(LockMode.SHARED_LOCK, -1, 1))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(lock("ann", range(LockMode.SHARED_LOCK, 1, -1))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(lock("ann", range(LockMode.SHARED_LOCK, Long.MAX_VALUE, 0))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
    assertThat(error(lock("ann", whole("/tmp/none", LockMode.SHARED_LOCK))))
        .isEqualTo(ErrorCode.NOT_FOUND);
    assertThat(
            error(
                cluster.run("ann", Operation.newBuilder().setUnlock(Unlock.getDefaultInstance()))))
        .isEqualTo(ErrorCode.INVALID_ARGUMENT);
  }

  @Test
  void locksOfAFileAreBounded() {
    cluster.damage(
        editor ->
            LockTable.put(
                editor.transaction(),
                new InodeId(inode(FILE)),
                FileLocks.NONE,
                new FileLocks(claims(LockTable.MAX_HELD, LockClaim.Scope.BYTE_RANGE), List.of())));
    assertThat(error(lock("ann", range(LockMode.SHARED_LOCK, 1L << 40, 1))))
        .isEqualTo(ErrorCode.NO_LOCKS);
    // One that takes no more room is possible, and so is giving up.
    token("ann", range(LockMode.EXCLUSIVE_LOCK, 0, 1));
    unlock("ann", 0, 0);
    assertThat(locks().isEmpty()).isTrue();
  }

  /** Ann's, of a byte each and none beside another if they are of ranges. */
  private List<LockClaim> claims(int count, LockClaim.Scope scope) {
    LockOwner ann = new LockOwner(new SessionId(cluster.session("ann")), 0);
    boolean whole = scope == LockClaim.Scope.WHOLE_FILE;
    List<LockClaim> claims = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      long start = whole ? 0 : 2L * i;
      long end = whole ? LockClaim.NO_END : start + 1;
      claims.add(new LockClaim(ann, scope, LockClaim.Mode.SHARED, start, end, 1_000 + i));
    }
    return claims;
  }

  @Test
  void claimsThatWaitAreBounded() {
    token("bob", exclusive());
    cluster.damage(
        editor ->
            LockTable.put(
                editor.transaction(),
                new InodeId(inode(FILE)),
                locks(),
                new FileLocks(
                    locks().held(), claims(LockTable.MAX_WAITING, LockClaim.Scope.WHOLE_FILE))));
    assertThat(error(lock("eve", exclusive().setWait(true)))).isEqualTo(ErrorCode.NO_LOCKS);
    assertThat(error(lock("eve", exclusive()))).isEqualTo(ErrorCode.LOCKED);
  }

  @Test
  void theFormatOfTheRecordIsGolden() {
    FileLocks locks =
        new FileLocks(
            List.of(
                new LockClaim(
                    new LockOwner(new SessionId(5), 0x0102030405060708L),
                    LockClaim.Scope.WHOLE_FILE,
                    LockClaim.Mode.EXCLUSIVE,
                    0,
                    LockClaim.NO_END,
                    300)),
            List.of(
                new LockClaim(
                    new LockOwner(new SessionId(6), 1),
                    LockClaim.Scope.BYTE_RANGE,
                    LockClaim.Mode.SHARED,
                    128,
                    130,
                    301)));
    cluster.damage(
        editor -> LockTable.put(editor.transaction(), new InodeId(77), FileLocks.NONE, locks));
    byte[] value = null;
    try (RecordCursor rows = cluster.store().scan(Table.LOCK, new byte[0], new byte[0])) {
      while (rows.next()) {
        if (LockTable.rowOf(rows.key()) == LockTable.Row.FILE) {
          value = rows.value();
        }
      }
    }
    assertThat(value)
        .asHexString()
        .isEqualTo(
            "01"
                + "01"
                + "0105"
                + "0102030405060708"
                + "AC02"
                + "01"
                + "0206"
                + "0000000000000001"
                + "8001"
                + "8201"
                + "AD02");
    assertThat(LockTable.of(cluster.store(), new InodeId(77))).isEqualTo(locks);
    cluster.damage(editor -> LockTable.removeAll(editor.transaction(), new InodeId(77)));
  }
}
