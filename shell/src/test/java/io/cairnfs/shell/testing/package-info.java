/** What the tests of the shell stand on: a file system in memory, and runs of command lines. */
package io.cairnfs.shell.testing;
