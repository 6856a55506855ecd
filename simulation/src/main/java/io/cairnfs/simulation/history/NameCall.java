package io.cairnfs.simulation.history;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.ListDirectory;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.RenameMode;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import io.cairnfs.proto.types.NodeRef;
import io.cairnfs.simulation.history.NameTree.Node;
import io.cairnfs.simulation.history.ObservedCall.Outcome;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * A call as {@link OrderSearch} understands it: which names it makes, moves, removes and sees, and
 * what its caller was told. Rights, lengths, times and bytes are none of its business; a refusal
 * for one of those has no effect and is taken as it came.
 */
final class NameCall {
  private final ObservedCall call;
  private final Outcome outcome;
  private final List<String> paths;
  private final Effect effect;

  /** What it does to a tree, or the error that it must be refused with. */
  private interface Effect {
    NameTree apply(NameTree tree) throws Refused;
  }

  private static final class Refused extends Exception {
    private static final long serialVersionUID = 1;

    private final transient Optional<ErrorCode> code;

    Refused(Optional<ErrorCode> code) {
      super(null, null, false, false);
      this.code = code;
    }
  }

  private NameCall(ObservedCall call, List<String> paths, Effect effect) {
    this.call = call;
    this.outcome = call.outcome();
    this.paths = paths;
    this.effect = effect;
  }

  /** Empty if it is not about paths from the root on. */
  static Optional<NameCall> of(ObservedCall call) {
    if (call.isMutation()) {
      return ofMutation(call, call.operation());
    }
    return call.outcome() == Outcome.UNKNOWN ? Optional.empty() : ofRead(call, call.read());
  }

  /** After such a call the names are no tree any more, or are another one. */
  static boolean makesLinks(ObservedCall call) {
    if (!call.isMutation()) {
      return false;
    }
    Operation operation = call.operation();
    return operation.hasSymlink()
        || operation.hasLink()
        || operation.getRename().getMode() == RenameMode.EXCHANGE;
  }

  ObservedCall call() {
    return call;
  }

  boolean isPending() {
    return outcome == Outcome.UNKNOWN;
  }

  /** First names of the paths: what happens under one of them has to do with the others. */
  List<String> tops() {
    return paths.stream().map(path -> path.split("/", 2)[0]).toList();
  }

  /** The tree afterwards, if what the caller was told can be true of this one. */
  Optional<NameTree> apply(NameTree tree) {
    try {
      NameTree changed = effect.apply(tree);
      return switch (outcome) {
        case ANSWERED, UNKNOWN -> Optional.of(changed);
        case REFUSED -> isJudged(call.code()) ? Optional.empty() : Optional.of(tree);
      };
    } catch (Refused refused) {
      boolean same =
          switch (outcome) {
            case ANSWERED -> false;
            case UNKNOWN -> refused.code.isPresent();
            case REFUSED ->
                !isJudged(call.code())
                    || refused.code.filter(code -> code == call.code()).isPresent();
          };
      return same ? Optional.of(tree) : Optional.empty();
    }
  }

  private static boolean isJudged(ErrorCode code) {
    return switch (code) {
      case NOT_FOUND, EXISTS, NOT_A_DIRECTORY, IS_A_DIRECTORY, NOT_EMPTY -> true;
      default -> false;
    };
  }

  // What may be true of a tree.

  private static void refuseIf(boolean bad, ErrorCode code) throws Refused {
    if (bad) {
      throw new Refused(Optional.of(code));
    }
  }

  /** What the caller was told is not so. */
  private static void require(boolean seen) throws Refused {
    if (!seen) {
      throw new Refused(Optional.empty());
    }
  }

  /** All on the way must be directories that exist. */
  private static void requireWay(NameTree tree, String path) throws Refused {
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      Node on = tree.get(path.substring(0, slash));
      refuseIf(on == null, ErrorCode.NOT_FOUND);
      refuseIf(!on.directory(), ErrorCode.NOT_A_DIRECTORY);
    }
  }

  private static Node existing(NameTree tree, String path) throws Refused {
    requireWay(tree, path);
    Node node = tree.get(path);
    refuseIf(node == null, ErrorCode.NOT_FOUND);
    return node;
  }

  /** With directories that were missing on the way. */
  private static NameTree withWay(NameTree tree, String path) throws Refused {
    NameTree made = tree;
    for (int slash = path.indexOf('/'); slash >= 0; slash = path.indexOf('/', slash + 1)) {
      String on = path.substring(0, slash);
      Node node = made.get(on);
      refuseIf(node != null && !node.directory(), ErrorCode.NOT_A_DIRECTORY);
      if (node == null) {
        made = made.with(on, new Node(true, 0));
      }
    }
    return made;
  }

  // Mutations.

  private static Optional<NameCall> ofMutation(ObservedCall call, Operation operation) {
    long inode = toldInode(call);
    return switch (operation.getKindCase()) {
      case MKDIR ->
          path(operation.getMkdir().getTarget())
              .map(
                  path ->
                      new NameCall(
                          call,
                          List.of(path),
                          tree ->
                              mkdir(
                                  tree,
                                  path,
                                  operation.getMkdir().getParents(),
                                  operation.getMkdir().getExistOk(),
                                  inode)));
      case CREATE ->
          path(operation.getCreate().getTarget())
              .map(
                  path ->
                      new NameCall(
                          call,
                          List.of(path),
                          tree ->
                              create(
                                  tree,
                                  path,
                                  operation.getCreate().getParents(),
                                  operation.getCreate().getOverwrite(),
                                  inode)));
      case RENAME -> ofRename(call, operation, inode);
      case UNLINK ->
          path(operation.getUnlink().getTarget())
              .map(path -> new NameCall(call, List.of(path), tree -> unlink(tree, path)));
      case RMDIR ->
          path(operation.getRmdir().getTarget())
              .map(path -> new NameCall(call, List.of(path), tree -> rmdir(tree, path)));
      case DELETE_TREE ->
          path(operation.getDeleteTree().getTarget())
              .map(path -> new NameCall(call, List.of(path), tree -> deleteTree(tree, path)));
      case SET_ATTRIBUTES ->
          path(operation.getSetAttributes().getTarget())
              .map(path -> new NameCall(call, List.of(path), tree -> seen(tree, path, call)));
      case OPEN_FOR_WRITE ->
          path(operation.getOpenForWrite().getTarget())
              .map(
                  path ->
                      new NameCall(call, List.of(path), tree -> openForWrite(tree, path, inode)));
      default -> Optional.empty();
    };
  }

  private static Optional<NameCall> ofRename(ObservedCall call, Operation operation, long inode) {
    Optional<String> from = path(operation.getRename().getSource());
    Optional<String> to = path(operation.getRename().getTarget());
    if (from.isEmpty() || to.isEmpty()) {
      return Optional.empty();
    }
    boolean replaces = operation.getRename().getMode() == RenameMode.REPLACE;
    return Optional.of(
        new NameCall(
            call,
            List.of(from.get(), to.get()),
            tree -> rename(tree, from.get(), to.get(), replaces, inode)));
  }

  private static long toldInode(ObservedCall call) {
    if (call.outcome() != Outcome.ANSWERED) {
      return 0;
    }
    OperationResult result = call.result();
    return switch (result.getKindCase()) {
      case ATTRIBUTES -> result.getAttributes().getInode();
      case CREATE -> result.getCreate().getAttributes().getInode();
      case RENAME -> result.getRename().getAttributes().getInode();
      default -> 0;
    };
  }

  private static NameTree mkdir(
      NameTree tree, String path, boolean parents, boolean existOk, long inode) throws Refused {
    NameTree made = tree;
    if (parents) {
      made = withWay(tree, path);
    } else {
      requireWay(tree, path);
    }
    Node node = made.get(path);
    if (node != null) {
      refuseIf(!node.directory() || !existOk, ErrorCode.EXISTS);
      require(inode == 0 || node.mayBe(true, inode));
      return inode == 0 ? made : made.with(path, new Node(true, inode));
    }
    return made.with(path, new Node(true, inode));
  }

  private static NameTree create(
      NameTree tree, String path, boolean parents, boolean overwrite, long inode) throws Refused {
    NameTree made = tree;
    if (parents) {
      made = withWay(tree, path);
    } else {
      requireWay(tree, path);
    }
    Node node = made.get(path);
    if (node != null) {
      refuseIf(!overwrite, ErrorCode.EXISTS);
      refuseIf(node.directory(), ErrorCode.IS_A_DIRECTORY);
    }
    // A file that is replaced may keep its inode, or give its name to another one.
    return made.with(path, new Node(false, inode));
  }

  private static NameTree rename(
      NameTree tree, String from, String to, boolean replaces, long inode) throws Refused {
    requireWay(tree, from);
    requireWay(tree, to);
    Node node = existing(tree, from);
    require(inode == 0 || node.inode() == 0 || node.inode() == inode);
    Node there = tree.get(to);
    refuseIf(there != null && !replaces, ErrorCode.EXISTS);
    refuseIf(node.directory() && to.startsWith(from + "/"), ErrorCode.INVALID_ARGUMENT);
    if (there != null) {
      refuseIf(there.directory() && from.startsWith(to + "/"), ErrorCode.NOT_EMPTY);
      if (from.equals(to)) {
        return tree;
      }
      refuseIf(node.directory() && !there.directory(), ErrorCode.NOT_A_DIRECTORY);
      refuseIf(!node.directory() && there.directory(), ErrorCode.IS_A_DIRECTORY);
      refuseIf(!tree.below(to).isEmpty(), ErrorCode.NOT_EMPTY);
    }
    NameTree known = inode == 0 ? tree : tree.with(from, new Node(node.directory(), inode));
    return known.moved(from, to);
  }

  private static NameTree unlink(NameTree tree, String path) throws Refused {
    refuseIf(existing(tree, path).directory(), ErrorCode.IS_A_DIRECTORY);
    return tree.without(path);
  }

  private static NameTree rmdir(NameTree tree, String path) throws Refused {
    refuseIf(!existing(tree, path).directory(), ErrorCode.NOT_A_DIRECTORY);
    refuseIf(!tree.below(path).isEmpty(), ErrorCode.NOT_EMPTY);
    return tree.without(path);
  }

  private static NameTree deleteTree(NameTree tree, String path) throws Refused {
    Node unused = existing(tree, path);
    return tree.without(path);
  }

  private static NameTree openForWrite(NameTree tree, String path, long inode) throws Refused {
    Node node = existing(tree, path);
    refuseIf(node.directory(), ErrorCode.IS_A_DIRECTORY);
    // Truncating may give the name to another inode.
    return inode == 0 ? tree : tree.with(path, new Node(false, inode));
  }

  private static NameTree seen(NameTree tree, String path, ObservedCall call) throws Refused {
    Node node = existing(tree, path);
    if (call.outcome() != Outcome.ANSWERED) {
      return tree;
    }
    return seen(tree, path, node, call.result().getAttributes());
  }

  private static NameTree seen(NameTree tree, String path, Node node, Attributes attributes)
      throws Refused {
    boolean directory = attributes.getType() == FileType.DIRECTORY;
    require(node.mayBe(directory, attributes.getInode()));
    return node.inode() != 0 || path.isEmpty()
        ? tree
        : tree.with(path, new Node(directory, attributes.getInode()));
  }

  // Reads.

  private static Optional<NameCall> ofRead(ObservedCall call, ReadRequest request) {
    boolean answered = call.outcome() == Outcome.ANSWERED;
    ReadReply reply = answered ? call.reply() : ReadReply.getDefaultInstance();
    return switch (request.getKindCase()) {
      case STAT ->
          path(request.getStat().getTarget())
              .map(
                  path ->
                      new NameCall(
                          call,
                          List.of(path),
                          tree -> look(tree, path, answered, reply.getAttributes())));
      case OPEN ->
          path(request.getOpen().getTarget())
              .map(
                  path ->
                      new NameCall(
                          call,
                          List.of(path),
                          tree -> open(tree, path, answered, reply.getOpen().getAttributes())));
      case LIST ->
          path(request.getList().getTarget())
              .map(
                  path ->
                      new NameCall(
                          call,
                          List.of(path),
                          tree -> list(tree, path, request.getList(), answered, reply.getList())));
      default -> Optional.empty();
    };
  }

  private static NameTree look(NameTree tree, String path, boolean answered, Attributes told)
      throws Refused {
    Node node = existing(tree, path);
    return answered ? seen(tree, path, node, told) : tree;
  }

  private static NameTree open(NameTree tree, String path, boolean answered, Attributes told)
      throws Refused {
    refuseIf(existing(tree, path).directory(), ErrorCode.IS_A_DIRECTORY);
    return look(tree, path, answered, told);
  }

  private static NameTree list(
      NameTree tree, String path, ListDirectory request, boolean answered, DirectoryPage page)
      throws Refused {
    Node directory = existing(tree, path);
    if (!answered) {
      return tree;
    }
    NameTree known = seen(tree, path, directory, page.getAttributes());
    if (!directory.directory()) {
      require(page.getEntriesCount() == 0);
      return known;
    }
    SortedMap<String, Node> names = namesIn(tree, path, text(request.getAfter()));
    for (DirectoryEntry entry : page.getEntriesList()) {
      String name = text(entry.getName());
      require(!names.isEmpty() && names.firstKey().equals(name));
      String child = path.isEmpty() ? name : path + "/" + name;
      known = seen(known, child, names.get(name), entry.getAttributes());
      names.remove(name);
    }
    require(page.getMore() != names.isEmpty());
    return known;
  }

  private static SortedMap<String, Node> namesIn(NameTree tree, String path, String after) {
    TreeMap<String, Node> names = new TreeMap<>();
    int start = path.isEmpty() ? 0 : path.length() + 1;
    for (Map.Entry<String, Node> entry : tree.below(path).entrySet()) {
      String name = entry.getKey().substring(start);
      if (name.indexOf('/') < 0 && name.compareTo(after) > 0) {
        names.put(name, entry.getValue());
      }
    }
    return names;
  }

  // Paths: one character a byte, so that their order is that of the bytes.

  private static String text(ByteString bytes) {
    return bytes.toString(StandardCharsets.ISO_8859_1);
  }

  private static Optional<String> path(NodeRef target) {
    if (target.getBase() > 1) {
      return Optional.empty();
    }
    List<String> names = new ArrayList<>();
    for (String name : text(target.getPath()).split("/", -1)) {
      if (!name.isEmpty()) {
        names.add(name);
      }
    }
    return names.isEmpty() ? Optional.empty() : Optional.of(String.join("/", names));
  }

  @Override
  public String toString() {
    return call.toString();
  }

  /** What a tree has where this looks, for an explanation. */
  String lookAt(NameTree tree) {
    StringBuilder text = new StringBuilder();
    for (String path : paths) {
      String where = call.isMutation() || tree.below(path).isEmpty() ? path : path + " and below";
      text.append(text.isEmpty() ? "/" : ", /").append(where).append(" = ");
      Node node = tree.get(path);
      text.append(node == null ? "nothing" : node);
      if (node != null && node.directory() && !tree.below(path).isEmpty()) {
        text.append(' ').append(tree.below(path));
      }
    }
    return text.toString();
  }
}
