package io.cairnfs.shell.check;

import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.ClusterAdministration;
import io.cairnfs.client.FileExtent;
import io.cairnfs.client.FileStatus;
import io.cairnfs.client.RemoteIterator;
import io.cairnfs.client.WalkedFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.proto.metadata.CheckPageResult;
import io.cairnfs.shell.check.ReplicaSurvey.ChunkFinding;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/**
 * One check of a path and all below it. Every extent must lie inside its chunk's committed length,
 * every replica must be there at the right length; from the root, the metaserver's own tables must
 * agree with one another too. What is written meanwhile may or may not be seen. For one thread.
 */
public final class FileSystemCheck {
  /** Files looked at together, so that data servers are asked for many chunks at once. */
  private static final int BATCH = 500;

  private static final int RECORDS = 4096;
  private static final int VIOLATIONS = 1000;

  private final CairnFileSystem fileSystem;
  private final ReplicaSurvey survey;
  private final Consumer<CheckedFile> listener;
  private long directories;
  private long files;
  private long symlinks;
  private long specials;
  private long bytes;
  private long corruptFiles;

  /**
   * @param listener told of every file, in the order of the walk
   */
  public FileSystemCheck(CairnFileSystem fileSystem, Consumer<CheckedFile> listener) {
    this.fileSystem = fileSystem;
    this.survey = new ReplicaSurvey(fileSystem.administration());
    this.listener = listener;
  }

  /**
   * @throws CairnException if the metaservers cannot be asked
   */
  public CheckResult run(CairnPath path) throws CairnException {
    RemoteIterator<WalkedFile> walk = fileSystem.walk(path, CairnFileSystem.WalkDetail.EXTENTS);
    List<WalkedFile> batch = new ArrayList<>();
    while (walk.hasNext()) {
      WalkedFile walked = walk.next();
      switch (walked.status().type()) {
        case DIRECTORY -> directories++;
        case SYMLINK -> symlinks++;
        case FIFO, SOCKET, CHARACTER_DEVICE, BLOCK_DEVICE -> specials++;
        case FILE -> {
          batch.add(walked);
          if (batch.size() == BATCH) {
            check(batch);
          }
        }
      }
    }
    check(batch);
    return result(path, path.isRoot() ? violations() : List.of());
  }

  private void check(List<WalkedFile> batch) throws CairnException {
    List<FileExtent> extents = new ArrayList<>();
    batch.forEach(walked -> extents.addAll(walked.extents()));
    survey.look(extents);
    batch.forEach(this::check);
    batch.clear();
  }

  private void check(WalkedFile walked) {
    FileStatus status = walked.status();
    files++;
    bytes += status.length();
    List<String> lost = new ArrayList<>();
    long missing = 0;
    for (FileExtent extent : walked.extents()) {
      ChunkFinding finding = survey.of(extent.chunk());
      missing += finding.missing();
      String problem = problem(status, extent, finding);
      if (!problem.isEmpty()) {
        lost.add(problem);
      }
    }
    corruptFiles += lost.isEmpty() ? 0 : 1;
    listener.accept(new CheckedFile(status, walked.extents(), walked.inlineBytes(), lost, missing));
  }

  /** Empty if the range can be read. */
  private static String problem(FileStatus status, FileExtent extent, ChunkFinding finding) {
    String range =
        "bytes "
            + extent.fileOffset()
            + ".."
            + (extent.fileOffset() + extent.length())
            + ", "
            + extent.chunk();
    long end = extent.chunkOffset() + extent.length();
    if (finding.length() < 0) {
      return range + ": there is no such chunk";
    }
    if (end > finding.length()) {
      return range + ": ends at " + end + " of a chunk of " + finding.length() + " bytes";
    }
    if (extent.fileOffset() + extent.length() > status.length()) {
      return range + ": beyond the file's end at " + status.length();
    }
    return finding.isReadableUpTo(end) ? "" : range + ": no replica has these bytes";
  }

  private List<String> violations() throws CairnException {
    ClusterAdministration administration = fileSystem.administration();
    List<String> found = new ArrayList<>();
    byte[] cursor = new byte[0];
    boolean more = true;
    while (more && found.size() < VIOLATIONS) {
      CheckPageResult page = administration.checkPage(cursor, RECORDS);
      found.addAll(page.getViolationsList());
      cursor = page.getCursor().toByteArray();
      more = page.getMore();
    }
    return found;
  }

  private CheckResult result(CairnPath path, List<String> violations) {
    long replicas = 0;
    long under = 0;
    long missing = 0;
    long lostChunks = 0;
    for (ChunkFinding finding : survey.all().values()) {
      replicas += finding.lengths().size();
      missing += finding.missing();
      if (finding.lengths().isEmpty() && finding.expected() > 0 && !finding.computable()) {
        lostChunks++;
      } else if (finding.missing() > 0) {
        under++;
      }
    }
    return new CheckResult(
        path.toString(),
        directories,
        files,
        symlinks,
        specials,
        bytes,
        survey.all().size(),
        replicas,
        under,
        missing,
        lostChunks,
        corruptFiles,
        violations,
        List.copyOf(survey.silentServers()));
  }
}
