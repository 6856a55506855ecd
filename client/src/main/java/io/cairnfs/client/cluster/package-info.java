/**
 * Which cluster is meant when a command names none, and who its metaservers are: the same rules for
 * every program. {@link io.cairnfs.client.cluster.ClusterChoice} decides. Configuration is read
 * only where it can matter, because reading it is slow for a command that lives half a second.
 */
package io.cairnfs.client.cluster;
