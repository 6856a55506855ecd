package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.base.Failures;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryLeaseResult;
import io.cairnfs.proto.metadata.InodeRange;
import io.cairnfs.proto.metadata.LeaseDirectory;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.metadata.OperationResult;
import io.cairnfs.proto.metadata.Release;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one session has for itself: directories that it has leased, with every name in them, and the
 * inodes that it made there since, with their attributes as programs were told. States of a
 * directory: unknown; leased; ending, when its lease is on its way back and nothing more is
 * deferred there. Of a node: own, while nobody else can know of it; given up, when the cluster is
 * asked about it as about any other. Safe for any thread; whatever waits does so without the lock.
 */
final class LeasedTree {
  private static final Logger LOG = LoggerFactory.getLogger(LeasedTree.class);
  private static final int MAX_ENTRIES = 512;
  private static final int MAX_DIRECTORIES = 2_048;
  private static final int MAX_NODES = 100_000;
  private static final int IDS_AT_ONCE = 4_096;
  private static final int FEW_IDS = 1_024;
  private static final int REMEMBERED = 1_024;

  /** So often something is made in a directory of others before it is worth a lease. */
  private static final int MADE_BEFORE_LEASE = 3;

  private static final long REFUSED_NANOS = 2_000_000_000L;

  private final ClientEnvironment environment;
  private final Session session;
  private final Executor background;
  private final ChangeQueue queue;

  @GuardedBy("this")
  private final Map<Long, Directory> directories = new HashMap<>();

  @GuardedBy("this")
  private final Map<Long, Node> nodes = new HashMap<>();

  /** What was lost, by the inode that it was about. */
  @GuardedBy("this")
  private final Map<Long, CairnException> lost;

  /** How often this client has made something in a directory; this many at once are enough. */
  @GuardedBy("this")
  private final Map<Long, Integer> made = remembering();

  /** Directories that were not to be had, or were wanted back, and when. */
  @GuardedBy("this")
  private final Map<Long, Long> refused = remembering();

  /** Leases that were given back: an answer that is late may still name them. */
  @GuardedBy("this")
  private final Map<Long, Long> released = remembering();

  @GuardedBy("this")
  private final Map<Optional<OnBehalf>, Actor> actors = remembering();

  @GuardedBy("this")
  private final Deque<InodeRange> ids = new ArrayDeque<>();

  @GuardedBy("this")
  private int usedOfFirst;

  @GuardedBy("this")
  private boolean idsAsked;

  @GuardedBy("this")
  private long timeOffset = Long.MIN_VALUE;

  @GuardedBy("this")
  private long lastTime;

  @GuardedBy("this")
  private boolean over;

  /** Whose rights count, as the cluster knows him. */
  record Actor(String user, List<String> groups, boolean superuser) {
    boolean may(Attributes inode, int rights) {
      if (superuser) {
        return true;
      }
      int shift = groups.contains(inode.getGroup()) ? 3 : 0;
      return (inode.getMode() >> (inode.getOwner().equals(user) ? 6 : shift) & rights) == rights;
    }

    boolean owns(Attributes inode) {
      return superuser || inode.getOwner().equals(user);
    }
  }

  /** A directory that this session has leased. */
  static final class Directory {
    final long inode;
    final long grant;
    final Runnable recalled;
    final Map<ByteString, Long> names = new HashMap<>();
    Attributes.Builder attributes;
    boolean ending;

    /** Others may have it. */
    final CompletableFuture<Void> ended = new CompletableFuture<>();

    Directory(long grant, Attributes attributes, Runnable recalled) {
      this.inode = attributes.getInode();
      this.grant = grant;
      this.attributes = attributes.toBuilder();
      this.recalled = recalled;
    }
  }

  /** A node that this session made under a lease, and nobody else has heard of. */
  static final class Node {
    final long inode;
    Attributes.Builder attributes;
    Optional<HeldFile> open = Optional.empty();
    long parent;
    ByteString name;

    Node(Attributes.Builder attributes, long parent, ByteString name) {
      this.inode = attributes.getInode();
      this.attributes = attributes;
      this.parent = parent;
      this.name = name;
    }

    boolean isDirectory() {
      return attributes.getType() == FileType.DIRECTORY;
    }
  }

  /**
   * @param before whose losses are to be told still
   */
  LeasedTree(
      ClientEnvironment environment,
      Session session,
      Executor background,
      Optional<LeasedTree> before) {
    lost = remembering();
    before.ifPresent(tree -> lost.putAll(tree.untold()));
    this.environment = environment;
    this.session = session;
    this.background = background;
    queue = new ChangeQueue(environment, session, this::failed, this::given);
    session.onEnd(this::ended);
  }

  private static <K, V> Map<K, V> remembering() {
    return new LinkedHashMap<>() {
      private static final long serialVersionUID = 1;

      @Override
      protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
        return size() > REMEMBERED;
      }
    };
  }

  private synchronized Map<Long, CairnException> untold() {
    return Map.copyOf(lost);
  }

  Session session() {
    return session;
  }

  /** Nothing more can be deferred here: what comes is for a new tree. */
  synchronized boolean isOver() {
    return over || !session.isOpen();
  }

  ClientEnvironment environment() {
    return environment;
  }

  // Leases.

  /** What is made next in the directory is worth more than one command. */
  boolean isWorthLeasing(long directory) {
    synchronized (this) {
      if (directories.containsKey(directory)
          || directories.size() >= MAX_DIRECTORIES
          || nodes.size() >= MAX_NODES) {
        return false;
      }
      Long since = refused.get(directory);
      if (since != null && environment.clock().monotonicNanos() - since < REFUSED_NANOS) {
        return false;
      }
      return made.merge(directory, 1, Integer::sum) >= MADE_BEFORE_LEASE;
    }
  }

  /** The directory was made by this client just now, and more will follow. */
  synchronized void madeDirectory(long directory) {
    Integer unused = made.put(directory, MADE_BEFORE_LEASE);
  }

  /** Whether this client knows whose rights those are that it acts with. */
  synchronized boolean knows(Optional<OnBehalf> behalf) {
    return actors.containsKey(behalf);
  }

  /** Takes a directory if it is to be had. */
  void lease(Optional<OnBehalf> behalf, long directory) throws CairnException {
    queue.flush();
    int wanted;
    synchronized (this) {
      Directory known = directories.get(directory);
      if (known != null && known.ending) {
        return;
      }
      wanted = ids.isEmpty() && !idsAsked ? IDS_AT_ONCE : 0;
    }
    LeaseDirectory.Builder lease =
        LeaseDirectory.newBuilder()
            .setDirectory(directory)
            .setMaxEntries(MAX_ENTRIES)
            .setInodes(wanted);
    Operation.Builder operation = Operation.newBuilder().setLeaseDirectory(lease);
    behalf.ifPresent(operation::setOnBehalf);
    DirectoryLeaseResult result;
    try {
      result = environment.await(session.mutate(operation.build())).getDirectoryLease();
    } catch (CairnException e) {
      LOG.debug("inode={} is not leased", directory, e);
      synchronized (this) {
        Long unused = refused.put(directory, environment.clock().monotonicNanos());
      }
      return;
    }
    leased(behalf, result);
  }

  private void leased(Optional<OnBehalf> behalf, DirectoryLeaseResult result) {
    Runnable recalled = () -> recalled(result.getAttributes().getInode());
    Directory directory = new Directory(result.getLease(), result.getAttributes(), recalled);
    for (DirectoryEntry entry : result.getEntriesList()) {
      Long unused = directory.names.put(entry.getName(), entry.getAttributes().getInode());
    }
    synchronized (this) {
      Actor unusedActor =
          actors.put(
              behalf, new Actor(result.getUser(), result.getGroupsList(), result.getSuperuser()));
      long offset = result.getTimeNanos() - environment.clock().monotonicNanos();
      timeOffset = Math.max(timeOffset, offset);
      lastTime = Math.max(lastTime, result.getTimeNanos());
      if (result.getInodes().getCount() > 0) {
        ids.add(result.getInodes());
      }
      boolean isGone = released.getOrDefault(directory.inode, 0L) == directory.grant;
      if (isGone || directories.containsKey(directory.inode)) {
        return;
      }
      Directory unused = directories.put(directory.inode, directory);
    }
    session.leaseTaken(directory.inode, recalled);
  }

  private void given(InodeRange range) {
    synchronized (this) {
      ids.add(range);
      idsAsked = false;
    }
  }

  private void recalled(long directory) {
    try {
      background.execute(() -> giveBackQuietly(directory));
    } catch (RejectedExecutionException e) {
      LOG.warn("inode={} is wanted by others, and cannot be given back now", directory, e);
    }
  }

  private void giveBackQuietly(long directory) {
    try {
      giveBack(directory);
    } catch (CairnException e) {
      LOG.warn("inode={} could not be given back: {}", directory, e.getMessage());
    }
  }

  /** Flushes, and lets others have the directory. */
  void giveBack(long inode) throws CairnException {
    Directory directory;
    boolean already;
    List<HeldFile> open = new ArrayList<>();
    synchronized (this) {
      directory = directories.get(inode);
      if (directory == null) {
        return;
      }
      already = directory.ending;
      directory.ending = true;
      Long unused = refused.put(inode, environment.clock().monotonicNanos());
      for (Long child : directory.names.values()) {
        Node node = nodes.get(child);
        if (node != null) {
          node.open.ifPresent(open::add);
        }
      }
    }
    if (already) {
      Void unused = environment.await(directory.ended);
      return;
    }
    try {
      flushAndRelease(directory, open);
    } finally {
      boolean unused = directory.ended.complete(null);
    }
  }

  private void flushAndRelease(Directory directory, List<HeldFile> open) throws CairnException {
    try {
      queue.flush();
      for (HeldFile file : open) {
        CairnFile unused = file.giveUp();
      }
      forgetNodes(directory);
      OperationResult unused =
          environment.await(
              session.mutate(
                  Operation.newBuilder()
                      .setRelease(
                          Release.newBuilder().setInode(directory.inode).setLease(directory.grant))
                      .build()));
    } finally {
      forget(directory);
    }
  }

  /** Others may know of them from now on. */
  private synchronized void forgetNodes(Directory directory) {
    directory.names.values().forEach(nodes::remove);
    Node unused = nodes.remove(directory.inode);
  }

  private void forget(Directory directory) {
    forgetNodes(directory);
    synchronized (this) {
      boolean unused = directories.remove(directory.inode, directory);
      Long unusedGrant = released.put(directory.inode, directory.grant);
    }
    session.leaseGone(directory.inode, directory.recalled);
  }

  /** Flushes, and gives back whatever is leased. */
  void giveBackAll() throws CairnException {
    List<Long> all;
    synchronized (this) {
      all = List.copyOf(directories.keySet());
    }
    for (Long directory : all) {
      giveBack(directory);
    }
  }

  private void ended() {
    failed(
        new CairnException(
            ErrorCode.SESSION_EXPIRED, session.id() + " has ended with what it had leased"));
  }

  /** Nothing more will be done: what is leased is of no use. */
  private void failed(CairnException reason) {
    List<Directory> all;
    synchronized (this) {
      over = true;
      all = List.copyOf(directories.values());
      directories.clear();
      nodes.clear();
    }
    if (!all.isEmpty()) {
      LOG.warn("{} leased directories are given up: {}", all.size(), reason.getMessage());
    }
    for (Directory directory : all) {
      session.leaseGone(directory.inode, directory.recalled);
      if (session.isOpen()) {
        var unused =
            session
                .mutate(
                    Operation.newBuilder()
                        .setRelease(
                            Release.newBuilder()
                                .setInode(directory.inode)
                                .setLease(directory.grant))
                        .build())
                .exceptionally(
                    failure -> {
                      LOG.debug("inode={} was not given back", directory.inode, failure);
                      return OperationResult.getDefaultInstance();
                    });
      }
    }
  }

  // What is known.

  /** An own node. */
  synchronized Optional<Attributes> attributes(long inode) {
    Node node = nodes.get(inode);
    Directory directory = directories.get(inode);
    if (directory != null) {
      return directory.ending ? Optional.empty() : Optional.of(directory.attributes.build());
    }
    return node == null ? Optional.empty() : Optional.of(node.attributes.build());
  }

  synchronized boolean isOwn(long inode) {
    return nodes.containsKey(inode) || directories.containsKey(inode);
  }

  /** Tells once that something about the inode was lost. */
  void requireNotLost(long inode) throws CairnException {
    CairnException reason;
    synchronized (this) {
      reason = lost.isEmpty() ? null : lost.remove(inode);
    }
    if (reason != null) {
      throw Failures.here(reason);
    }
  }

  synchronized void lose(long inode, CairnException reason) {
    CairnException unused = lost.put(inode, reason);
  }

  /**
   * What stands under a name that this client knows of by itself.
   *
   * @return empty where the cluster is to be asked
   * @throws CairnException NOT_FOUND
   */
  synchronized Optional<Attributes> lookup(Optional<OnBehalf> behalf, long parent, byte[] name)
      throws CairnException {
    Directory directory = directories.get(parent);
    if (directory == null || directory.ending || !mayIn(behalf, directory, 1)) {
      return Optional.empty();
    }
    Long child = directory.names.get(ByteString.copyFrom(name));
    if (child == null) {
      throw new CairnException(
          ErrorCode.NOT_FOUND, "inode=" + parent + " " + CairnPath.of(name) + ": no such file");
    }
    return attributes(child);
  }

  @GuardedBy("this")
  private boolean mayIn(Optional<OnBehalf> behalf, Directory directory, int rights) {
    Actor actor = actors.get(behalf);
    return actor != null
        && !directory.attributes.getHasAcl()
        && actor.may(directory.attributes.buildPartial(), rights);
  }

  // Changes.

  /** What is to be made. */
  interface Making {
    /** The operation that makes it. */
    Operation.Builder operation();

    /** What it is like, but for what every inode has. */
    void describe(Attributes.Builder attributes);
  }

  /** Where changes wait, and for how long: to be called first, without locks. */
  void awaitRoom() throws CairnException {
    queue.awaitRoom();
  }

  /** All that was answered for is logged when it returns. */
  void flush() throws CairnException {
    queue.flush();
  }

  boolean isFlushed() {
    return queue.isEmpty();
  }

  /**
   * Makes something under a free name, if this client may decide that by itself.
   *
   * @param mode without special bits: others are for the cluster
   */
  Optional<Node> make(
      Optional<OnBehalf> behalf, long parent, byte[] name, FileType type, int mode, Making making)
      throws CairnException {
    return make(behalf, parent, name, type, mode, making, node -> {});
  }

  /**
   * As the other one.
   *
   * @param opening hears of the node before the cluster can
   */
  Optional<Node> make(
      Optional<OnBehalf> behalf,
      long parent,
      byte[] name,
      FileType type,
      int mode,
      Making making,
      Consumer<Node> opening)
      throws CairnException {
    ByteString key = ByteString.copyFrom(name);
    synchronized (this) {
      Directory directory = directories.get(parent);
      boolean may =
          directory != null
              && !directory.ending
              && !directory.names.containsKey(key)
              && name.length > 0
              && name.length <= 255
              && mode >>> 9 == 0
              && nodes.size() < MAX_NODES
              && mayIn(behalf, directory, 3);
      if (!may || !hasId()) {
        return Optional.empty();
      }
      Actor actor = actors.get(behalf);
      Attributes above = directory.attributes.buildPartial();
      boolean inherits = (above.getMode() & 02000) != 0;
      long now = now();
      boolean isDirectory = type == FileType.DIRECTORY;
      boolean leased = isDirectory && directories.size() < MAX_DIRECTORIES;
      Attributes.Builder attributes =
          Attributes.newBuilder()
              .setInode(nextId())
              .setType(type)
              .setMode(isDirectory && inherits ? mode | 02000 : mode)
              .setOwner(actor.user())
              .setGroup(
                  inherits || actor.groups().isEmpty() ? above.getGroup() : actor.groups().get(0))
              .setMtimeNanos(now)
              .setAtimeNanos(now)
              .setCtimeNanos(now)
              .setLinkCount(isDirectory ? 2 : 1)
              .setParent(parent)
              .setChangeIndex(above.getChangeIndex());
      making.describe(attributes);
      Node node = new Node(attributes, parent, key);
      opening.accept(node);
      DirectoryChange.Builder change =
          DirectoryChange.newBuilder()
              .setOperation(making.operation())
              .setInode(node.inode)
              .setTimeNanos(now)
              .setLeased(leased);
      Node unusedNode = nodes.put(node.inode, node);
      queue.add(behalf, bytesOf(name), new Fixed(change, node.open, node.inode, parent));
      Long unused = directory.names.put(key, node.inode);
      touch(directory, now, isDirectory ? 1 : 0);
      if (leased) {
        leaseOwn(directory, node);
      }
      return Optional.of(node);
    }
  }

  private static long bytesOf(byte[] name) {
    return 200L + name.length;
  }

  @GuardedBy("this")
  private void leaseOwn(Directory above, Node node) {
    long inode = node.inode;
    Runnable recalled = () -> recalled(inode);
    Directory directory = new Directory(above.grant, node.attributes.build(), recalled);
    // One record of what it is like.
    directory.attributes = node.attributes;
    Directory unused = directories.put(inode, directory);
    session.leaseTaken(inode, recalled);
  }

  /** With the lock held. */
  private static void touch(Directory directory, long now, int links) {
    directory
        .attributes
        .setMtimeNanos(now)
        .setCtimeNanos(now)
        .setLinkCount(directory.attributes.getLinkCount() + links);
  }

  @GuardedBy("this")
  private boolean hasId() {
    InodeRange first = ids.peek();
    if (first != null && usedOfFirst == first.getCount()) {
      InodeRange unused = ids.remove();
      usedOfFirst = 0;
      first = ids.peek();
    }
    int left =
        (first == null ? 0 : first.getCount() - usedOfFirst) + (ids.size() > 1 ? FEW_IDS : 0);
    if (left < FEW_IDS && !idsAsked) {
      idsAsked = true;
      queue.wantIds(IDS_AT_ONCE);
    }
    return first != null;
  }

  @GuardedBy("this")
  private long nextId() {
    return ids.element().getFirst() + usedOfFirst++;
  }

  @GuardedBy("this")
  private long now() {
    lastTime = Math.max(lastTime + 1, environment.clock().monotonicNanos() + timeOffset);
    return lastTime;
  }

  /** A change that is known whole when it is made. */
  private final class Fixed implements ChangeQueue.Change {
    private final DirectoryChange.Builder change;
    private final Optional<HeldFile> maker;
    private final long[] about;

    Fixed(DirectoryChange.Builder change, long... about) {
      this(change, Optional.empty(), about);
    }

    /**
     * @param maker the handle that the file is made with, closed as it may be by then
     */
    Fixed(DirectoryChange.Builder change, Optional<HeldFile> maker, long... about) {
      this.change = change;
      this.maker = maker;
      this.about = about;
    }

    @Override
    public DirectoryChange.Builder make() {
      return change;
    }

    @Override
    public void done(OperationResult result) {
      maker.ifPresent(file -> file.created(result.getCreate()));
    }

    @Override
    public void lost(CairnException reason) {
      LOG.error(
          "inode={} {} was answered for and is lost: {}",
          about[0],
          change.getOperation().getKindCase(),
          reason.getMessage());
      maker.or(() -> heldFile(about[0])).ifPresent(file -> file.lose(reason));
      for (long inode : about) {
        lose(inode, reason);
      }
    }
  }

  private synchronized Optional<HeldFile> heldFile(long inode) {
    Node node = nodes.get(inode);
    return node == null ? Optional.empty() : node.open;
  }

  /** The handle is closed, or the cluster has the file. */
  synchronized void closed(Node node, HeldFile file) {
    if (node.open.filter(open -> open == file).isPresent()) {
      node.open = Optional.empty();
    }
  }

  /** The cluster is asked about the node from now on. */
  synchronized void giveUp(Node node) {
    boolean unused = nodes.remove(node.inode, node);
  }

  /** An own file's bytes have changed; tells the time of that. */
  synchronized long wrote(Node node, long length) {
    long now = now();
    node.attributes.setLength(length).setMtimeNanos(now).setCtimeNanos(now);
    return now;
  }

  /** A change that was made ready elsewhere. */
  void add(Optional<OnBehalf> behalf, long bytes, ChangeQueue.Change change) throws CairnException {
    synchronized (this) {
      queue.add(behalf, bytes, change);
    }
  }

  /** The node, if it is an own one. */
  synchronized Optional<Node> node(long inode) {
    return Optional.ofNullable(nodes.get(inode));
  }

  /**
   * Changes attributes of an own node.
   *
   * @return what it is like then; empty where the cluster is to decide
   */
  synchronized Optional<Attributes> setAttributes(
      Optional<OnBehalf> behalf, long inode, AttributeChange change, Operation.Builder operation)
      throws CairnException {
    Node node = nodes.get(inode);
    Actor actor = actors.get(behalf);
    if (node == null || actor == null || isEnding(node)) {
      return Optional.empty();
    }
    Attributes.Builder attributes = node.attributes;
    boolean ownerStays =
        change.newOwner().isEmpty() || change.newOwner().get().equals(attributes.getOwner());
    boolean groupStays =
        change.newGroup().isEmpty() || change.newGroup().get().equals(attributes.getGroup());
    int mode = change.newMode().orElse(attributes.getMode());
    boolean may =
        actor.owns(attributes.buildPartial())
            && (actor.superuser() || (ownerStays && groupStays))
            && change.newReplication().isEmpty()
            && (change.newMode().isEmpty() || attributes.getType() != FileType.SYMLINK)
            && (mode | attributes.getMode()) >>> 9 == 0;
    if (!may) {
      return Optional.empty();
    }
    long now = now();
    DirectoryChange.Builder made =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, 200, new Fixed(made, inode));
    attributes.setMode(mode).setCtimeNanos(now);
    change.newOwner().ifPresent(attributes::setOwner);
    change.newGroup().ifPresent(attributes::setGroup);
    change.newModificationTimeNanos().ifPresent(attributes::setMtimeNanos);
    change.newAccessTimeNanos().ifPresent(attributes::setAtimeNanos);
    return Optional.of(attributes.build());
  }

  @GuardedBy("this")
  private boolean isEnding(Node node) {
    Directory above = directories.get(node.parent);
    return above == null || above.ending;
  }

  /**
   * Removes the only name of an own node that nobody has open.
   *
   * @return whether that was for this client to do
   */
  synchronized boolean remove(
      Optional<OnBehalf> behalf,
      long parent,
      byte[] name,
      FileType type,
      Operation.Builder operation)
      throws CairnException {
    Directory directory = directories.get(parent);
    if (directory == null || directory.ending || !mayIn(behalf, directory, 3)) {
      return false;
    }
    ByteString key = ByteString.copyFrom(name);
    Node node = nodes.get(directory.names.getOrDefault(key, 0L));
    boolean isDirectory = type == FileType.DIRECTORY;
    if (node == null || node.isDirectory() != isDirectory || node.open.isPresent()) {
      return false;
    }
    Actor actor = actors.get(behalf);
    boolean sticky = (directory.attributes.getMode() & 01000) != 0;
    if (sticky
        && !actor.owns(directory.attributes.buildPartial())
        && !actor.owns(node.attributes.buildPartial())) {
      return false;
    }
    if (isDirectory) {
      Directory empty = directories.get(node.inode);
      if (empty == null || empty.ending || !empty.names.isEmpty()) {
        return false;
      }
    }
    long now = now();
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, bytesOf(name), new Fixed(change, node.inode, parent));
    Long unused = directory.names.remove(key);
    Node unusedNode = nodes.remove(node.inode);
    touch(directory, now, isDirectory ? -1 : 0);
    if (isDirectory) {
      Directory gone = directories.remove(node.inode);
      session.leaseGone(gone.inode, gone.recalled);
    }
    return true;
  }

  /** A file or symlink that nobody has open. */
  private static boolean isPlain(Node node) {
    return node != null && !node.isDirectory() && node.open.isEmpty();
  }

  /**
   * Gives an own file or symlink another name, which is free, or that of another one.
   *
   * @param replaces whether what has the name may lose it
   * @return what it is like then; empty where that is for the cluster to do
   */
  synchronized Optional<Attributes> rename(
      Optional<OnBehalf> behalf,
      long parent,
      byte[] name,
      long newParent,
      byte[] newName,
      boolean replaces,
      Operation.Builder operation)
      throws CairnException {
    Directory from = directories.get(parent);
    Directory to = directories.get(newParent);
    boolean may =
        from != null
            && to != null
            && !from.ending
            && !to.ending
            && newName.length > 0
            && newName.length <= 255
            && mayIn(behalf, from, 3)
            && mayIn(behalf, to, 3);
    if (!may || ((from.attributes.getMode() | to.attributes.getMode()) & 01000) != 0) {
      return Optional.empty();
    }
    ByteString key = ByteString.copyFrom(name);
    ByteString newKey = ByteString.copyFrom(newName);
    Node node = nodes.get(from.names.getOrDefault(key, 0L));
    Node replaced = nodes.get(to.names.getOrDefault(newKey, 0L));
    boolean isFree = !to.names.containsKey(newKey);
    boolean mayReplace = replaces && replaced != node && isPlain(replaced);
    if (node == null || node.isDirectory() || !(isFree || mayReplace)) {
      return Optional.empty();
    }
    long now = now();
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, bytesOf(newName), new Fixed(change, node.inode, parent, newParent));
    Long unused = from.names.remove(key);
    Long unusedTo = to.names.put(newKey, node.inode);
    if (replaced != null) {
      Node unusedNode = nodes.remove(replaced.inode);
    }
    touch(from, now, 0);
    touch(to, now, 0);
    node.parent = newParent;
    node.name = newKey;
    node.attributes.setParent(newParent).setCtimeNanos(now);
    return Optional.of(node.attributes.build());
  }

  /** A name of a leased directory was removed by the cluster, on this client's behalf. */
  synchronized void removedByCluster(long parent, byte[] name) {
    Directory directory = directories.get(parent);
    if (directory != null) {
      Long unused = directory.names.remove(ByteString.copyFrom(name));
    }
  }

  /** What the cluster says of a directory, after it changed that on this client's behalf. */
  synchronized void learn(Attributes attributes) {
    Directory directory = directories.get(attributes.getInode());
    if (directory != null) {
      // A node that stands for it has the same builder.
      Attributes.Builder unused = directory.attributes.clear().mergeFrom(attributes);
    }
  }

  /** What is leased, or stands in something that is, may change for a reason of the cluster's. */
  synchronized boolean isLeased(long directory) {
    return directories.containsKey(directory);
  }
}
