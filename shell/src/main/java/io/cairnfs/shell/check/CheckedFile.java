package io.cairnfs.shell.check;

import io.cairnfs.client.FileExtent;
import io.cairnfs.client.FileStatus;
import java.util.List;

/**
 * A file, and what is wrong with it.
 *
 * @param lost ranges that no good replica has, or that lie outside their chunk
 * @param missingReplicas replicas that should be there and are not
 */
public record CheckedFile(
    FileStatus status,
    List<FileExtent> extents,
    int inlineBytes,
    List<String> lost,
    long missingReplicas) {
  public CheckedFile {
    extents = List.copyOf(extents);
    lost = List.copyOf(lost);
  }
}
