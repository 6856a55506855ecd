package io.cairnfs.client.base;

import java.util.concurrent.atomic.LongAdder;

/** Counts what a client does. Safe for any thread. */
public final class ClientCounters {
  public final LongAdder metadataCalls = new LongAdder();
  public final LongAdder metadataRetries = new LongAdder();
  public final LongAdder callFailovers = new LongAdder();
  public final LongAdder pipelineFailovers = new LongAdder();
  public final LongAdder readFailovers = new LongAdder();
  public final LongAdder hedgedReads = new LongAdder();
  public final LongAdder degradedReads = new LongAdder();
  public final LongAdder badReplicas = new LongAdder();
  public final LongAdder bytesWritten = new LongAdder();
  public final LongAdder bytesResent = new LongAdder();
  public final LongAdder bytesRead = new LongAdder();
  public final LongAdder blockCacheHits = new LongAdder();
  public final LongAdder blockCacheMisses = new LongAdder();
}
