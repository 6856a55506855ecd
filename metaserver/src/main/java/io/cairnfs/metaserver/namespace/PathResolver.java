package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.common.id.SessionId;
import io.cairnfs.common.name.FileName;
import io.cairnfs.proto.types.NodeRef;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * Walks paths for one principal. Every directory that is walked through needs the search
 * permission; so does the directory a name is looked up in. Slashes may lead, trail and repeat.
 * {@code .} and {@code ..} are no names here: whoever joins paths resolves them. In the target of a
 * symlink they mean what they do in POSIX.
 *
 * <p>Symlinks before the last name are followed, one that is the last name as the caller says: at
 * most {@value #MAX_FOLLOWED} in one path, whether they lead round in a circle or not.
 *
 * <p>A base that has no name any more, nor stands below one that has, exists for whoever has it
 * open and shows his handle.
 *
 * <p>Before anything of a directory is looked at, its guard says whether that may be.
 *
 * <p>Refusals: RETRY (of the guard), STALE_HANDLE (one that proves nothing), NOT_FOUND,
 * NOT_A_DIRECTORY, PERMISSION_DENIED, SYMLINK_LOOP, NAME_TOO_LONG (a path above {@value
 * #MAX_PATH_BYTES} bytes or a name above 255), INVALID_ARGUMENT (NUL, {@code .} or {@code ..}).
 */
public final class PathResolver {
  public static final int MAX_PATH_BYTES = 4096;

  /** As Linux has it; POSIX' SYMLOOP_MAX is at least 8. */
  public static final int MAX_FOLLOWED = 40;

  private final Namespace namespace;
  private final Principal principal;

  private final DirectoryGuard guard;

  /**
   * @param guard asked of every directory that a path leads through or to
   */
  public PathResolver(Namespace namespace, Principal principal, DirectoryGuard guard) {
    this.namespace = namespace;
    this.principal = principal;
    this.guard = guard;
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

  /** What becomes of a symlink that the last name of a path is. */
  public enum LastLink {
    /** The path leads to what the link leads to. */
    FOLLOWED,
    /** The path leads to the link itself. */
    KEPT
  }

  /** What to do for a directory that is missing on the way. */
  public interface MissingDirectory {
    InodeRecord make(InodeRecord parent, FileName name) throws CairnException;
  }

  /** What a reference leads to. */
  public InodeRecord resolve(NodeRef ref, LastLink lastLink) throws CairnException {
    return locate(ref, lastLink).requireTarget(ref);
  }

  /**
   * The directory a reference ends in, which must exist, and what is there, if anything: behind a
   * symlink that is followed, the directory and the name that it leads to.
   */
  public Place locate(NodeRef ref, LastLink lastLink) throws CairnException {
    return locate(
        ref,
        lastLink,
        (parent, name) -> {
          throw notFound(ref);
        });
  }

  /** As {@link #locate(NodeRef, LastLink)}, with what is to be done for missing directories. */
  public Place locate(NodeRef ref, LastLink lastLink, MissingDirectory missing)
      throws CairnException {
    // Empty: the directory above.
    Deque<Optional<FileName>> ahead = new ArrayDeque<>();
    split(ref).forEach(name -> ahead.add(Optional.of(name)));
    InodeRecord at = base(ref);
    int followed = 0;
    while (!ahead.isEmpty()) {
      Optional<FileName> next = ahead.remove();
      if (next.isEmpty()) {
        at = above(at, ref);
        continue;
      }
      Optional<InodeRecord> found = step(at, next.get(), ref);
      boolean last = ahead.isEmpty();
      if (found.isPresent()
          && found.get().isSymlink()
          && (!last || lastLink == LastLink.FOLLOWED)) {
        if (++followed > MAX_FOLLOWED) {
          throw new CairnException(
              ErrorCode.SYMLINK_LOOP,
              describe(ref) + ": more than " + MAX_FOLLOWED + " symlinks on the way");
        }
        ByteString target = found.get().symlinkTarget();
        turn(target, ahead);
        at = target.byteAt(0) == '/' ? root() : at;
      } else if (last) {
        if (found.isPresent()) {
          enter(found.get(), ref);
        }
        return new Place(at, next, found);
      } else {
        at = found.isPresent() ? found.get() : missing.make(at, next.get());
      }
    }
    enter(at, ref);
    return new Place(at, Optional.empty(), Optional.of(at));
  }

  private void enter(InodeRecord inode, NodeRef ref) throws CairnException {
    if (inode.isDirectory()) {
      guard.enter(inode, ref);
    }
  }

  private InodeRecord above(InodeRecord directory, NodeRef ref) throws CairnException {
    requireSearchable(directory, "..", ref);
    return directory.id().equals(InodeId.ROOT)
        ? directory
        : namespace.requireInode(new InodeId(directory.parent()));
  }

  /** Puts the components of a symlink's target before what is ahead. */
  private static void turn(ByteString target, Deque<Optional<FileName>> ahead)
      throws CairnException {
    List<Optional<FileName>> components = new ArrayList<>();
    for (byte[] component : components(target.toByteArray())) {
      boolean dots = component[0] == '.' && component[component.length - 1] == '.';
      if (!dots || component.length > 2) {
        components.add(Optional.of(FileName.of(component)));
      } else if (component.length == 2) {
        components.add(Optional.empty());
      }
    }
    Collections.reverse(components);
    components.forEach(ahead::addFirst);
  }

  /** The inode that a reference starts at. */
  private InodeRecord base(NodeRef ref) throws CairnException {
    long id = ref.getBase();
    if (id == 0) {
      return root();
    }
    Optional<InodeRecord> base = id < 0 ? Optional.empty() : namespace.inode(new InodeId(id));
    InodeRecord found = base.orElseThrow(() -> notFound(ref));
    if (!namespace.isReachable(found) && !isOpen(found.id(), ref.getHandle())) {
      throw notFound(ref);
    }
    return found;
  }

  /** Whoever has a file open shows it by his handle; a file without a name is there for him. */
  private boolean isOpen(InodeId inode, ByteString handle) throws CairnException {
    if (handle.isEmpty()) {
      return false;
    }
    ClusterRecord cluster =
        ClusterRecord.find(namespace.reader())
            .orElseThrow(
                () -> new CairnException(ErrorCode.UNAVAILABLE, "the cluster is not bootstrapped"));
    long session = FileHandle.verify(cluster, handle, inode, principal.caller()).session();
    return session > 0
        && namespace
            .session(new SessionId(session))
            .filter(open -> open.user().equals(principal.caller()))
            .isPresent();
  }

  private InodeRecord root() throws CairnException {
    return namespace
        .inode(InodeId.ROOT)
        .orElseThrow(
            () -> new CairnException(ErrorCode.UNAVAILABLE, "the cluster is not bootstrapped"));
  }

  /** What stands under a name in a directory that the path has led to. */
  private Optional<InodeRecord> step(InodeRecord directory, FileName name, NodeRef ref)
      throws CairnException {
    requireSearchable(directory, name, ref);
    return namespace
        .dentry(directory.id(), name)
        .map(dentry -> namespace.requireInode(dentry.inode()));
  }

  private void requireSearchable(InodeRecord directory, Object name, NodeRef ref)
      throws CairnException {
    if (!directory.isDirectory()) {
      throw new CairnException(
          ErrorCode.NOT_A_DIRECTORY,
          describe(ref) + ": what stands before '" + name + "' is not a directory");
    }
    guard.enter(directory, ref);
    Permissions.require(directory, principal, Permissions.SEARCH, () -> describe(ref));
  }

  /** The names of a path. */
  public static List<FileName> split(NodeRef ref) throws CairnException {
    ByteString path = ref.getPath();
    if (path.size() > MAX_PATH_BYTES) {
      throw new CairnException(
          ErrorCode.NAME_TOO_LONG,
          "path of " + path.size() + " bytes; at most " + MAX_PATH_BYTES + " are possible");
    }
    List<FileName> names = new ArrayList<>();
    for (byte[] component : components(path.toByteArray())) {
      names.add(FileName.of(component));
    }
    return names;
  }

  /** What stands between slashes, without what is empty. */
  private static List<byte[]> components(byte[] path) {
    List<byte[]> components = new ArrayList<>();
    int start = 0;
    for (int i = 0; i <= path.length; i++) {
      if (i == path.length || path[i] == '/') {
        if (i > start) {
          components.add(Arrays.copyOfRange(path, start, i));
        }
        start = i + 1;
      }
    }
    return components;
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
