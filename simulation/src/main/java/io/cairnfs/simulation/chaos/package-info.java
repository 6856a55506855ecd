/**
 * A cluster of real processes under real faults: {@link io.cairnfs.simulation.chaos.ChaosMain}
 * strikes by one of four schedules at moments that a seed chooses, while writers whose content
 * describes itself keep account of what was acknowledged; in the end everything heals and all of it
 * must be there. {@link io.cairnfs.simulation.chaos.ChaosCluster} gives the processes networks,
 * disks and proxies that can be troubled, and takes all of it away again; each schedule is a {@link
 * io.cairnfs.simulation.chaos.FaultSource}, of the thread of the main program.
 */
package io.cairnfs.simulation.chaos;
