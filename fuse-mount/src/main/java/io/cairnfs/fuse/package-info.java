/** The FUSE mount. */
package io.cairnfs.fuse;
