package io.cairnfs.simulation.history;

import io.cairnfs.common.disk.SystemDisk;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.raft.log.StoredLog;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/** The logs of the metaservers of one cluster. */
public final class MemberLogs {
  private record Candidate(StoredLog log, StoredLog.Extent extent) {}

  private MemberLogs() {}

  /**
   * The log that has all that was ever committed: of the newest term, and there the longest, of
   * those that begin with the first entry. When nothing is being submitted, that is each of them;
   * of clusters whose members were not in step when they ended, all must be given.
   *
   * @param directories of metaservers
   * @throws CairnException INVALID_ARGUMENT if none reaches back to the first entry
   */
  public static HistoryCheck.Log newest(List<Path> directories) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    for (Path directory : directories) {
      StoredLog log = new StoredLog(new SystemDisk(directory.resolve("raft/log")), "");
      candidates.add(new Candidate(log, log.read(entry -> {})));
    }
    Candidate newest =
        candidates.stream()
            .filter(each -> each.extent().firstIndex() == 1)
            .max(
                Comparator.<Candidate>comparingLong(each -> each.extent().lastTerm())
                    .thenComparingLong(each -> each.extent().lastIndex()))
            .orElseThrow(
                () ->
                    new CairnException(
                        ErrorCode.INVALID_ARGUMENT,
                        "no log in "
                            + directories
                            + " reaches back to the first entry; a cluster under test keeps it with"
                            + " a large raft.checkpoint-log-bytes"));
    return newest.log()::read;
  }
}
