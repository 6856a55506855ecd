/** How a server process starts, says who it is, and ends. */
package io.cairnfs.common.process;
