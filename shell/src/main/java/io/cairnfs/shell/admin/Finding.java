package io.cairnfs.shell.admin;

/**
 * Something that an operator should know about the cluster.
 *
 * @param name stable, for programs: {@code server-down}
 * @param subject what it is about, such as a server's name; empty if it is the whole cluster
 * @param problem a sentence without its full stop
 * @param advice what to do, a sentence without its full stop; empty if there is nothing to do
 */
record Finding(Level level, String name, String subject, String problem, String advice) {
  /** How bad it is, the worst last. */
  enum Level {
    /** All is well, and somebody may want to know. */
    NOTE,
    /** Promises are kept, with less in reserve. */
    DEGRADED,
    /** Something is lost, or refused, or will be with the next failure of one part. */
    CRITICAL
  }
}
