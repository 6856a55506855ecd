package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Stream;

/**
 * Random calls on a small world of names, of open files and of locks, so that they meet. The first
 * ones make something of most names.
 */
final class StepSource {
  /** Any of them can be anything; these are directories more often than the others. */
  private static final List<String> DIRECTORIES = List.of("a", "b");

  private static final List<String> FILES = List.of("c", "d");
  private static final List<String> TARGETS =
      List.of("a", "b", "c", "a/b", "b/c", "../a", "../b", "../none", "a/../c", ".", "none");
  private static final List<String> ATTRIBUTES =
      List.of("user.x", "user.x", "user.x", "user.y", "trusted.t", "security.s", "system.s", "s");
  private static final List<Kind> NAMESPACE =
      Stream.concat(
              Stream.of(Kind.values()).takeWhile(kind -> kind != Kind.OPEN),
              // These succeed more seldom than others.
              Stream.of(
                  Kind.RENAME,
                  Kind.RENAME,
                  Kind.RENAME_NO_REPLACE,
                  Kind.LINK,
                  Kind.LINK,
                  Kind.SYMLINK,
                  Kind.SYMLINK,
                  Kind.READLINK,
                  Kind.XATTR,
                  Kind.REPLACE_XATTR,
                  Kind.REMOVE_XATTR,
                  Kind.TRUNCATE))
          .toList();
  private static final List<Kind> HANDLE =
      List.of(
          Kind.READ,
          Kind.READ,
          Kind.WRITE,
          Kind.WRITE,
          Kind.WRITE,
          Kind.APPEND,
          Kind.FTRUNCATE,
          Kind.ALLOCATE,
          Kind.ALLOCATE_KEEP,
          Kind.PUNCH,
          Kind.COPY_RANGE,
          Kind.COPY_RANGE,
          Kind.SEEK_DATA,
          Kind.SEEK_HOLE,
          Kind.FSTAT,
          Kind.FSTAT,
          Kind.CLOSE);
  private static final List<Kind> LOCK =
      List.of(
          Kind.LOCK_SHARED,
          Kind.LOCK_EXCLUSIVE,
          Kind.LOCK_RANGE_SHARED,
          Kind.LOCK_RANGE_EXCLUSIVE,
          Kind.LOCK_MORE_SHARED,
          Kind.LOCK_MORE_EXCLUSIVE,
          Kind.UNLOCK,
          Kind.UNLOCK_ALL);
  private static final int[] GENEROUS_MODES = {0777, 0775, 0755, 01777};
  private static final int[] MODES = {
    0777, 0755, 0700, 0750, 0644, 0600, 0640, 0444, 0000, 0070, 0007, 0775, 02775, 04755, 02755,
    02777, 06755, 06777, 01775
  };
  private static final List<String> BEGINNING =
      List.of(".", "a", "b", "c", "d", "a/b", "a/c", "b/a", "b/d");
  private static final int SLOTS = 3;
  private static final int LOCK_SLOTS = 2;

  /** Around blocks, the bound of what is kept in metadata, and chunks' cells. */
  private static final int[] PLACES = {
    0, 0, 1, 100, 4095, 4096, 8192, 12_288, 16_383, 16_384, 16_385, 20_480, 40_960, 65_536, 100_001,
    131_072
  };

  private static final int[] LENGTHS = {1, 2, 10, 100, 4096, 4097, 5000, 8192, 16_384, 20_000};

  private final RandomGenerator random;
  private final Cast cast;
  private final Surroundings surroundings;
  private int made; // of the beginning

  StepSource(RandomGenerator random, Cast cast, Surroundings surroundings) {
    this.random = random;
    this.cast = cast;
    this.surroundings = surroundings;
  }

  Step next() {
    String actor = pick(cast.actors());
    if (made < BEGINNING.size()) {
      return beginning(actor, BEGINNING.get(made++));
    }
    return switch (random.nextInt(20)) {
      case 0 -> ofNames(actor, Kind.CREATE);
      case 1 -> ofNames(actor, Kind.MKDIR);
      case 2, 3, 4 -> open(actor);
      case 5, 6, 7, 8, 9, 10 -> ofHandle(actor, pick(HANDLE));
      case 11 -> lock(actor);
      case 12 -> random.nextInt(4) == 0 ? ofHandle(actor, Kind.FSYNC) : lock(actor);
      default -> ofNames(actor, pick(NAMESPACE));
    };
  }

  private Step beginning(String actor, String path) {
    int mode = generousMode();
    if (path.equals(".")) {
      // Everybody may write the top; in some worlds it is sticky.
      return Step.on(cast.teller(), Kind.CHMOD, path).number(mode | 0777);
    }
    if (random.nextInt(8) == 0) {
      return Step.on(actor, Kind.SYMLINK, path).other(pick(TARGETS));
    }
    boolean isDirectory = DIRECTORIES.stream().anyMatch(path::endsWith);
    return isDirectory
        ? Step.on(actor, Kind.MKDIR, path).number(mode)
        : Step.on(actor, Kind.CREATE, path).other("content").number(mode & 0777);
  }

  private Step ofNames(String actor, Kind kind) {
    Step step = Step.on(actor, kind, path(kind));
    return switch (kind) {
      case CREATE ->
          // What is written loses its set-id bits; a call that makes a whole file does not write.
          step.other("x".repeat(random.nextInt(40))).number(mode() & 01777);
      case MKDIR -> step.number(mode() & 01777);
      case CHMOD -> step.number(mode());
      case RENAME, RENAME_NO_REPLACE, EXCHANGE, LINK, CONCAT -> step.other(path(kind));
      case SYMLINK -> step.other(pick(TARGETS));
      case CHOWN, LCHOWN, CHGRP -> step.other(pick(cast.users()));
      case ACCESS -> step.number(random.nextInt(8));
      case SET_TIMES -> step.number(random.nextInt(100));
      case TRUNCATE -> step.number(place());
      case SET_XATTR, CREATE_XATTR, REPLACE_XATTR, REMOVE_XATTR, XATTR ->
          step.other(pick(ATTRIBUTES)).number(random.nextInt(100));
      case SET_ACL, SET_DEFAULT_ACL -> step.words(acl(kind));
      default -> step;
    };
  }

  private Step open(String actor) {
    List<String> flags = new ArrayList<>();
    int access = random.nextInt(5);
    if (access != 0) {
      flags.add("WRITE");
    }
    if (access != 1) {
      flags.add("READ");
    }
    if (access != 0 && random.nextInt(5) == 0) {
      flags.add("APPEND");
    }
    if (access != 0 && random.nextInt(6) == 0) {
      flags.add("TRUNCATE");
    }
    if (random.nextInt(2) == 0) {
      flags.add("CREATE");
      if (random.nextInt(3) == 0) {
        flags.add("EXCLUSIVE");
      }
    }
    if (random.nextInt(4) == 0) {
      flags.add("NO_FOLLOW");
    }
    return Step.on(actor, Kind.OPEN, path(Kind.OPEN)).slot(slot()).number(mode()).words(flags);
  }

  private Step ofHandle(String actor, Kind kind) {
    Step step = Step.onHandle(actor, kind, slot());
    return switch (kind) {
      case READ -> step.number(place()).length(1 + random.nextInt(30_000));
      case WRITE, APPEND, ALLOCATE, ALLOCATE_KEEP, PUNCH -> step.number(place()).length(length());
      case COPY_RANGE ->
          step.number(place())
              .length(random.nextInt(8) == 0 ? 1L << 40 : length())
              .words(List.of(Integer.toString(slot()), Long.toString(place())));
      case FTRUNCATE, SEEK_DATA, SEEK_HOLE -> step.number(place());
      default -> step;
    };
  }

  private Step lock(String actor) {
    Kind kind = pick(LOCK);
    return Step.on(actor, kind, random.nextInt(3) == 0 ? path(kind) : pick(FILES))
        .slot(random.nextInt(LOCK_SLOTS))
        .number(random.nextInt(20))
        .length(random.nextInt(10));
  }

  private int slot() {
    return random.nextInt(SLOTS);
  }

  private long place() {
    int near = random.nextInt(4) == 0 ? random.nextInt(5000) : 0;
    return (long) PLACES[random.nextInt(PLACES.length)] + near;
  }

  private long length() {
    return LENGTHS[random.nextInt(LENGTHS.length)];
  }

  private String path(Kind kind) {
    StringBuilder path = new StringBuilder();
    while (path.length() < 4 && random.nextInt(5) < 2) {
      path.append(mostly(DIRECTORIES, FILES)).append('/');
    }
    return path.append(
            switch (kind) {
              case MKDIR, RMDIR, LIST -> mostly(DIRECTORIES, FILES);
              case CREATE, OPEN, CONTENT, TRUNCATE, CONCAT, LINK, SYMLINK ->
                  mostly(FILES, DIRECTORIES);
              default -> pick(random.nextBoolean() ? DIRECTORIES : FILES);
            })
        .toString();
  }

  private String mostly(List<String> often, List<String> seldom) {
    return pick(random.nextInt(4) == 0 ? seldom : often);
  }

  private int mode() {
    return random.nextBoolean()
        ? generousMode()
        : surroundings.mode(MODES[random.nextInt(MODES.length)]);
  }

  private int generousMode() {
    return surroundings.mode(GENEROUS_MODES[random.nextInt(GENEROUS_MODES.length)]);
  }

  private <T> T pick(List<T> from) {
    return from.get(random.nextInt(from.size()));
  }

  /** A whole list, with a mask where it needs one; sometimes an empty one to be removed. */
  private List<String> acl(Kind kind) {
    if (kind == Kind.SET_DEFAULT_ACL && random.nextInt(4) == 0) {
      return List.of();
    }
    List<String> entries = new ArrayList<>();
    entries.add("user::" + letters());
    boolean named = false;
    for (String user : cast.users()) {
      if (random.nextInt(3) == 0) {
        entries.add("user:" + user + ":" + letters());
        named = true;
      }
    }
    entries.add("group::" + letters());
    for (String group : cast.users()) {
      if (random.nextInt(4) == 0) {
        entries.add("group:" + group + ":" + letters());
        named = true;
      }
    }
    if (named || random.nextInt(4) == 0) {
      entries.add("mask::" + letters());
    }
    entries.add("other::" + letters());
    return List.copyOf(entries);
  }

  private String letters() {
    int bits = random.nextInt(8);
    return ((bits & 4) != 0 ? "r" : "-")
        + ((bits & 2) != 0 ? "w" : "-")
        + ((bits & 1) != 0 ? "x" : "-");
  }
}
