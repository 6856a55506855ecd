/**
 * Which cluster is meant when a command names none, who its metaservers are, and the connection to
 * it. {@link io.cairnfs.shell.cluster.ClusterChoice} decides. Configuration is read only where it
 * can matter, because reading it is slow for a command that lives half a second.
 */
package io.cairnfs.shell.cluster;
