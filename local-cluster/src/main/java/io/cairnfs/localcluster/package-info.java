/**
 * A whole cluster on one machine, in one JVM or as a process per role, driven by {@code bin/cairn
 * local}: the embedded default, the first thing a user meets, and the rig of the tests with real
 * processes. {@link io.cairnfs.localcluster.ClusterDirectory} holds what is known of a cluster on
 * disk.
 */
package io.cairnfs.localcluster;
