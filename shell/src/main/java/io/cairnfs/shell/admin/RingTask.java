package io.cairnfs.shell.admin;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.common.id.ChunkId;
import io.cairnfs.proto.metadata.RingResult;
import io.cairnfs.proto.metadata.RingShare;
import io.cairnfs.proto.metadata.SlotReport;
import io.cairnfs.proto.types.ChunkLocation;
import io.cairnfs.proto.types.Member;
import io.cairnfs.shell.cluster.Program;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.text.Table;
import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code ring}: who holds how much, and where a file is. */
@Command(
    name = "ring",
    mixinStandardHelpOptions = true,
    description = "Shares of the data servers; of a file its chunks, slots and members.")
final class RingTask extends AdminTask {
  @Parameters(arity = "0..1", paramLabel = "PATH", description = "An absolute path of a file.")
  private String path;

  @Option(names = "--slots", description = "All slots too.")
  private boolean slots;

  @Option(names = "--json", description = "For programs.")
  private boolean json;

  RingTask(Program program) {
    super(program);
  }

  @Override
  void run() throws IOException {
    Optional<CairnPath> file =
        Optional.ofNullable(path).map(text -> CairnPath.of(ByteText.encode(text)));
    if (file.isPresent() && !file.get().isAbsolute()) {
      throw new AdminException("PATH must be absolute, not " + path);
    }
    RingResult ring =
        administration()
            .ring(
                file,
                slots
                    ? ClusterAdministration.SlotDetail.ALL_SLOTS
                    : ClusterAdministration.SlotDetail.SHARES_ONLY);
    if (json) {
      print(tree(ring));
    } else {
      text(ring);
    }
  }

  private void text(RingResult ring) {
    Table shares =
        Table.withHeader(
            Set.of(1, 2, 3, 4, 5),
            "DATA SERVER",
            "WEIGHT",
            "ACTING SLOTS",
            "TARGET SLOTS",
            "SHARE",
            "FAIR SHARE");
    for (RingShare share : ring.getSharesList()) {
      shares.add(
          share.getMember().getName(),
          Integer.toString(share.getWeight()),
          Integer.toString(share.getActingSlots()),
          Integer.toString(share.getTargetSlots()),
          percent(share.getShare()),
          percent(share.getFairShare()));
    }
    shares.lines().forEach(out()::line);
    for (ChunkLocation chunk : ring.getChunksList()) {
      ChunkId id = new ChunkId(chunk.getChunk());
      out()
          .line(
              id
                  + " pool="
                  + id.pool()
                  + " slot="
                  + id.slot()
                  + " "
                  + chunk.getState()
                  + " length="
                  + chunk.getLength()
                  + " replication="
                  + chunk.getReplication()
                  + " members="
                  + members(chunk.getMembersList()));
    }
    for (SlotReport slot : ring.getSlotsList()) {
      out()
          .line(
              "slot="
                  + slot.getPool()
                  + "."
                  + slot.getSlot()
                  + " epoch="
                  + slot.getEpoch()
                  + " acting="
                  + slot.getActingList()
                  + " joining="
                  + slot.getJoiningList()
                  + " target="
                  + slot.getTargetList());
    }
  }

  private static List<String> members(List<Member> members) {
    return members.stream()
        .map(member -> member.getName() + "(" + member.getHealth() + ")")
        .toList();
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.2f%%", share * 100);
  }

  private static ObjectNode tree(RingResult ring) {
    ObjectNode node = JSON.createObjectNode();
    ArrayNode shares = node.putArray("shares");
    for (RingShare share : ring.getSharesList()) {
      ObjectNode each = shares.addObject();
      each.put("id", share.getMember().getName());
      each.put("weight", share.getWeight());
      each.put("actingSlots", share.getActingSlots());
      each.put("targetSlots", share.getTargetSlots());
      each.put("share", share.getShare());
      each.put("fairShare", share.getFairShare());
    }
    ArrayNode chunks = node.putArray("chunks");
    for (ChunkLocation chunk : ring.getChunksList()) {
      ChunkId id = new ChunkId(chunk.getChunk());
      ObjectNode each = chunks.addObject();
      each.put("chunk", id.toString());
      each.put("pool", id.pool());
      each.put("slot", id.slot());
      each.put("state", chunk.getState().name());
      each.put("length", chunk.getLength());
      each.put("replication", chunk.getReplication());
      ArrayNode members = each.putArray("members");
      for (Member member : chunk.getMembersList()) {
        ObjectNode entry = members.addObject();
        entry.put("id", member.getName());
        entry.put("health", member.getHealth().name());
      }
    }
    ArrayNode slots = node.putArray("slots");
    for (SlotReport slot : ring.getSlotsList()) {
      ObjectNode each = slots.addObject();
      each.put("pool", slot.getPool());
      each.put("slot", slot.getSlot());
      each.put("epoch", slot.getEpoch());
      ArrayNode acting = each.putArray("acting");
      slot.getActingList().forEach(acting::add);
      ArrayNode joining = each.putArray("joining");
      slot.getJoiningList().forEach(joining::add);
      ArrayNode target = each.putArray("target");
      slot.getTargetList().forEach(target::add);
    }
    return node;
  }
}
