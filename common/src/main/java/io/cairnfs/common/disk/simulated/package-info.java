/**
 * A {@link io.cairnfs.common.disk.Disk} in memory that fails as disks do, for tests and
 * simulations; {@link io.cairnfs.common.disk.simulated.SimulatedDisk} is the entry. Deterministic:
 * all chance comes from the generators passed in.
 */
package io.cairnfs.common.disk.simulated;
