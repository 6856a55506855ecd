package io.cairnfs.dataserver.heartbeat;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.rpc.Method;
import io.cairnfs.common.time.Clock;
import io.cairnfs.dataserver.storage.IdentityFile;
import io.cairnfs.dataserver.storage.ReplicaStatus;
import io.cairnfs.dataserver.storage.ReplicaStore;
import io.cairnfs.dataserver.storage.SlotSum;
import io.cairnfs.dataserver.transfer.ReplicaReports;
import io.cairnfs.proto.dataserver.CompareDigestsReply;
import io.cairnfs.proto.dataserver.CompareDigestsRequest;
import io.cairnfs.proto.dataserver.FindingKind;
import io.cairnfs.proto.dataserver.ReconcileReply;
import io.cairnfs.proto.dataserver.ReplicaFinding;
import io.cairnfs.proto.dataserver.ReplicaVerdict;
import io.cairnfs.proto.dataserver.SlotDigest;
import io.cairnfs.proto.dataserver.SlotInventoryReply;
import io.cairnfs.proto.dataserver.SlotInventoryRequest;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what this server holds with what the metadata says: by digest for all slots, replica by
 * replica for a slot whose digest differs. Registration begins with the second half. Blocks; safe
 * for any thread.
 */
final class Reconciler {
  private static final Logger LOG = LoggerFactory.getLogger(Reconciler.class);
  private static final int INVENTORY_PAGE = 1000;
  private static final int MAX_FINDINGS = 1000;
  private static final long RETRY_NANOS = Duration.ofMinutes(1).toNanos();

  private final ReplicaStore store;
  private final IdentityFile identity;
  private final LeaderCalls leader;
  private final Consumer<ReplicaVerdict> judge;
  private final Duration period;
  private final Clock clock;

  @GuardedBy("this")
  private ReconcileReply.Builder status = ReconcileReply.newBuilder();

  @GuardedBy("this")
  private long begunNanos;

  /**
   * @param period after which it is due again; zero = never
   */
  Reconciler(
      ReplicaStore store,
      IdentityFile identity,
      LeaderCalls leader,
      Consumer<ReplicaVerdict> judge,
      Duration period,
      Clock clock) {
    this.store = store;
    this.identity = identity;
    this.leader = leader;
    this.judge = judge;
    this.period = period;
    this.clock = clock;
    this.begunNanos = clock.monotonicNanos();
  }

  /** The digest of each slot of which there are SEALED replicas. */
  List<SlotDigest> digests() {
    List<SlotDigest> digests = new ArrayList<>();
    for (SlotSum sum : store.slotSums()) {
      digests.add(
          SlotDigest.newBuilder()
              .setPool(sum.pool())
              .setSlot(sum.slot())
              .setReplication(sum.replication())
              .setSum(sum.sum())
              .setCount(sum.count())
              .build());
    }
    return digests;
  }

  /** What this server holds is being compared in another way: the period begins anew. */
  synchronized void registered() {
    begunNanos = clock.monotonicNanos();
  }

  synchronized boolean isDue() {
    return !period.isZero()
        && !status.getRunning()
        && clock.monotonicNanos() - begunNanos >= period.toNanos();
  }

  /** The caller is to {@link #run}; false if somebody does already. */
  synchronized boolean begin() {
    if (status.getRunning()) {
      return false;
    }
    begunNanos = clock.monotonicNanos();
    status = ReconcileReply.newBuilder().setRunning(true).setStartedMillis(nowMillis());
    return true;
  }

  private long nowMillis() {
    return TimeUnit.NANOSECONDS.toMillis(clock.wallNanos());
  }

  /** After {@link #begin}. */
  void run() throws InterruptedException {
    String problem = "interrupted";
    try {
      compare();
      problem = "";
    } catch (CairnException e) {
      problem = e.code() + " " + e.getMessage();
      LOG.warn("not compared with the metadata: {}", problem);
    } finally {
      end(problem);
    }
  }

  /**
   * @param problem why it came to no end, and is tried again soon; empty = it did
   */
  synchronized void end(String problem) {
    status.setRunning(false).setProblem(problem).setEndedMillis(nowMillis());
    if (!problem.isEmpty()) {
      begunNanos = clock.monotonicNanos() - Math.max(0, period.toNanos() - RETRY_NANOS);
    }
  }

  synchronized ReconcileReply status() {
    return status.build();
  }

  private void compare() throws CairnException, InterruptedException {
    List<ChunkId> withoutFiles = store.missingFiles();
    List<SlotDigest> own = digests();
    CompareDigestsRequest request =
        CompareDigestsRequest.newBuilder()
            .setServer(identity.server().orElseThrow().value())
            .addAllDigests(own)
            .build();
    List<SlotDigest> mismatches =
        leader
            .call(Method.COMPARE_DIGESTS, request, CompareDigestsReply.parser())
            .getMismatchesList();
    synchronized (this) {
      status
          .setReplicas(own.stream().mapToLong(SlotDigest::getCount).sum())
          .setDiffering(mismatches.size())
          .setWithoutFiles(withoutFiles.size());
      withoutFiles.forEach(chunk -> find(chunk.value(), FindingKind.FINDING_WITHOUT_FILES));
    }
    Set<Long> listed = new HashSet<>();
    for (SlotDigest mismatch : mismatches) {
      if (listed.add((long) mismatch.getPool() << Integer.SIZE | mismatch.getSlot())) {
        inventory(mismatch);
      }
    }
    LOG.info("compared with the metadata: {}", summary());
  }

  private synchronized String summary() {
    return "replicas="
        + status.getReplicas()
        + " missing="
        + status.getMissing()
        + " stale="
        + status.getStale()
        + " extra="
        + status.getExtra()
        + " without-files="
        + status.getWithoutFiles();
  }

  /**
   * Names every replica of the slot, those that are not SEALED yet with the last page: they are not
   * missing, and the leader may say that they are to be sealed.
   */
  void inventory(SlotDigest mismatch) throws CairnException, InterruptedException {
    ChunkId after = new ChunkId(0);
    boolean last;
    do {
      List<ReplicaStatus> page =
          store.slot(mismatch.getPool(), mismatch.getSlot(), after, INVENTORY_PAGE);
      last = page.size() < INVENTORY_PAGE;
      SlotInventoryRequest.Builder request =
          SlotInventoryRequest.newBuilder()
              .setServer(identity.server().orElseThrow().value())
              .setPool(mismatch.getPool())
              .setSlot(mismatch.getSlot())
              .setAfter(after.value())
              .setLast(last);
      for (ReplicaStatus status : page) {
        request.addReplicas(ReplicaReports.of(status));
        after = status.chunk();
      }
      if (last) {
        unsealedOf(mismatch).forEach(status -> request.addReplicas(ReplicaReports.of(status)));
      }
      SlotInventoryReply reply =
          leader.call(Method.SLOT_INVENTORY, request.build(), SlotInventoryReply.parser());
      note(reply);
      reply.getVerdictsList().forEach(judge);
    } while (!last);
  }

  private Stream<ReplicaStatus> unsealedOf(SlotDigest slot) {
    return store.unsealed().stream()
        .filter(
            status ->
                status.chunk().pool() == slot.getPool()
                    && status.chunk().slot() == slot.getSlot()
                    && !store.isBad(status.chunk()));
  }

  /** What an inventory at registration finds is not counted: nobody asked for it. */
  private synchronized void note(SlotInventoryReply reply) {
    if (!status.getRunning()) {
      return;
    }
    status.setMissing(status.getMissing() + reply.getMissingCount());
    status.setStale(status.getStale() + reply.getStaleCount());
    status.setExtra(status.getExtra() + reply.getExtraCount());
    reply.getMissingList().forEach(chunk -> find(chunk, FindingKind.FINDING_MISSING));
    reply.getStaleList().forEach(chunk -> find(chunk, FindingKind.FINDING_STALE));
    reply.getExtraList().forEach(chunk -> find(chunk, FindingKind.FINDING_EXTRA));
  }

  @GuardedBy("this")
  private void find(long chunk, FindingKind kind) {
    if (status.getFindingsCount() < MAX_FINDINGS) {
      status.addFindings(ReplicaFinding.newBuilder().setChunk(chunk).setKind(kind));
    }
  }
}
