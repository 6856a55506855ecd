package io.cairnfs.metaserver.placement;

import java.util.Arrays;

/**
 * The ordered members of every slot of a pool. Immutable; a member stands at most once in a slot.
 */
public final class SlotMap {
  private final int[][] members;

  private SlotMap(int[][] members) {
    this.members = members;
  }

  /** A map of so many slots without any member. */
  public static SlotMap empty(int slots) {
    int[][] members = new int[slots][];
    Arrays.fill(members, new int[0]);
    return new SlotMap(members);
  }

  /**
   * @throws IllegalArgumentException when a slot names a server twice or a non-positive id
   */
  public static SlotMap of(int[][] members) {
    int[][] copy = new int[members.length][];
    for (int slot = 0; slot < members.length; slot++) {
      copy[slot] = members[slot].clone();
      requireDistinct(slot, copy[slot]);
    }
    return new SlotMap(copy);
  }

  private static void requireDistinct(int slot, int[] servers) {
    for (int i = 0; i < servers.length; i++) {
      if (servers[i] <= 0) {
        throw new IllegalArgumentException("slot " + slot + ": server id " + servers[i]);
      }
      for (int j = 0; j < i; j++) {
        if (servers[i] == servers[j]) {
          throw new IllegalArgumentException(
              "slot " + slot + " names server=" + servers[i] + " twice");
        }
      }
    }
  }

  public int slots() {
    return members.length;
  }

  /** Members of the slot, in position order: a copy. */
  public int[] members(int slot) {
    return members[slot].clone();
  }

  public int size(int slot) {
    return members[slot].length;
  }

  public int member(int slot, int position) {
    return members[slot][position];
  }

  /** The member's position in the slot, -1 when it is none of its members. */
  public int positionOf(int slot, int server) {
    int[] list = members[slot];
    for (int position = 0; position < list.length; position++) {
      if (list[position] == server) {
        return position;
      }
    }
    return -1;
  }

  /** In how many slots the server is a member. */
  public int load(int server) {
    int load = 0;
    for (int slot = 0; slot < members.length; slot++) {
      if (positionOf(slot, server) >= 0) {
        load++;
      }
    }
    return load;
  }

  /** How many memberships (slot, server) of this map the other one does not have. */
  public int membershipsNotIn(SlotMap other) {
    int missing = 0;
    for (int slot = 0; slot < members.length; slot++) {
      for (int server : members[slot]) {
        if (slot >= other.slots() || other.positionOf(slot, server) < 0) {
          missing++;
        }
      }
    }
    return missing;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SlotMap map && Arrays.deepEquals(members, map.members);
  }

  @Override
  public int hashCode() {
    return Arrays.deepHashCode(members);
  }

  @Override
  public String toString() {
    return "SlotMap of " + members.length + " slots";
  }
}
