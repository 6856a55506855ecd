/** The one error vocabulary. {@link io.cairnfs.common.error.ErrorCode} is its entry. */
package io.cairnfs.common.error;
