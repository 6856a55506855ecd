package io.cairnfs.shell.tree;

import io.cairnfs.client.CairnPath;

/** A name in a directory, or one met on a walk, with its attributes. */
public record Entry(CairnPath path, Facts facts) {}
