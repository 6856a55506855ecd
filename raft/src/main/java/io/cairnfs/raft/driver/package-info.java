/**
 * The engine that runs a {@link io.cairnfs.raft.core.RaftCore} on real threads: {@link
 * io.cairnfs.raft.driver.RaftEngine} is the entry. Four threads, each of which owns what it touches
 * and is fed through a {@link io.cairnfs.raft.driver.Mailbox}:
 *
 * <ul>
 *   <li>the state thread owns the core: it takes submissions, messages, completions and time in,
 *       and hands out what the core wants done; it never waits for disk or network;
 *   <li>the disk thread owns log and vote: it writes everything that has queued up and forces it
 *       once; while it forces, the core gathers the next batch;
 *   <li>the apply thread owns the state machine and completes the submitters' futures;
 *   <li>the checkpoint thread makes, fetches and deletes checkpoints and allocates log segments.
 * </ul>
 *
 * <p>An exception that nobody foresaw, on any of them, and every failed write or force goes to
 * {@link io.cairnfs.common.process.FatalErrors}: the process ends, it is never half alive.
 */
package io.cairnfs.raft.driver;
