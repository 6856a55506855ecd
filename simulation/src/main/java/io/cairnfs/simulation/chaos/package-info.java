/**
 * A cluster of real processes under real faults: {@link io.cairnfs.simulation.chaos.ChaosMain}
 * kills and freezes servers at moments that a seed chooses, while writers whose content describes
 * itself keep account of what was acknowledged; in the end everything heals and all of it must be
 * there.
 */
package io.cairnfs.simulation.chaos;
