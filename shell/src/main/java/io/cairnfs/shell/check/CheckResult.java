package io.cairnfs.shell.check;

import java.util.List;

/**
 * What a check found.
 *
 * @param chunks chunks that files refer to
 * @param underReplicatedChunks of them, chunks with some but not all replicas
 * @param missingReplicas in all
 * @param lostChunks chunks without one good replica
 * @param corruptFiles files with a range that cannot be read
 * @param violations what is wrong in the metaserver's own tables
 * @param unreachableServers data servers that did not answer
 */
public record CheckResult(
    String path,
    long directories,
    long files,
    long symlinks,
    long specials,
    long bytes,
    long chunks,
    long replicas,
    long underReplicatedChunks,
    long missingReplicas,
    long lostChunks,
    long corruptFiles,
    List<String> violations,
    List<String> unreachableServers) {
  public CheckResult {
    violations = List.copyOf(violations);
    unreachableServers = List.copyOf(unreachableServers);
  }

  public Verdict verdict() {
    if (corruptFiles > 0 || lostChunks > 0 || !violations.isEmpty()) {
      return Verdict.CORRUPT;
    }
    return missingReplicas > 0 ? Verdict.UNDER_REPLICATED : Verdict.HEALTHY;
  }

  /** The last line of a report. */
  public String summary() {
    String text = "The filesystem under path '" + path + "' is " + verdict().word();
    return switch (verdict()) {
      case HEALTHY -> text;
      case UNDER_REPLICATED ->
          text
              + ": "
              + underReplicatedChunks
              + " of "
              + chunks
              + " chunks lack "
              + missingReplicas
              + " replicas";
      case CORRUPT ->
          text
              + ": "
              + corruptFiles
              + " of "
              + files
              + " files cannot be read, "
              + lostChunks
              + " chunks are lost, "
              + violations.size()
              + " records contradict each other";
    };
  }
}
