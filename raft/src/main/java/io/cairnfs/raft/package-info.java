/** The consensus engine. Knows no file system. */
package io.cairnfs.raft;
