package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.ChunkReasons;
import io.cairnfs.proto.metadata.ClusterReportResult;
import io.cairnfs.proto.metadata.JoinReasons;
import io.cairnfs.proto.metadata.MissingReplica;
import io.cairnfs.proto.metadata.RankedServer;
import io.cairnfs.proto.metadata.ServerReport;
import io.cairnfs.proto.metadata.SlotReasons;
import io.cairnfs.proto.metadata.SlotReport;
import io.cairnfs.proto.metadata.WhyResult;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.shell.text.Sizes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/** Why chunks and slots are where they are, and what is missing, in words and for programs. */
final class PlacementReasons {
  /** Of how many servers the rank is told to people. */
  private static final int SHOWN_RANKS = 8;

  private final WhyResult answer;
  private final Map<Integer, Member> servers = new HashMap<>();
  private final Map<Integer, Long> silentSeconds = new HashMap<>();

  PlacementReasons(WhyResult answer, ClusterReportResult report) {
    this.answer = answer;
    answer.getServersList().forEach(each -> servers.put(each.getServer(), each));
    for (ServerReport each : report.getServersList()) {
      silentSeconds.put(each.getMember().getServer(), each.getMillisSinceHeartbeat() / 1_000);
    }
  }

  private String name(int server) {
    Member member = servers.get(server);
    return member == null ? "server=" + server : member.getName();
  }

  private String health(int server) {
    Member member = servers.get(server);
    return member == null ? "unknown" : member.getHealth().name();
  }

  private String withHealth(int server) {
    return name(server) + " (" + health(server) + ")";
  }

  private String names(List<Integer> some) {
    return some.isEmpty()
        ? "nobody"
        : some.stream().map(this::name).collect(Collectors.joining(", "));
  }

  private String silent(int server) {
    return withHealth(server)
        + ", silent for "
        + Spans.text(silentSeconds.getOrDefault(server, 0L));
  }

  // In words.

  /**
   * @param path empty for a slot alone
   */
  List<String> lines(String path) {
    List<String> lines = new ArrayList<>();
    if (!path.isEmpty() && answer.getChunksCount() == 0) {
      lines.add(path + " has no bytes in chunks: what it has is kept with the metadata");
    }
    for (ChunkReasons chunk : answer.getChunksList()) {
      lines(chunk, lines);
    }
    if (answer.getMore()) {
      lines.add("... and further chunks");
    }
    for (SlotReasons slot : answer.getSlotsList()) {
      lines(slot, lines);
    }
    return lines;
  }

  private void lines(ChunkReasons reasons, List<String> lines) {
    ChunkLocation chunk = reasons.getChunk();
    lines.add(
        new ChunkId(chunk.getChunk())
            + " "
            + chunk.getState()
            + ", "
            + Sizes.human(chunk.getLength())
            + ", shall have "
            + chunk.getReplication()
            + " replicas");
    if (reasons.getLost()) {
      lines.add("  LOST: no server is known to have a good replica");
    } else {
      lines.add(
          "  is on "
              + chunk.getMembersList().stream()
                  .map(member -> member.getName() + " (" + member.getHealth() + ")")
                  .collect(Collectors.joining(", ")));
    }
    for (MissingReplica missing : reasons.getMissingList()) {
      lines.add("  is missing on " + name(missing.getServer()) + ": " + why(missing));
    }
  }

  private String why(MissingReplica missing) {
    int server = missing.getServer();
    String sources = names(missing.getSourcesList());
    return switch (missing.getReason()) {
      case LOST -> "there is nobody to copy it from";
      case MEMBER_SILENT ->
          "it is "
              + silent(server)
              + "; it gets it from "
              + sources
              + " when it answers, and its successor if it is struck out";
      case SOURCES_SILENT ->
          "it can be copied from "
              + missing.getSourcesList().stream()
                  .map(this::silent)
                  .collect(Collectors.joining("; "))
              + " only";
      case NO_SPACE -> "it is full";
      case COPY_FAILED -> "the last try failed (" + missing.getProblem() + "), it is tried again";
      case WAITING ->
          "it is going to be copied from "
              + sources
              + ", one of "
              + missing.getQueue()
              + " chunks that "
              + name(server)
              + " lacks";
      case REASON_UNSPECIFIED, UNRECOGNIZED -> "of an unknown reason";
    };
  }

  private void lines(SlotReasons reasons, List<String> lines) {
    SlotReport slot = reasons.getSlot();
    boolean settled = slot.getActingList().equals(slot.getTargetList()) && !reasons.hasJoin();
    lines.add(
        "slot "
            + slot.getPool()
            + "."
            + slot.getSlot()
            + " is served by "
            + names(slot.getActingList())
            + (settled ? ", as it should be" : ", and shall be by " + names(slot.getTargetList())));
    if (reasons.hasJoin()) {
      lines.add("  " + words(reasons.getJoin()));
    }
    if (!reasons.getWaits().isEmpty()) {
      lines.add("  waits: " + reasons.getWaits());
    }
    String ranks =
        reasons.getRankedList().stream()
            .limit(SHOWN_RANKS)
            .map(this::words)
            .collect(Collectors.joining(", "));
    lines.add(
        "  the ring offers it to "
            + (reasons.getRankedCount() > SHOWN_RANKS ? ranks + ", ..." : ranks)
            + ": the first that have room, of different racks while there are some; who has it keeps"
            + " it");
  }

  private String words(RankedServer ranked) {
    return "%s (rack %s, %d slots of %d)"
        .formatted(
            name(ranked.getServer()),
            ranked.getRack(),
            ranked.getTargetSlots(),
            ranked.getFairSlots());
  }

  private String words(JoinReasons join) {
    StringBuilder words = new StringBuilder();
    words
        .append(withHealth(join.getServer()))
        .append(" joins at position ")
        .append(join.getPosition());
    if (join.getReplaces() != 0) {
      words.append(" in place of ").append(withHealth(join.getReplaces()));
    }
    words.append(
        join.getAtEnd()
            ? ", all chunks were looked through"
            : ", chunks are looked through up to " + cursor(join));
    words.append(", lacks ").append(join.getLacking()).append(" chunks");
    if (join.getOpenChunksCount() > 0) {
      words
          .append("; waits for writers that began without it: ")
          .append(
              join.getOpenChunksList().stream()
                  .map(id -> new ChunkId(id).toString())
                  .collect(Collectors.joining(", ")));
    }
    if (join.getReplacedLettingGo()) {
      words
          .append("; ")
          .append(name(join.getReplaces()))
          .append(" has still to delete what it had of the slot before");
    }
    return words.toString();
  }

  private static String cursor(JoinReasons join) {
    return join.getCursor() == 0 ? "none yet" : new ChunkId(join.getCursor()).toString();
  }

  // For programs.

  ObjectNode tree() {
    ObjectNode node = AdminTask.JSON.createObjectNode();
    ArrayNode chunks = node.putArray("chunks");
    answer.getChunksList().forEach(each -> add(chunks.addObject(), each));
    node.put("more", answer.getMore());
    ArrayNode slots = node.putArray("slots");
    answer.getSlotsList().forEach(each -> add(slots.addObject(), each));
    return node;
  }

  private void add(ObjectNode node, ChunkReasons reasons) {
    ChunkLocation chunk = reasons.getChunk();
    node.put("chunk", new ChunkId(chunk.getChunk()).toString());
    node.put("state", chunk.getState().name());
    node.put("length", chunk.getLength());
    node.put("replication", chunk.getReplication());
    node.put("lost", reasons.getLost());
    ArrayNode members = node.putArray("members");
    for (Member member : chunk.getMembersList()) {
      ObjectNode each = members.addObject();
      each.put("id", member.getName());
      each.put("health", member.getHealth().name());
    }
    ArrayNode missing = node.putArray("missing");
    for (MissingReplica replica : reasons.getMissingList()) {
      ObjectNode each = missing.addObject();
      each.put("id", name(replica.getServer()));
      each.put("reason", replica.getReason().name());
      each.put("since", replica.getSince());
      each.put("problem", replica.getProblem());
      each.put("queue", replica.getQueue());
      addNames(each.putArray("sources"), replica.getSourcesList());
    }
  }

  private void add(ObjectNode node, SlotReasons reasons) {
    SlotReport slot = reasons.getSlot();
    node.put("pool", slot.getPool());
    node.put("slot", slot.getSlot());
    node.put("epoch", slot.getEpoch());
    addNames(node.putArray("acting"), slot.getActingList());
    addNames(node.putArray("target"), slot.getTargetList());
    node.put("waits", reasons.getWaits());
    if (reasons.hasJoin()) {
      JoinReasons join = reasons.getJoin();
      ObjectNode each = node.putObject("join");
      each.put("id", name(join.getServer()));
      each.put("position", join.getPosition());
      each.put("replaces", join.getReplaces() == 0 ? "" : name(join.getReplaces()));
      each.put("cursor", join.getCursor() == 0 ? "" : cursor(join));
      each.put("atEnd", join.getAtEnd());
      each.put("lacking", join.getLacking());
      each.put("replacedLettingGo", join.getReplacedLettingGo());
      ArrayNode open = each.putArray("openChunks");
      join.getOpenChunksList().forEach(id -> open.add(new ChunkId(id).toString()));
    } else {
      node.putNull("join");
    }
    ArrayNode ranked = node.putArray("ranked");
    for (RankedServer server : reasons.getRankedList()) {
      ObjectNode each = ranked.addObject();
      each.put("id", name(server.getServer()));
      each.put("rack", server.getRack());
      each.put("targetSlots", server.getTargetSlots());
      each.put("fairSlots", server.getFairSlots());
    }
  }

  private void addNames(ArrayNode array, List<Integer> some) {
    some.forEach(each -> array.add(name(each)));
  }
}
