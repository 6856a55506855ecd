package io.cairnfs.nio;

import java.nio.file.attribute.GroupPrincipal;
import java.nio.file.attribute.UserPrincipal;
import java.nio.file.attribute.UserPrincipalLookupService;
import java.util.Objects;

/**
 * Users and groups are names to the cluster, which asks its own host about them: every name is
 * found.
 */
final class Principals extends UserPrincipalLookupService {
  /** A user. */
  record User(String name) implements UserPrincipal {
    User {
      Objects.requireNonNull(name, "name");
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  /** A group. */
  record Group(String name) implements GroupPrincipal {
    Group {
      Objects.requireNonNull(name, "name");
    }

    @Override
    public String getName() {
      return name;
    }

    @Override
    public String toString() {
      return name;
    }
  }

  @Override
  public UserPrincipal lookupPrincipalByName(String name) {
    return new User(name);
  }

  @Override
  public GroupPrincipal lookupPrincipalByGroupName(String group) {
    return new Group(group);
  }
}
