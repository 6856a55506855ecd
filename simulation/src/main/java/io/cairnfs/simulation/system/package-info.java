/**
 * A whole cluster on one seeded thread with virtual time: the real consensus core, state machine,
 * services and leader's duties on three metaservers and more, the real replicas and pipelines on
 * four data servers and more, and clients that write, read, fail and come back; network, disks and
 * clocks are simulated.
 */
package io.cairnfs.simulation.system;
