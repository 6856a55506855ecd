package io.cairnfs.raft.driver;

import io.cairnfs.common.metrics.Counter;
import io.cairnfs.common.metrics.Histogram;
import io.cairnfs.common.metrics.MetricRegistry;

/** What the engine counts. */
final class EngineMetrics {
  final Histogram appendEntries;
  final Histogram appendBytes;
  final Histogram writeMicros;
  final Histogram forceMicros;
  final Histogram voteMicros;
  final Histogram commitMicros;
  final Histogram applyEntries;
  final Histogram checkpointMillis;
  final Counter submitted;
  final Counter refused;
  final Counter leaseReads;
  final Counter confirmedReads;
  final Counter elections;
  final Counter checkpoints;
  final Counter installs;
  final Counter stalls;
  final Counter foreign;

  EngineMetrics(MetricRegistry registry) {
    appendEntries = registry.histogram("raft.append.entries");
    appendBytes = registry.histogram("raft.append.bytes");
    writeMicros = registry.histogram("raft.write.micros");
    forceMicros = registry.histogram("raft.force.micros");
    voteMicros = registry.histogram("raft.vote.micros");
    commitMicros = registry.histogram("raft.commit.micros");
    applyEntries = registry.histogram("raft.apply.entries");
    checkpointMillis = registry.histogram("raft.checkpoint.millis");
    submitted = registry.counter("raft.submitted.count");
    refused = registry.counter("raft.refused.count");
    leaseReads = registry.counter("raft.reads.lease.count");
    confirmedReads = registry.counter("raft.reads.confirmed.count");
    elections = registry.counter("raft.leaderships.count");
    checkpoints = registry.counter("raft.checkpoints.count");
    installs = registry.counter("raft.installs.count");
    stalls = registry.counter("raft.stalls.count");
    foreign = registry.counter("raft.foreign.messages.count");
  }
}
