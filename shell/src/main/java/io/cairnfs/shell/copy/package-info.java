/**
 * Copying files between trees: one by one with a temporary name, many in parallel, with progress on
 * a terminal. {@link io.cairnfs.shell.copy.Copier} is the entry. Workers only copy; whoever calls
 * the copier owns everything else and hears of errors in the order of the sources.
 */
package io.cairnfs.shell.copy;
