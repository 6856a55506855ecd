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
    boolean killSetId) {

  /** Changes nothing yet. */
  public static AttributeRequest none() {
    return new AttributeRequest(
        OptionalLong.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        OptionalLong.empty(),
        false);
  }

  public AttributeRequest by(long open) {
    return new AttributeRequest(
        OptionalLong.of(open), mode, uid, gid, size, accessedNanos, modifiedNanos, killSetId);
  }

  public AttributeRequest withMode(int bits) {
    return new AttributeRequest(
        handle, OptionalInt.of(bits), uid, gid, size, accessedNanos, modifiedNanos, killSetId);
  }

  public AttributeRequest withOwner(OptionalInt user, OptionalInt group) {
    return new AttributeRequest(
        handle, mode, user, group, size, accessedNanos, modifiedNanos, killSetId);
  }

  public AttributeRequest withSize(long bytes) {
    return new AttributeRequest(
        handle, mode, uid, gid, OptionalLong.of(bytes), accessedNanos, modifiedNanos, killSetId);
  }

  public AttributeRequest withTimes(OptionalLong accessed, OptionalLong modified) {
    return new AttributeRequest(handle, mode, uid, gid, size, accessed, modified, killSetId);
  }
}
