package io.cairnfs.metaserver.operation;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;

/**
 * The mode that something is to be made with.
 *
 * @param umask bits that it does not get; without effect where a default ACL says what it gets
 */
record NewMode(int mode, int umask) {
  /**
   * @throws CairnException INVALID_ARGUMENT
   */
  static NewMode checked(int mode, int umask) throws CairnException {
    if ((umask & ~0777) != 0) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT, "umask 0" + Integer.toOctalString(umask) + " above 0777");
    }
    return new NewMode(FileLimits.requireMode(mode), umask);
  }

  int masked() {
    return mode & ~umask;
  }
}
