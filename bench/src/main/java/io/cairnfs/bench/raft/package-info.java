/**
 * The consensus engine alone: three members in this process, joined by real connections over
 * loopback, each with its own log; beside it Apache Ratis with the same load. {@link
 * io.cairnfs.bench.raft.RaftCommand} is the entry.
 */
package io.cairnfs.bench.raft;
