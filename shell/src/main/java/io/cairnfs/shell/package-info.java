/** The dfs and administration commands. */
package io.cairnfs.shell;
