/** Time that comes in through constructors. */
package io.cairnfs.common.time;
