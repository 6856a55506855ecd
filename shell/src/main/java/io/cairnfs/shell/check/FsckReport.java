package io.cairnfs.shell.check;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.cairnfs.client.DataServerAddress;
import io.cairnfs.client.FileExtent;
import io.cairnfs.shell.text.ByteText;
import io.cairnfs.shell.text.Output;
import java.util.ArrayList;
import java.util.List;

/** A check as text or as JSON. Problems are always shown, what is well on demand. */
public final class FsckReport {
  private final Output out;
  private final Detail detail;
  private final ObjectMapper mapper = new ObjectMapper();
  private final ArrayNode problems = mapper.createArrayNode();

  /** How much is shown of files that are well. Each includes those before it. */
  public enum Detail {
    PROBLEMS,
    FILES,
    BLOCKS,
    LOCATIONS
  }

  public FsckReport(Output out, Detail detail) {
    this.out = out;
    this.detail = detail;
  }

  /** Prints a file, if it is to be seen. */
  public void file(CheckedFile file) {
    boolean well = file.lost().isEmpty() && file.missingReplicas() == 0;
    if (well && detail == Detail.PROBLEMS) {
      return;
    }
    out.line(heading(file));
    file.lost().forEach(problem -> out.line("    LOST " + problem));
    if (detail.compareTo(Detail.BLOCKS) >= 0) {
      blocks(file);
    }
  }

  private static String heading(CheckedFile file) {
    String state =
        !file.lost().isEmpty()
            ? "CORRUPT"
            : file.missingReplicas() > 0
                ? "UNDER-REPLICATED (" + file.missingReplicas() + " missing)"
                : "OK";
    return ByteText.decode(file.status().path().bytes())
        + " "
        + file.status().length()
        + " bytes, replication="
        + file.status().replication()
        + ", "
        + (file.inlineBytes() > 0 ? "inline" : file.extents().size() + " extent(s)")
        + ": "
        + state;
  }

  private void blocks(CheckedFile file) {
    int number = 0;
    for (FileExtent extent : file.extents()) {
      StringBuilder line = new StringBuilder("    ");
      line.append(number++).append(". ").append(extent.chunk());
      line.append(" offset=").append(extent.chunkOffset());
      line.append(" len=").append(extent.length());
      line.append(" repl=").append(extent.replication());
      if (detail == Detail.LOCATIONS) {
        line.append(" ").append(locations(extent));
      }
      out.line(line.toString());
    }
  }

  private static List<String> locations(FileExtent extent) {
    List<String> names = new ArrayList<>();
    for (DataServerAddress member : extent.members()) {
      names.add(member.name() + "@" + member.address());
    }
    return names;
  }

  /** Remembers a file for {@link #json}, if something is wrong with it. */
  public void collect(CheckedFile file) {
    if (file.lost().isEmpty() && file.missingReplicas() == 0 && detail == Detail.PROBLEMS) {
      return;
    }
    ObjectNode node = problems.addObject();
    node.put("path", file.status().path().toString());
    node.put("length", file.status().length());
    node.put("replication", file.status().replication());
    node.put("inlineBytes", file.inlineBytes());
    node.put("missingReplicas", file.missingReplicas());
    ArrayNode lost = node.putArray("lost");
    file.lost().forEach(lost::add);
    if (detail.compareTo(Detail.BLOCKS) >= 0) {
      ArrayNode extents = node.putArray("extents");
      for (FileExtent extent : file.extents()) {
        ObjectNode each = extents.addObject();
        each.put("fileOffset", extent.fileOffset());
        each.put("length", extent.length());
        each.put("chunk", extent.chunk().toString());
        each.put("chunkOffset", extent.chunkOffset());
        if (detail == Detail.LOCATIONS) {
          ArrayNode members = each.putArray("locations");
          locations(extent).forEach(members::add);
        }
      }
    }
  }

  /** The totals, and the verdict as the last line. */
  public void totals(CheckResult result) {
    result.violations().forEach(violation -> out.line("VIOLATION " + violation));
    result.unreachableServers().forEach(server -> out.line("UNREACHABLE " + server));
    out.line("Status: " + result.verdict().word());
    row("Total dirs", result.directories());
    row("Total files", result.files());
    row("Total symlinks", result.symlinks());
    row("Total special nodes", result.specials());
    row("Total size (bytes)", result.bytes());
    row("Total chunks", result.chunks());
    row("Replicas found", result.replicas());
    row("Under-replicated chunks", result.underReplicatedChunks());
    row("Missing replicas", result.missingReplicas());
    row("Lost chunks", result.lostChunks());
    row("Corrupt files", result.corruptFiles());
    row("Contradicting records", result.violations().size());
    out.line(result.summary());
  }

  private void row(String name, long value) {
    out.line(" " + name + ":" + " ".repeat(26 - name.length()) + value);
  }

  /** Everything as one JSON object. */
  public void json(CheckResult result) {
    ObjectNode node = mapper.createObjectNode();
    node.put("path", result.path());
    node.put("status", result.verdict().word());
    node.put("directories", result.directories());
    node.put("files", result.files());
    node.put("symlinks", result.symlinks());
    node.put("specials", result.specials());
    node.put("bytes", result.bytes());
    node.put("chunks", result.chunks());
    node.put("replicas", result.replicas());
    node.put("underReplicatedChunks", result.underReplicatedChunks());
    node.put("missingReplicas", result.missingReplicas());
    node.put("lostChunks", result.lostChunks());
    node.put("corruptFiles", result.corruptFiles());
    ArrayNode violations = node.putArray("violations");
    result.violations().forEach(violations::add);
    ArrayNode unreachable = node.putArray("unreachableServers");
    result.unreachableServers().forEach(unreachable::add);
    node.set(detail == Detail.PROBLEMS ? "problems" : "checkedFiles", problems);
    node.put("summary", result.summary());
    try {
      out.line(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(node));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException("a tree of plain values cannot fail to be written", e);
    }
  }
}
