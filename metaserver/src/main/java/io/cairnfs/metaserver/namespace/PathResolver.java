package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Walks paths for one principal. Every directory that is walked through needs the search
 * permission; so does the directory a name is looked up in. Slashes may lead, trail and repeat.
 * {@code .} and {@code ..} are no names here: whoever joins paths resolves them. Symlinks are not
 * followed: one in the middle of a path is NOT_A_DIRECTORY.
 *
 * <p>Refusals: NOT_FOUND, NOT_A_DIRECTORY, PERMISSION_DENIED, NAME_TOO_LONG (a path above {@value
 * #MAX_PATH_BYTES} bytes or a name above 255), INVALID_ARGUMENT (NUL, {@code .} or {@code ..}).
 */
public final class PathResolver {
  public static final int MAX_PATH_BYTES = 4096;

  private final Namespace namespace;
  private final Principal principal;

  public PathResolver(Namespace namespace, Principal principal) {
    this.namespace = namespace;
    this.principal = principal;
  }

  /**
   * Where a path leads: the directory it ends in, the last name, and what stands there.
   *
   * @param name absent if the path is empty: the target is the base itself
   * @param parent the directory that holds the name; the target itself if there is no name
   */
  public record Place(InodeRecord parent, Optional<FileName> name, Optional<InodeRecord> target) {
    /** What stands there. */
    public InodeRecord requireTarget(NodeRef ref) throws CairnException {
      return target.orElseThrow(() -> notFound(ref));
    }

    /** The name to be made or removed: the root and a base by id have none. */
    public FileName requireName(NodeRef ref) throws CairnException {
      return name.orElseThrow(
          () ->
              new CairnException(
                  ErrorCode.INVALID_ARGUMENT, describe(ref) + " has no name of its own here"));
    }
  }

  /** What a reference leads to. */
  public InodeRecord resolve(NodeRef ref) throws CairnException {
    return locate(ref).requireTarget(ref);
  }

  /** The directory a reference ends in, which must exist, and what is there, if anything. */
  public Place locate(NodeRef ref) throws CairnException {
    List<FileName> names = split(ref);
    InodeRecord at = base(ref);
    if (names.isEmpty()) {
      return new Place(at, Optional.empty(), Optional.of(at));
    }
    for (int i = 0; i < names.size() - 1; i++) {
      at = step(at, names.get(i), ref).orElseThrow(() -> notFound(ref));
    }
    FileName last = names.get(names.size() - 1);
    Optional<InodeRecord> target = step(at, last, ref);
    return new Place(at, Optional.of(last), target);
  }

  /** The inode that a reference starts at. */
  public InodeRecord base(NodeRef ref) throws CairnException {
    long id = ref.getBase();
    if (id == 0) {
      return namespace
          .inode(InodeId.ROOT)
          .orElseThrow(
              () -> new CairnException(ErrorCode.UNAVAILABLE, "the cluster is not bootstrapped"));
    }
    Optional<InodeRecord> base = id < 0 ? Optional.empty() : namespace.inode(new InodeId(id));
    return base.filter(namespace::isReachable).orElseThrow(() -> notFound(ref));
  }

  /** What stands under a name in a directory that the path has led to. */
  public Optional<InodeRecord> step(InodeRecord directory, FileName name, NodeRef ref)
      throws CairnException {
    if (!directory.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY,
          describe(ref) + ": what stands before '" + name + "' is not a directory");
    }
    Permissions.require(directory, principal, Permissions.SEARCH, () -> describe(ref));
    return namespace
        .dentry(directory.id(), name)
        .map(dentry -> namespace.requireInode(dentry.inode()));
  }

  /** The names of a path. */
  public static List<FileName> split(NodeRef ref) throws CairnException {
    ByteString path = ref.getPath();
    if (path.size() > MAX_PATH_BYTES) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG,
          "path of " + path.size() + " bytes; at most " + MAX_PATH_BYTES + " are possible");
    }
    byte[] bytes = path.toByteArray();
    List<FileName> names = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= bytes.length; i++) {
      if (i == bytes.length || bytes[i] == '/') {
        if (i > start) {
          names.add(FileName.of(Arrays.copyOfRange(bytes, start, i)));
        }
        start = i + 1;
      }
    }
    return names;
  }

  public static CairnException notFound(NodeRef ref) {
    return new CairnException(ErrorCode.NOT_FOUND, describe(ref) + ": no such file or directory");
  }

  /** For messages: the path, behind the inode it starts at unless that is the root. */
  public static String describe(NodeRef ref) {
    String path = ref.getPath().toString(StandardCharsets.UTF_8);
    if (ref.getBase() == 0 || ref.getBase() == InodeId.ROOT.value()) {
      return path.startsWith("/") ? path : "/" + path;
    }
    return path.isEmpty() ? "inode=" + ref.getBase() : "inode=" + ref.getBase() + " " + path;
  }
}
