/**
 * The protocol: Raft with pre-vote, check-quorum, leases, learners and single-server membership
 * changes, as a pure state machine. {@link io.cairnfs.raft.core.RaftCore} is the entry. One thread
 * owns it; it knows no clock, thread, disk or socket: inputs are messages, times, proposals and
 * completions, the output is one {@link io.cairnfs.raft.core.Effects} per round of inputs.
 *
 * <p>Source: D. Ongaro, Consensus: Bridging Theory and Practice (2014), cited by section.
 */
package io.cairnfs.raft.core;
