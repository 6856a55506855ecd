/**
 * A disk that can lose its power: {@link io.cairnfs.localcluster.volume.LoopVolume} is an ext4 file
 * system in an image file on a loop device, which the kernel shuts down as a cut of the power
 * would. It needs root and loop devices, knows nothing of clusters, and leaves nothing behind.
 */
package io.cairnfs.localcluster.volume;
