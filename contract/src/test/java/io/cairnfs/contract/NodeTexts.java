package io.cairnfs.contract;

import static org.assertj.core.api.Assertions.assertThat;

import io.cairnfs.client.CairnFile;
import io.cairnfs.client.CairnNodes;
import io.cairnfs.client.CairnNodes.Page;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.OpenOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** Names and contents as text. */
final class NodeTexts {
  private static final int PAGE = 100;

  private NodeTexts() {}

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  /** The content of a file of less than 1 MiB. */
  static String read(CairnNodes nodes, long inode) throws IOException {
    ByteBuffer target = ByteBuffer.allocate(1 << 20);
    try (CairnFile file = nodes.open(inode, OpenOptions.forReading()).file()) {
      while (file.read(target.position(), target) > 0) {
        assertThat(target.hasRemaining()).isTrue();
      }
    }
    return new String(target.array(), 0, target.position(), StandardCharsets.UTF_8);
  }

  /** What a directory has, in the order of its listing. */
  static List<String> names(CairnNodes nodes, long directory) throws IOException {
    List<String> names = new ArrayList<>();
    byte[] after = {};
    Page page;
    do {
      page = nodes.list(directory, after, PAGE);
      for (FileStatus entry : page.entries()) {
        after = entry.nameBytes();
        names.add(new String(after, StandardCharsets.UTF_8));
      }
    } while (page.more());
    return names;
  }
}
