package io.cairnfs.shell.tree;

import io.cairnfs.client.CairnPath;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.shell.text.ByteText;
import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Turns what users type into {@link Item}s. A word may be a path, or a URI {@code
 * cairn://cluster/path} or {@code file:///path}; nothing in it is percent-decoded. For one thread.
 */
public final class Trees implements Closeable {
  /** Opens the tree of a cluster. */
  @FunctionalInterface
  public interface Connector {
    /**
     * @param authority what stands after {@code cairn://}; empty for the cluster that is meant when
     *     none is named
     */
    FileTree connect(String authority) throws IOException;
  }

  private static final String CAIRN = "cairn";
  private static final String FILE = "file";

  private final Connector connector;
  private final FileTree local;
  private final Map<String, FileTree> clusters = new HashMap<>();

  public Trees(Connector connector, FileTree local) {
    this.connector = connector;
    this.local = local;
  }

  /** A word taken apart: the parts before the path are empty if they were not typed. */
  private record Word(String scheme, String authority, String path) {
    static Word of(String text) {
      int colon = text.indexOf(':');
      int slash = text.indexOf('/');
      if (colon <= 0 || slash != colon + 1) {
        return new Word("", "", text);
      }
      String rest = text.substring(colon + 1);
      String authority = "";
      if (rest.startsWith("//")) {
        int end = rest.indexOf('/', 2);
        authority = rest.substring(2, end < 0 ? rest.length() : end);
        rest = end < 0 ? "/" : rest.substring(end);
      }
      return new Word(text.substring(0, colon).toLowerCase(Locale.ROOT), authority, rest);
    }

    String prefix() {
      return scheme.isEmpty() ? "" : scheme + "://" + authority;
    }
  }

  /** The local tree. */
  public FileTree local() {
    return local;
  }

  /** The tree of the cluster that is meant when none is named. */
  public FileTree cluster() throws IOException {
    return cluster("");
  }

  private FileTree cluster(String authority) throws IOException {
    FileTree tree = clusters.get(authority);
    if (tree == null) {
      tree = connector.connect(authority);
      clusters.put(authority, tree);
    }
    return tree;
  }

  private FileTree tree(Word word, FileTree ifNone) throws IOException {
    return switch (word.scheme()) {
      case "" -> ifNone;
      case CAIRN -> cluster(word.authority());
      case FILE -> local;
      default -> throw new IOException("No FileSystem for scheme \"" + word.scheme() + "\"");
    };
  }

  /** Looks up a word without taking wild cards for such; in the cluster if it names no scheme. */
  public Item inCluster(String text) throws IOException {
    Word word = Word.of(checked(text));
    return lookUp(tree(word, word.scheme().isEmpty() ? cluster() : local), text, word);
  }

  /** As {@link #inCluster}, on the local machine if the word names no scheme. */
  public Item onThisMachine(String text) throws IOException {
    Word word = Word.of(checked(text));
    return lookUp(tree(word, local), text, word);
  }

  private static String checked(String text) {
    if (text.isEmpty()) {
      throw new IllegalArgumentException("Can not create a Path from an empty string");
    }
    return text;
  }

  private static Item lookUp(FileTree tree, String text, Word word) throws IOException {
    CairnPath path = absolute(tree, word.path());
    return new Item(tree, text, path, tree.find(path));
  }

  private static CairnPath absolute(FileTree tree, String path) throws IOException {
    CairnPath typed = CairnPath.of(ByteText.encode(path));
    return typed.isAbsolute() ? typed : tree.home().resolve(typed);
  }

  /**
   * All that a word with wild cards matches, in byte order of the names. A word without wild cards
   * gives one item, whether it exists or not; one with wild cards gives none if nothing matches.
   *
   * @throws IOException also for a malformed pattern
   */
  public List<Item> glob(String text) throws IOException {
    Word word = Word.of(checked(text));
    FileTree tree = tree(word, word.scheme().isEmpty() ? cluster() : local);
    List<Entry> matches = new ArrayList<>();
    List<String> patterns = GlobPattern.expandPaths(word.path());
    boolean wild = patterns.size() > 1;
    for (String pattern : patterns) {
      wild |= match(tree, pattern, matches);
    }
    if (matches.isEmpty() && !wild) {
      return List.of(new Item(tree, text, absolute(tree, word.path()), Optional.empty()));
    }
    List<Item> items = new ArrayList<>();
    for (Entry match : matches) {
      items.add(
          new Item(
              tree, shown(tree, word, match.path()), match.path(), Optional.of(match.facts())));
    }
    return List.copyOf(items);
  }

  /** Adds what a pattern without path alternatives matches; true if it had wild cards. */
  private static boolean match(FileTree tree, String pattern, List<Entry> matches)
      throws IOException {
    List<GlobPattern> components = new ArrayList<>();
    boolean wild = false;
    for (byte[] name : absolute(tree, pattern.isEmpty() ? "." : pattern).names()) {
      GlobPattern component = compile(ByteText.decode(name));
      wild |= component.isWild();
      components.add(component);
    }
    if (!wild) {
      CairnPath path = CairnPath.ROOT;
      for (GlobPattern component : components) {
        path = path.child(ByteText.encode(component.literal()));
      }
      CairnPath found = path;
      tree.find(found).ifPresent(facts -> matches.add(new Entry(found, facts)));
      return false;
    }
    matches.addAll(matchWild(tree, components));
    return true;
  }

  private static GlobPattern compile(String component) throws IOException {
    try {
      return GlobPattern.compile(component);
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private static List<Entry> matchWild(FileTree tree, List<GlobPattern> components)
      throws IOException {
    List<CairnPath> candidates = List.of(CairnPath.ROOT);
    List<Entry> found = List.of();
    for (int i = 0; i < components.size() && !candidates.isEmpty(); i++) {
      boolean last = i == components.size() - 1;
      found = new ArrayList<>();
      for (CairnPath candidate : candidates) {
        step(tree, candidate, components.get(i), last, found);
      }
      candidates = found.stream().filter(e -> last || mayHold(e)).map(Entry::path).toList();
    }
    return candidates.isEmpty() ? List.of() : List.copyOf(found);
  }

  private static boolean mayHold(Entry entry) {
    return entry.facts().isDirectory() || entry.facts().isSymlink();
  }

  private static void step(
      FileTree tree, CairnPath parent, GlobPattern component, boolean last, List<Entry> found)
      throws IOException {
    if (!component.isWild()) {
      CairnPath path = parent.child(ByteText.encode(component.literal()));
      tree.find(path).ifPresent(facts -> found.add(new Entry(path, facts)));
      return;
    }
    for (Entry entry : childrenIfDirectory(tree, parent)) {
      if (component.matches(ByteText.decode(entry.path().nameBytes()))
          && (last || mayHold(entry))) {
        found.add(entry);
      }
    }
  }

  /** A symlink to a file, or what has just gone, holds nothing. */
  private static List<Entry> childrenIfDirectory(FileTree tree, CairnPath path) throws IOException {
    try {
      return tree.list(path);
    } catch (CairnException e) {
      if (e.code() == ErrorCode.NOT_A_DIRECTORY || e.code() == ErrorCode.NOT_FOUND) {
        return List.of();
      }
      throw e;
    }
  }

  /** How a match is shown: with a scheme, absolute, or relative, as the pattern was. */
  private static String shown(FileTree tree, Word word, CairnPath path) throws IOException {
    if (!word.scheme().isEmpty()) {
      return word.prefix() + ByteText.decode(path.bytes());
    }
    if (word.path().startsWith("/")) {
      return ByteText.decode(path.bytes());
    }
    return relative(tree.home(), path);
  }

  private static String relative(CairnPath home, CairnPath path) {
    if (path.equals(home)) {
      return ".";
    }
    List<byte[]> from = home.names();
    List<byte[]> to = path.names();
    int common = 0;
    while (common < Math.min(from.size(), to.size())
        && Arrays.equals(from.get(common), to.get(common))) {
      common++;
    }
    List<String> words = new ArrayList<>();
    for (int i = common; i < from.size(); i++) {
      words.add("..");
    }
    for (int i = common; i < to.size(); i++) {
      words.add(ByteText.decode(to.get(i)));
    }
    return String.join("/", words);
  }

  /** Disconnects from all clusters. */
  @Override
  public void close() throws IOException {
    for (FileTree tree : clusters.values()) {
      tree.close();
    }
    clusters.clear();
  }
}
