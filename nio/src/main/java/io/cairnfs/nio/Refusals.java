package io.cairnfs.nio;

import io.cairnfs.common.error.CairnException;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;

/**
 * Turns the cluster's refusals into the exceptions of {@code java.nio.file}. What has no class of
 * its own there becomes a {@link FileSystemException} with the reason. The refusal itself is the
 * cause.
 */
final class Refusals {
  private Refusals() {}

  static IOException of(CairnException refusal, NioPath file) {
    return of(refusal, file.toString(), null);
  }

  static IOException of(CairnException refusal, NioPath file, NioPath other) {
    return of(refusal, file.toString(), other.toString());
  }

  private static IOException of(CairnException refusal, String file, String other) {
    FileSystemException translated =
        switch (refusal.code()) {
          case NOT_FOUND -> new NoSuchFileException(file, other, null);
          case EXISTS -> new FileAlreadyExistsException(other == null ? file : other);
          case NOT_EMPTY -> new DirectoryNotEmptyException(other == null ? file : other);
          case PERMISSION_DENIED -> new AccessDeniedException(file, other, refusal.getMessage());
          default -> new FileSystemException(file, other, reason(refusal));
        };
    translated.initCause(refusal);
    return translated;
  }

  /** The words that users of POSIX systems know, with what the cluster says. */
  private static String reason(CairnException refusal) {
    String text =
        switch (refusal.code()) {
          case NOT_A_DIRECTORY -> "Not a directory";
          default -> refusal.code().text();
        };
    return text + ": " + refusal.getMessage();
  }
}
