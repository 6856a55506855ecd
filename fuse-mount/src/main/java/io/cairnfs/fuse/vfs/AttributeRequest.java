package io.cairnfs.fuse.vfs;

import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * What a SETATTR changes; what is empty stays as it is.
 *
 * @param handle an open file that the change is made through
 * @param killSetId the caller changes the content and may not keep set-id bits
 */
public record AttributeRequest(
    OptionalLong handle,
    OptionalInt mode,
    OptionalInt uid,
    OptionalInt gid,
    OptionalLong size,
    OptionalLong accessedNanos,
    OptionalLong modifiedNanos,
    boolean killSetId) {}
