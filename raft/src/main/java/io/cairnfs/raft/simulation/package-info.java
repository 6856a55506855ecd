/**
 * Whole groups on one seeded thread with virtual time: the real core and the real log, on simulated
 * disks, behind a network that loses, duplicates, reorders and cuts, with processes that die, stop
 * and lose power and members that come and go. {@link io.cairnfs.raft.simulation.RaftSimulation} is
 * the entry.
 *
 * <p>A run of one seed is a function of the seed: everything in it belongs to the thread that runs
 * it, all chance comes from one generator, and nothing may depend on the order of a hash table.
 * After every event {@link io.cairnfs.raft.simulation.Invariants} are checked; at the end
 * everything is healed and the group must converge.
 */
package io.cairnfs.raft.simulation;
