package io.cairnfs.localcluster;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.proto.admin.ServerStatusReply;
import io.cairnfs.proto.admin.VolumeUsage;
import java.util.List;

/** The status of a local cluster, for people and for programs. */
final class StatusReport {
  private StatusReport() {}

  static String text(List<RoleStatus> roles) {
    StringBuilder text = new StringBuilder();
    text.append(
        "%-5s %-11s %-8s %-22s %-14s %-7s %10s %12s%n"
            .formatted("ID", "ROLE", "PID", "ADDRESS", "STATE", "LEADER", "APPLIED", "USED"));
    for (RoleStatus each : roles) {
      boolean metaserver = each.role().kind() == Role.Kind.METASERVER;
      text.append(
          "%-5s %-11s %-8s %-22s %-14s %-7s %10s %12s%n"
              .formatted(
                  each.role().id(),
                  each.role().kind().word(),
                  each.pid().map(Object::toString).orElse("-"),
                  each.role().address(),
                  each.state(),
                  each.leads() ? "leads" : "",
                  metaserver
                      ? each.reply()
                          .map(reply -> Long.toString(reply.getAppliedIndex()))
                          .orElse("-")
                      : "",
                  each.reply().map(reply -> bytes(reply.getUsedBytes())).orElse("-")));
    }
    return text.toString();
  }

  static String bytes(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB", "PiB"};
    double value = bytes;
    int unit = 0;
    while (value >= 1024 && unit < units.length - 1) {
      value /= 1024;
      unit++;
    }
    return unit == 0 ? bytes + " B" : "%.1f %s".formatted(value, units[unit]);
  }

  static String json(List<RoleStatus> roles) {
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode root = mapper.createObjectNode();
    ArrayNode list = root.putArray("roles");
    for (RoleStatus each : roles) {
      ServerStatusReply reply = each.reply().orElse(ServerStatusReply.getDefaultInstance());
      ObjectNode node = list.addObject();
      node.put("role", each.role().kind().word());
      node.put("id", each.role().id());
      if (each.pid().isPresent()) {
        node.put("pid", each.pid().get());
      } else {
        node.putNull("pid");
      }
      node.put("host", each.role().address().host());
      node.put("port", each.role().address().port());
      node.put("state", each.state());
      node.put("leader", each.leads());
      node.put("term", reply.getTerm());
      node.put("appliedIndex", reply.getAppliedIndex());
      ArrayNode volumes = node.putArray("volumes");
      for (VolumeUsage volume : reply.getVolumesList()) {
        volumes
            .addObject()
            .put("volume", volume.getVolume())
            .put("directory", volume.getDirectory())
            .put("capacityBytes", volume.getCapacityBytes())
            .put("usedBytes", volume.getUsedBytes())
            .put("failed", volume.getFailed());
      }
      node.put("usedBytes", reply.getUsedBytes());
    }
    try {
      return mapper.writeValueAsString(root);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values is always JSON", e);
    }
  }
}
