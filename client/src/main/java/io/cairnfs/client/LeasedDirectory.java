package io.cairnfs.client;

import com.google.protobuf.ByteString;
import io.cairnfs.proto.types.Attributes;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/** A directory that this session has leased. Belongs to the lock of its {@link LeasedTree}. */
final class LeasedDirectory {
  final long inode;
  final long grant;
  final Runnable recalled;
  final Map<ByteString, Long> names = new HashMap<>();
  Attributes.Builder attributes;

  /** Its lease is on its way back: nothing more is deferred there. */
  boolean ending;

  /** The cluster has changed it meanwhile, on this client's behalf: it knows the times. */
  boolean outdated;

  /** Others may have it; or why not all of it was told. */
  final CompletableFuture<Void> ended = new CompletableFuture<>();

  /**
   * @param attributes shared with the node that stands for it, if it was made here
   * @param recalled what the session calls when others want it
   */
  LeasedDirectory(long grant, Attributes.Builder attributes, Runnable recalled) {
    this.inode = attributes.getInode();
    this.grant = grant;
    this.attributes = attributes;
    this.recalled = recalled;
  }

  /** Its names have changed. */
  void touch(long nanos, int links) {
    attributes
        .setMtimeNanos(nanos)
        .setCtimeNanos(nanos)
        .setLinkCount(attributes.getLinkCount() + links);
  }
}
