/** The process that holds the namespace. */
package io.cairnfs.metaserver;
