package io.cairnfs.shell.admin;

import java.io.IOException;

/** What was asked for cannot be answered; the message says why. */
final class AdminException extends IOException {
  private static final long serialVersionUID = 1;

  AdminException(String message) {
    super(message);
  }
}
