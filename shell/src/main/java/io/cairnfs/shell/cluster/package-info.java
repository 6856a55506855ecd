/**
 * The connection to the cluster that is meant, for the programs of the shell. {@link
 * io.cairnfs.shell.cluster.Program} is the entry of the operators' programs.
 */
package io.cairnfs.shell.cluster;
