package io.cairnfs.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.ByteString;
import io.cairnfs.client.base.ClientEnvironment;
import io.cairnfs.client.session.Session;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DirectoryChange;
import io.cairnfs.proto.metadata.OnBehalf;
import io.cairnfs.proto.metadata.Operation;
import io.cairnfs.proto.types.Attributes;
import io.cairnfs.proto.types.FileType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What one session has for itself: directories that it has leased, with every name in them, and the
 * inodes that it made there since, with their attributes as programs were told. States of a
 * directory: unknown; leased; ending, when its lease is on its way back and nothing more is
 * deferred there. Of a node: own, while nobody else can know of it; given up, when the cluster is
 * asked about it as about any other. The tree is over with its session, and when a change was
 * refused. Safe for any thread; whatever waits does so without the lock.
 */
final class LeasedTree {
  private static final Logger LOG = LoggerFactory.getLogger(LeasedTree.class);
  private static final int MAX_DIRECTORIES = 2_048;
  private static final int MAX_NODES = 100_000;
  private static final int MAX_NAME = 255;
  private static final int REMEMBERED = 1_024;

  private final Session session;
  private final ClusterTime time;
  private final SetAsideIds ids;
  private final LostChanges lost;
  private final DirectoryLeases leases;
  private final ChangeQueue queue;

  @GuardedBy("this")
  private final Map<Long, LeasedDirectory> directories = new HashMap<>();

  @GuardedBy("this")
  private final Map<Long, OwnNode> nodes = new HashMap<>();

  @GuardedBy("this")
  private final Map<Optional<OnBehalf>, ActingUser> users =
      new LostChanges.Remembering<>(REMEMBERED);

  @GuardedBy("this")
  private boolean over;

  /**
   * @param background where it may block
   * @param ids of the session
   * @param lost takes what the cluster will have refused
   */
  LeasedTree(
      ClientEnvironment environment,
      Session session,
      Executor background,
      SetAsideIds ids,
      LostChanges lost) {
    this.session = session;
    time = new ClusterTime(environment.clock());
    this.ids = ids;
    this.lost = lost;
    leases = new DirectoryLeases(environment, session, background, this, ids);
    queue = new ChangeQueue(environment, session, this::failed, ids::add);
    session.onEnd(this::ended);
  }

  Session session() {
    return session;
  }

  DirectoryLeases leases() {
    return leases;
  }

  LostChanges lost() {
    return lost;
  }

  SetAsideIds ids() {
    return ids;
  }

  /** Nothing more can be deferred here: what comes is for a new tree. */
  synchronized boolean isOver() {
    return over;
  }

  private void ended() {
    CairnException reason =
        new CairnException(
            ErrorCode.SESSION_EXPIRED, session.id() + " has ended with what it had leased");
    queue.end(reason);
    failed(reason);
  }

  /** Nothing more will be done: what is leased is of no use. */
  private void failed(CairnException reason) {
    List<LeasedDirectory> all;
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
      all = List.copyOf(directories.values());
      directories.clear();
      nodes.clear();
    }
    ids.notGiven();
    if (!all.isEmpty()) {
      LOG.warn("{} leased directories are given up: {}", all.size(), reason.getMessage());
    }
    leases.letGo(all);
  }

  // Leases.

  /** Whether this is a directory that could be leased besides the others. */
  synchronized boolean hasRoomFor(long directory) {
    return !directories.containsKey(directory)
        && directories.size() < MAX_DIRECTORIES
        && nodes.size() < MAX_NODES;
  }

  /** Whether this client knows whose rights those are that it acts with. */
  synchronized boolean knows(Optional<OnBehalf> behalf) {
    return users.containsKey(behalf);
  }

  /** Whose rights those are, and what time it is. */
  synchronized void learn(Optional<OnBehalf> behalf, ActingUser user, long timeNanos) {
    ActingUser unused = users.put(behalf, user);
    time.heard(timeNanos);
  }

  /** What becomes of a lease that was granted. */
  enum Taking {
    TAKEN,
    HAD,
    UNWANTED
  }

  /** The cluster has granted a lease. */
  synchronized Taking take(LeasedDirectory directory) {
    LeasedDirectory had = directories.get(directory.inode);
    if (had != null && had.grant == directory.grant) {
      return Taking.HAD;
    }
    if (over || had != null) {
      return Taking.UNWANTED;
    }
    LeasedDirectory unused = directories.put(directory.inode, directory);
    return Taking.TAKEN;
  }

  /**
   * A directory whose lease is on its way back.
   *
   * @param isFirst whether it was not so far
   * @param open files of it that only this client knows
   */
  record Ending(LeasedDirectory directory, boolean isFirst, List<HeldFile> open) {}

  /** From now on nothing is deferred in the directory; empty if it is not leased. */
  synchronized Optional<Ending> beginEnding(long inode) {
    LeasedDirectory directory = directories.get(inode);
    if (directory == null) {
      return Optional.empty();
    }
    boolean isFirst = !directory.ending;
    directory.ending = true;
    List<HeldFile> open = new ArrayList<>();
    for (Long child : directory.names.values()) {
      OwnNode node = nodes.get(child);
      if (node != null) {
        node.open.ifPresent(open::add);
      }
    }
    return Optional.of(new Ending(directory, isFirst, open));
  }

  synchronized boolean isEnding(long inode) {
    LeasedDirectory directory = directories.get(inode);
    return directory != null && directory.ending;
  }

  /** Others may know of what is in it from now on. */
  synchronized void forgetNodes(LeasedDirectory directory) {
    directory.names.values().forEach(nodes::remove);
    OwnNode unused = nodes.remove(directory.inode);
  }

  /** The lease is over. */
  synchronized void forget(LeasedDirectory directory) {
    forgetNodes(directory);
    boolean unused = directories.remove(directory.inode, directory);
  }

  synchronized List<Long> leased() {
    return List.copyOf(directories.keySet());
  }

  synchronized boolean isLeased(long directory) {
    return directories.containsKey(directory);
  }

  /** Whether a name of the directory may lead to one that is leased. */
  synchronized boolean hasLeasedBelow(long directory) {
    return directories.values().stream()
        .anyMatch(leased -> leased.attributes.getParent() == directory);
  }

  // What is known.

  /** An own node, or a leased directory. */
  synchronized Optional<Attributes> attributes(long inode) {
    OwnNode node = nodes.get(inode);
    LeasedDirectory directory = directories.get(inode);
    if (directory != null) {
      boolean known = !directory.ending && !directory.outdated;
      return known ? Optional.of(directory.attributes.build()) : Optional.empty();
    }
    return node == null ? Optional.empty() : Optional.of(node.attributes.build());
  }

  synchronized boolean isOwn(long inode) {
    return nodes.containsKey(inode) || directories.containsKey(inode);
  }

  /** The node, if it is an own one. */
  synchronized Optional<OwnNode> node(long inode) {
    return Optional.ofNullable(nodes.get(inode));
  }

  /** Who has an own file open. */
  synchronized Optional<HeldFile> heldFile(long inode) {
    OwnNode node = nodes.get(inode);
    return node == null ? Optional.empty() : node.open;
  }

  /**
   * What stands under a name that this client knows of by itself.
   *
   * @return empty where the cluster is to be asked
   * @throws CairnException NOT_FOUND
   */
  synchronized Optional<Attributes> lookup(Optional<OnBehalf> behalf, long parent, byte[] name)
      throws CairnException {
    LeasedDirectory directory = directories.get(parent);
    if (directory == null || directory.ending || !mayIn(behalf, directory, ActingUser.SEARCH)) {
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
  private boolean mayIn(Optional<OnBehalf> behalf, LeasedDirectory directory, int rights) {
    ActingUser user = users.get(behalf);
    return user != null
        && !directory.attributes.getHasAcl()
        && user.may(directory.attributes, rights);
  }

  @GuardedBy("this")
  private boolean mayChange(Optional<OnBehalf> behalf, LeasedDirectory directory) {
    return directory != null
        && !directory.ending
        && mayIn(behalf, directory, ActingUser.WRITE_AND_SEARCH);
  }

  // Changes.

  /** Where changes wait, and for how long: to be called first, without locks. */
  void awaitRoom() throws CairnException {
    queue.awaitRoom();
  }

  /** All that was answered for is logged when it returns. */
  void flush() throws CairnException {
    queue.flush();
  }

  /**
   * Makes something under a free name.
   *
   * @return what it is; empty where the cluster is to decide
   */
  synchronized Optional<Attributes> make(
      Optional<OnBehalf> behalf, long parent, byte[] name, Making making) throws CairnException {
    ByteString key = ByteString.copyFrom(name);
    LeasedDirectory directory = directories.get(parent);
    boolean may =
        mayChange(behalf, directory)
            && !directory.names.containsKey(key)
            && isName(name)
            && making.isPlain()
            && nodes.size() < MAX_NODES;
    OptionalLong id = may ? nextId() : OptionalLong.empty();
    if (id.isEmpty()) {
      return Optional.empty();
    }
    long now = time.next();
    OwnNode node = making.in(directory, users.get(behalf), id.getAsLong(), now);
    boolean leased = node.isDirectory() && directories.size() < MAX_DIRECTORIES;
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder()
            .setOperation(making.operation())
            .setInode(node.inode)
            .setTimeNanos(now)
            .setLeased(leased);
    queue.add(
        behalf, bytesOf(name), new DeferredChange(this, change, node.open, node.inode, parent));
    OwnNode unusedNode = nodes.put(node.inode, node);
    Long unused = directory.names.put(key, node.inode);
    directory.touch(now, node.isDirectory() ? 1 : 0);
    if (leased) {
      LeasedDirectory unusedDirectory =
          directories.put(node.inode, leases.made(node, directory.grant));
    }
    return Optional.of(node.attributes.build());
  }

  private static boolean isName(byte[] name) {
    return name.length > 0 && name.length <= MAX_NAME;
  }

  private static long bytesOf(byte[] name) {
    return 200L + name.length;
  }

  private OptionalLong nextId() {
    int wanted = ids.wanted();
    if (wanted > 0) {
      queue.wantIds(wanted);
    }
    return ids.next();
  }

  /** The handle is closed, or the cluster has the file. */
  synchronized void closed(OwnNode node, HeldFile file) {
    if (node.open.filter(open -> open == file).isPresent()) {
      node.open = Optional.empty();
    }
  }

  /** The cluster is asked about the node from now on. */
  synchronized void giveUp(OwnNode node) {
    boolean unused = nodes.remove(node.inode, node);
  }

  /** An own file's bytes have changed; tells the time of that. */
  synchronized long wrote(OwnNode node, long length) {
    long now = time.next();
    node.attributes.setLength(length).setMtimeNanos(now).setCtimeNanos(now);
    return now;
  }

  /** A change that was made ready elsewhere. */
  void add(Optional<OnBehalf> behalf, long bytes, ChangeQueue.Change change) throws CairnException {
    synchronized (this) {
      queue.add(behalf, bytes, change);
    }
  }

  /**
   * Changes attributes of an own node.
   *
   * @return what it is like then; empty where the cluster is to decide
   */
  synchronized Optional<Attributes> setAttributes(
      Optional<OnBehalf> behalf, long inode, AttributeChange change, Operation.Builder operation)
      throws CairnException {
    OwnNode node = nodes.get(inode);
    ActingUser user = users.get(behalf);
    if (node == null || user == null || isEnding(node)) {
      return Optional.empty();
    }
    Attributes.Builder attributes = node.attributes;
    if (!user.mayDecide(attributes, change)) {
      return Optional.empty();
    }
    long now = time.next();
    DirectoryChange.Builder made =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, 200, deferred(made, inode));
    attributes.setCtimeNanos(now);
    change.newMode().ifPresent(attributes::setMode);
    change.newOwner().ifPresent(attributes::setOwner);
    change.newGroup().ifPresent(attributes::setGroup);
    change.newModificationTimeNanos().ifPresent(attributes::setMtimeNanos);
    change.newAccessTimeNanos().ifPresent(attributes::setAtimeNanos);
    return Optional.of(attributes.build());
  }

  private DeferredChange deferred(DirectoryChange.Builder change, long... about) {
    return new DeferredChange(this, change, Optional.empty(), about);
  }

  @GuardedBy("this")
  private boolean isEnding(OwnNode node) {
    LeasedDirectory above = directories.get(node.parent);
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
    LeasedDirectory directory = directories.get(parent);
    if (!mayChange(behalf, directory)) {
      return false;
    }
    ByteString key = ByteString.copyFrom(name);
    OwnNode node = nodes.get(directory.names.getOrDefault(key, 0L));
    boolean isDirectory = type == FileType.DIRECTORY;
    if (node == null || node.isDirectory() != isDirectory || node.open.isPresent()) {
      return false;
    }
    ActingUser user = users.get(behalf);
    boolean sticky = (directory.attributes.getMode() & 01000) != 0;
    if (sticky && !user.owns(directory.attributes) && !user.owns(node.attributes)) {
      return false;
    }
    if (isDirectory) {
      LeasedDirectory empty = directories.get(node.inode);
      if (empty == null || empty.ending || !empty.names.isEmpty()) {
        return false;
      }
    }
    long now = time.next();
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, bytesOf(name), deferred(change, node.inode, parent));
    Long unused = directory.names.remove(key);
    OwnNode unusedOwnNode = nodes.remove(node.inode);
    directory.touch(now, isDirectory ? -1 : 0);
    if (isDirectory) {
      LeasedDirectory gone = directories.remove(node.inode);
      leases.removed(gone);
    }
    return true;
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
    LeasedDirectory from = directories.get(parent);
    LeasedDirectory to = directories.get(newParent);
    boolean may = mayChange(behalf, from) && mayChange(behalf, to) && isName(newName);
    if (!may || ((from.attributes.getMode() | to.attributes.getMode()) & 01000) != 0) {
      return Optional.empty();
    }
    ByteString key = ByteString.copyFrom(name);
    ByteString newKey = ByteString.copyFrom(newName);
    OwnNode node = nodes.get(from.names.getOrDefault(key, 0L));
    OwnNode replaced = nodes.get(to.names.getOrDefault(newKey, 0L));
    boolean isFree = !to.names.containsKey(newKey);
    boolean mayReplace = replaces && replaced != null && replaced != node && replaced.isClosed();
    if (node == null || node.isDirectory() || !(isFree || mayReplace)) {
      return Optional.empty();
    }
    long now = time.next();
    DirectoryChange.Builder change =
        DirectoryChange.newBuilder().setOperation(operation).setTimeNanos(now);
    queue.add(behalf, bytesOf(newName), deferred(change, node.inode, parent, newParent));
    Long unused = from.names.remove(key);
    Long unusedTo = to.names.put(newKey, node.inode);
    if (replaced != null) {
      OwnNode unusedOwnNode = nodes.remove(replaced.inode);
    }
    from.touch(now, 0);
    to.touch(now, 0);
    node.parent = newParent;
    node.attributes.setParent(newParent).setCtimeNanos(now);
    return Optional.of(node.attributes.build());
  }

  /** A name of a leased directory was removed by the cluster, on this client's behalf. */
  synchronized void removedByCluster(long parent, byte[] name) {
    LeasedDirectory directory = directories.get(parent);
    if (directory != null) {
      Long unused = directory.names.remove(ByteString.copyFrom(name));
      directory.outdated = true;
    }
  }

  /**
   * What the cluster says of a directory whose names it has changed: its times, to which nobody
   * here adds less than there is.
   *
   * @return whether it is leased
   */
  synchronized boolean heard(Attributes told) {
    LeasedDirectory directory = directories.get(told.getInode());
    if (directory == null || directory.ending) {
      return false;
    }
    time.heard(told.getCtimeNanos());
    directory.touch(Math.max(directory.attributes.getCtimeNanos(), told.getCtimeNanos()), 0);
    directory.outdated = false;
    return true;
  }
}
