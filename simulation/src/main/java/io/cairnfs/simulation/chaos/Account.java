package io.cairnfs.simulation.chaos;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What one writer's directory must contain. A call whose outcome nobody told (it failed after it
 * may have been executed) leaves several possibilities for a name; looking at it settles which one
 * it is. One thread.
 */
final class Account {
  /**
   * A file that may be there.
   *
   * @param version its content's; 0 = there is no file
   * @param least bytes that were acknowledged
   * @param most bytes that were written
   */
  record Possibility(long version, long least, long most) {
    static final Possibility ABSENT = new Possibility(0, 0, 0);

    boolean isAbsent() {
      return version == 0;
    }

    boolean fits(long length) {
      return !isAbsent() && least <= length && length <= most;
    }
  }

  private final Map<String, List<Possibility>> names = new TreeMap<>();

  /** Never empty. */
  List<Possibility> of(String name) {
    return names.getOrDefault(name, List.of(Possibility.ABSENT));
  }

  void set(String name, List<Possibility> possibilities) {
    if (possibilities.isEmpty()) {
      throw new IllegalArgumentException("a name has a file or none: " + name);
    }
    names.put(name, List.copyOf(possibilities));
  }

  void set(String name, Possibility only) {
    names.put(name, List.of(only));
  }

  /** It happened, or it did not. */
  void mayBe(String name, List<Possibility> others) {
    List<Possibility> all = new ArrayList<>(of(name));
    others.stream().filter(other -> !all.contains(other)).forEach(all::add);
    set(name, all);
  }

  boolean isCertain(String name) {
    return of(name).size() == 1;
  }

  boolean isSurelyAbsent(String name) {
    return of(name).equals(List.of(Possibility.ABSENT));
  }

  boolean isSurelyThere(String name) {
    return of(name).stream().noneMatch(Possibility::isAbsent);
  }

  boolean mayBeAbsent(String name) {
    return of(name).contains(Possibility.ABSENT);
  }

  /** All names that ever had a file. */
  List<String> names() {
    return List.copyOf(names.keySet());
  }
}
