package io.cairnfs.client;

import java.util.List;
import java.util.Objects;

/**
 * One inode met by {@link CairnFileSystem#walk}.
 *
 * @param extents where the content is, if it was asked for; empty for inline content
 * @param inlineBytes bytes of content that the metadata holds
 */
public record WalkedFile(FileStatus status, List<FileExtent> extents, int inlineBytes) {
  public WalkedFile {
    Objects.requireNonNull(status, "status");
    extents = List.copyOf(extents);
  }
}
