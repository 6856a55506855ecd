/** Names of files: bytes end to end, text only at the edges. */
package io.cairnfs.common.name;
