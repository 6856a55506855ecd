package io.cairnfs.contract.fuzz;

import java.util.ArrayList;
import java.util.List;

/**
 * Who takes part.
 *
 * @param users names, besides the superuser
 * @param actors users, a second process of the first of them, and the superuser if he takes part
 */
record Cast(List<String> users, List<String> actors) {
  static final String SUPERUSER = "root";
  static final List<String> NAMES = List.of("ann", "bob", "eve", "fay", "gil", "hal", "ida", "joe");
  private static final String SECOND = "+";

  /** Several users and the superuser. */
  static Cast ofUsers(int count) {
    List<String> users = NAMES.subList(0, count);
    List<String> actors = new ArrayList<>(users);
    actors.add(users.get(0) + SECOND);
    actors.add(SUPERUSER);
    return new Cast(users, List.copyOf(actors));
  }

  /** Two processes of one user, for who cannot become another. */
  static Cast ofOne(String user) {
    return new Cast(List.of(user), List.of(user, user + SECOND));
  }

  boolean hasSuperuser() {
    return actors.contains(SUPERUSER);
  }

  static String user(String actor) {
    return actor.endsWith(SECOND) ? actor.substring(0, actor.length() - 1) : actor;
  }

  /** Who sees most. */
  String teller() {
    return actors.get(actors.size() - 1);
  }

  /** What a helper is told of the users. */
  List<String> usersForHelpers() {
    return hasSuperuser() ? users : List.of();
  }
}
