package io.cairnfs.client.metadata;

import io.cairnfs.common.id.HostPort;
import java.util.ArrayList;
import java.util.List;

/**
 * Which metaserver is believed to lead, and which others can be asked. Safe for any thread; every
 * method is short.
 */
final class Leadership {
  private static final int MAX_ADDRESSES = 64;

  private final List<HostPort> given;
  private final List<HostPort> addresses;
  private HostPort believed;
  private long term;

  /** Somebody said that the one who is believed to lead does so in {@link #term}. */
  private boolean certain;

  Leadership(List<HostPort> addresses) {
    given = List.copyOf(addresses);
    this.addresses = new ArrayList<>(addresses);
    believed = addresses.get(0);
  }

  synchronized HostPort believed() {
    return believed;
  }

  synchronized List<HostPort> addresses() {
    return List.copyOf(addresses);
  }

  /** A metaserver that does not lead named the one that does. */
  synchronized void hint(HostPort leader) {
    learn(leader);
    certain &= leader.equals(believed);
    believed = leader;
  }

  /**
   * A metaserver said who leads which term.
   *
   * @return true if that changes what is believed
   */
  synchronized boolean heard(HostPort leader, long ofTerm) {
    learn(leader);
    if (ofTerm < term) {
      return false;
    }
    // One leader may be known by several addresses: the one that serves stays.
    boolean news = !leader.equals(believed) && !(certain && ofTerm == term);
    if (news) {
      believed = leader;
    }
    term = ofTerm;
    certain |= leader.equals(believed);
    return news;
  }

  /**
   * The leader named the present members: they are asked from now on, and after them those that
   * were given at the start, for the case that the whole group has moved back there.
   */
  synchronized void members(List<HostPort> present) {
    addresses.clear();
    present.forEach(this::learn);
    given.forEach(this::learn);
    learn(believed);
  }

  /** This one did not help: the next one is asked, unless somebody has moved on already. */
  synchronized void rotateFrom(HostPort address) {
    if (believed.equals(address)) {
      int at = addresses.indexOf(address);
      believed = addresses.get((at + 1) % addresses.size());
      certain = false;
    }
  }

  private void learn(HostPort address) {
    if (!addresses.contains(address) && addresses.size() < MAX_ADDRESSES) {
      addresses.add(address);
    }
  }
}
