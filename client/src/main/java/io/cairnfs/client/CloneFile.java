package io.cairnfs.client;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/**
 * Makes a new file that shares all data of another one. Where an existing file is replaced, or
 * nobody is to see half a file, it is made beside the target and renamed when it is complete.
 */
final class CloneFile {
  private static final String SUFFIX = "._CLONING_";

  private final CairnFileSystem fs;
  private final CairnPath source;
  private final CairnPath target;
  private final CreateOptions creation;

  CloneFile(CairnFileSystem fs, CairnPath source, CairnPath target, CreateOptions creation) {
    this.fs = fs;
    this.source = source;
    this.target = target;
    this.creation = creation;
  }

  FileStatus run() throws CairnException {
    boolean replace = creation.existing() == CreateOptions.Existing.REPLACE;
    boolean beside = replace || creation.visibility() == CreateOptions.Visibility.DEFERRED;
    try (CairnFile from = fs.openFile(source, OpenOptions.forReading())) {
      long inode = from.status().inode();
      if (replace && fs.find(target).map(FileStatus::inode).orElse(0L) == inode) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT, source + " and " + target + " are the same file");
      }
      if (!replace && fs.exists(target)) {
        throw new CairnException(ErrorCode.EXISTS, target + " exists");
      }
      makeParents();
      CairnPath made = beside ? CairnPath.of(target + SUFFIX + Long.toHexString(inode)) : target;
      fill(from, made);
      if (beside) {
        return fs.rename(
            made,
            target,
            replace ? CairnFileSystem.RenameMode.REPLACE : CairnFileSystem.RenameMode.NO_REPLACE);
      }
      return fs.stat(target);
    } catch (CairnException e) {
      throw e;
    } catch (java.io.IOException e) {
      throw new CairnException(ErrorCode.IO_ERROR, source + ": " + e.getMessage(), e);
    }
  }

  private void makeParents() throws CairnException {
    if (creation.parents() == CreateOptions.Parents.CREATE) {
      var unused = fs.mkdirs(target.parent().orElse(CairnPath.ROOT), 0777);
    }
  }

  private void fill(CairnFile from, CairnPath made) throws java.io.IOException {
    OpenOptions opening =
        OpenOptions.forWriting()
            .createNew()
            .withMode(creation.mode())
            .withReplication(creation.replication())
            .withChunkBytes(creation.chunkBytes());
    boolean complete = false;
    try {
      try (CairnFile to = fs.openFile(made, opening)) {
        var unused = fs.copyRange(from, 0, to, 0, Long.MAX_VALUE);
      }
      if (creation.modificationTimeNanos() != 0) {
        var unused =
            fs.setAttributes(
                made,
                AttributeChange.none().modificationTimeNanos(creation.modificationTimeNanos()));
      }
      complete = true;
    } finally {
      if (!complete) {
        var unused = fs.delete(made, CairnFileSystem.DeleteMode.SINGLE);
      }
    }
  }
}
