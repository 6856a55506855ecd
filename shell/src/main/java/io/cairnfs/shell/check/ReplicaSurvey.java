package io.cairnfs.shell.check;

import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.client.DataServerAddress;
import io.cairnfs.client.FileExtent;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.common.id.HostPort;
import io.cairnfs.common.id.ServerId;
import io.cairnfs.proto.dataserver.ReplicaReport;
import io.cairnfs.proto.dataserver.ReplicaState;
import io.cairnfs.proto.metadata.ChunkResult;
import io.cairnfs.proto.metadata.RepairEntry;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.ChunkState;
import io.cairnfs.proto.types.Member;
import io.cairnfs.proto.types.Stripe;
import io.cairnfs.proto.types.StripeCell;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Finds out which replicas of chunks are really there. Each chunk is asked for once. */
final class ReplicaSurvey {
  /** Chunks asked for in one call. */
  private static final int BATCH = 1000;

  private final ClusterAdministration administration;
  private final Map<ChunkId, ChunkFinding> findings = new HashMap<>();
  private final Set<HostPort> silent = new HashSet<>();
  private final Set<String> silentNames = new TreeSet<>();

  ReplicaSurvey(ClusterAdministration administration) {
    this.administration = administration;
  }

  /**
   * What is known of a chunk.
   *
   * @param length committed bytes; −1 if the metaserver has no such chunk
   * @param expected replicas there should be
   * @param lengths bytes of each replica that is there
   * @param computable nobody has it whole, but enough other cells of its stripe are there
   */
  record ChunkFinding(
      long length, boolean sealed, int expected, List<Long> lengths, boolean computable) {
    /** Whether the bytes up to here can be had. */
    boolean isReadableUpTo(long end) {
      return computable || replicasUpTo(end) > 0;
    }

    /** Replicas that have the bytes up to here. */
    long replicasUpTo(long end) {
      return lengths.stream().filter(length -> length >= end).count();
    }

    /** Replicas that should be there and are not, or not whole. */
    long missing() {
      return Math.max(0, expected - replicasUpTo(sealed ? length : 0));
    }
  }

  /** Looks at the chunks of these extents that were not looked at yet. */
  void look(List<FileExtent> extents) throws CairnException {
    Map<ChunkId, FileExtent> fresh = new LinkedHashMap<>();
    for (FileExtent extent : extents) {
      if (!findings.containsKey(extent.chunk())) {
        fresh.putIfAbsent(extent.chunk(), extent);
      }
    }
    Map<HostPort, Map<ChunkId, ReplicaReport>> reports = ask(fresh);
    for (Map.Entry<ChunkId, FileExtent> each : fresh.entrySet()) {
      findings.put(each.getKey(), finding(each.getValue(), reports));
    }
  }

  ChunkFinding of(ChunkId chunk) {
    return findings.get(chunk);
  }

  Map<ChunkId, ChunkFinding> all() {
    return findings;
  }

  /** Names of the data servers that did not answer. */
  Set<String> silentServers() {
    return silentNames;
  }

  private Map<HostPort, Map<ChunkId, ReplicaReport>> ask(Map<ChunkId, FileExtent> fresh)
      throws CairnException {
    Map<DataServerAddress, List<ChunkId>> questions = new LinkedHashMap<>();
    for (FileExtent extent : fresh.values()) {
      for (DataServerAddress member : extent.members()) {
        questions.computeIfAbsent(member, m -> new ArrayList<>()).add(extent.chunk());
      }
    }
    Map<HostPort, Map<ChunkId, ReplicaReport>> reports = new HashMap<>();
    for (Map.Entry<DataServerAddress, List<ChunkId>> question : questions.entrySet()) {
      Map<ChunkId, ReplicaReport> answers =
          reports.computeIfAbsent(question.getKey().address(), a -> new HashMap<>());
      List<ChunkId> chunks = question.getValue();
      for (int at = 0; at < chunks.size(); at += BATCH) {
        List<ChunkId> batch = chunks.subList(at, Math.min(chunks.size(), at + BATCH));
        for (ReplicaReport report : ask(question.getKey(), batch)) {
          answers.put(new ChunkId(report.getChunk()), report);
        }
      }
    }
    return reports;
  }

  /** A server that does not answer has no replicas as far as anybody can tell. */
  private List<ReplicaReport> ask(DataServerAddress server, List<ChunkId> chunks) {
    if (silent.contains(server.address())) {
      return List.of();
    }
    try {
      return administration.chunkStatus(server.address(), chunks);
    } catch (CairnException e) {
      silent.add(server.address());
      silentNames.add(server.name() + " (" + server.address() + "): " + e.getMessage());
      return List.of();
    }
  }

  private ChunkFinding finding(
      FileExtent extent, Map<HostPort, Map<ChunkId, ReplicaReport>> reports) throws CairnException {
    ChunkResult row;
    try {
      row = administration.chunk(extent.chunk());
    } catch (CairnException e) {
      if (e.code() == ErrorCode.CHUNK_NOT_FOUND || e.code() == ErrorCode.NOT_FOUND) {
        return new ChunkFinding(-1, false, extent.replication(), List.of(), false);
      }
      throw e;
    }
    boolean sealed = row.getLocation().getState() == ChunkState.SEALED;
    Set<Integer> lacking = new HashSet<>();
    for (RepairEntry entry : row.getRepairList()) {
      lacking.add(entry.getServer());
    }
    List<Long> lengths = new ArrayList<>();
    for (DataServerAddress member : extent.members()) {
      ReplicaReport report = reports.getOrDefault(member.address(), Map.of()).get(extent.chunk());
      if (report != null
          && report.getState() != ReplicaState.REPLICA_STATE_UNSPECIFIED
          && !lacking.contains(member.id().value())) {
        lengths.add(report.getLength());
      }
    }
    long length = row.getLocation().getLength();
    boolean whole = lengths.stream().anyMatch(each -> each >= length);
    return new ChunkFinding(
        length,
        sealed,
        extent.replication(),
        List.copyOf(lengths),
        sealed && !whole && isComputable(extent.chunk(), row.getLocation()));
  }

  /** Whether as many other cells are there, whole, as the code needs. */
  private boolean isComputable(ChunkId wanted, ChunkLocation location) {
    if (!location.hasStripe()) {
      return false;
    }
    Stripe stripe = location.getStripe();
    // A data cell without a row is all zeros.
    int there = stripe.getDataCells();
    for (StripeCell cell : stripe.getCellsList()) {
      ChunkId chunk = new ChunkId(cell.getChunk());
      boolean good = !chunk.equals(wanted) && isThere(chunk, cell);
      there += chunk.cell() < stripe.getDataCells() ? (good ? 0 : -1) : (good ? 1 : 0);
    }
    return there >= stripe.getDataCells();
  }

  private boolean isThere(ChunkId chunk, StripeCell cell) {
    for (Member member : cell.getMembersList()) {
      DataServerAddress server =
          new DataServerAddress(
              new ServerId(member.getServer()),
              member.getName(),
              new HostPort(member.getHost(), member.getPort()),
              DataServerAddress.Health.UP);
      boolean whole =
          ask(server, List.of(chunk)).stream()
              .anyMatch(
                  report ->
                      report.getState() != ReplicaState.REPLICA_STATE_UNSPECIFIED
                          && report.getLength() >= cell.getLength());
      if (whole) {
        return true;
      }
    }
    return false;
  }
}
