package io.cairnfs.rpc.server;

/** How callers are known, which decides where a server may listen. */
public enum SecurityMode {
  /** Nobody said: callers are believed, so only loopback addresses are allowed. */
  LOOPBACK_ONLY,
  /** The configuration says {@code security.mode = none}: callers are believed, from anywhere. */
  NONE
}
