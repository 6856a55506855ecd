package io.cairnfs.shell.tree;

/** Capacity of a file system in bytes. */
public record Space(long capacity, long used, long available) {}
