/** What the wire's headers refer to by number. */
package io.cairnfs.common.rpc;
