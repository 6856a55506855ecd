/**
 * The consensus engine, which knows no file system. This package is what its users see: {@link
 * io.cairnfs.raft.ReplicatedLog}, offered by the engine, and {@link io.cairnfs.raft.StateMachine},
 * implemented by the user. The packages below it: {@code core} (the protocol, pure), {@code log}
 * and {@code checkpoint} (its disk), {@code driver} (its thread) and {@code simulation} (whole
 * groups on one seeded thread). This package must not know them.
 */
package io.cairnfs.raft;
