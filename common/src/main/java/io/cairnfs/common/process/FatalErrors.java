package io.cairnfs.common.process;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What ends a process that can no longer be trusted: a failed force, a violated check, an Error in
 * a server thread. It is never half alive: the message is logged and printed, and the process halts
 * with {@link #EXIT_CODE}.
 */
@FunctionalInterface
public interface FatalErrors {
  /** Exit code of a process that stopped itself. */
  int EXIT_CODE = 70;

  /** Does not return in a real process; a test's implementation records the call. Any thread. */
  void stop(String what, Throwable cause);

  /** The implementation of real processes. */
  static FatalErrors haltProcess() {
    Logger logger = LoggerFactory.getLogger(FatalErrors.class);
    return (what, cause) -> {
      try {
        logger.error("stopping: {}", what, cause);
        System.err.println("cairn: stopping: " + what + ": " + cause);
        System.err.flush();
      } finally {
        Runtime.getRuntime().halt(EXIT_CODE);
      }
    };
  }

  /** A handler for the threads of a process, so that no thread dies silently. */
  static Thread.UncaughtExceptionHandler uncaughtHandler(FatalErrors fatal) {
    return (thread, cause) -> fatal.stop("uncaught in thread " + thread.getName(), cause);
  }
}
