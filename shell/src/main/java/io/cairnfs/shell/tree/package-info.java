/**
 * The trees of files that commands work on: a cluster's and the local one behind one interface, the
 * operands that users type, and the patterns in them. {@link io.cairnfs.shell.tree.Trees} turns a
 * word into operands. Knows nothing of commands and prints nothing.
 */
package io.cairnfs.shell.tree;
