/** The process that stores chunk replicas. */
package io.cairnfs.dataserver;
