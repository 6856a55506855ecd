package io.cairnfs.shell.tree;

/**
 * What a path and all below it amount to.
 *
 * @param space bytes with all replicas
 */
public record Totals(long directories, long files, long bytes, long space) {}
