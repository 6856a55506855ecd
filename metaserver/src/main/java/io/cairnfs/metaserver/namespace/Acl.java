package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.util.Collections;
import java.util.Comparator;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An access control list as POSIX 1003.1e (draft 17) has it: what the owner, users, the file's
 * group, groups and others may do, and the mask, the most that users and groups get. Immutable.
 *
 * @param entries a sum of READ, WRITE and SEARCH of {@link Permissions} for each
 */
public record Acl(SortedMap<Acl.Who, Integer> entries) {
  /** Entries of one ACL. */
  public static final int MAX_ENTRIES = 32;

  private static final int ALL = 7;

  /** Whom an entry is about. */
  public enum Tag {
    USER(0),
    GROUP(1),
    MASK(2),
    OTHER(3);

    private final int number;

    Tag(int number) {
      this.number = number;
    }

    private static Tag ofNumber(int number) {
      for (Tag tag : values()) {
        if (tag.number == number) {
          return tag;
        }
      }
      throw new CorruptRecord("inode record with ACL tag " + number);
    }
  }

  /**
   * Key of an entry.
   *
   * @param name empty for the owner, the file's group, the mask and the others
   */
  public record Who(Tag tag, String name) implements Comparable<Who> {
    public static final Who OWNER = new Who(Tag.USER, "");
    public static final Who GROUP = new Who(Tag.GROUP, "");
    public static final Who MASK = new Who(Tag.MASK, "");
    public static final Who OTHER = new Who(Tag.OTHER, "");

    private static final Comparator<Who> ORDER =
        Comparator.comparingInt((Who who) -> who.tag.number).thenComparing(Who::name);

    @Override
    public int compareTo(Who other) {
      return ORDER.compare(this, other);
    }

    private boolean isMasked() {
      return tag == Tag.GROUP || (tag == Tag.USER && !name.isEmpty());
    }
  }

  public Acl {
    entries = Collections.unmodifiableSortedMap(new TreeMap<>(entries));
  }

  /** What a mode says, as an ACL. */
  public static Acl ofMode(int mode) {
    SortedMap<Who, Integer> entries = new TreeMap<>();
    entries.put(Who.OWNER, mode >> 6 & ALL);
    entries.put(Who.GROUP, mode >> 3 & ALL);
    entries.put(Who.OTHER, mode & ALL);
    return new Acl(entries);
  }

  /** More than a mode can say. */
  public boolean isExtended() {
    return entries.size() > 3;
  }

  /** The nine bits of the mode: those of the group are the mask, if there is one. */
  public int mode() {
    int group = entries.getOrDefault(Who.MASK, entries.get(Who.GROUP));
    return entries.get(Who.OWNER) << 6 | group << 3 | entries.get(Who.OTHER);
  }

  /** The same for somebody who sets the mode: chmod() changes the mask, not the group's entry. */
  public Acl withMode(int mode) {
    SortedMap<Who, Integer> changed = new TreeMap<>(entries);
    changed.put(Who.OWNER, mode >> 6 & ALL);
    changed.put(entries.containsKey(Who.MASK) ? Who.MASK : Who.GROUP, mode >> 3 & ALL);
    changed.put(Who.OTHER, mode & ALL);
    return new Acl(changed);
  }

  /** What something made with a mode in a directory of this default ACL begins with. */
  public Acl inheritedBy(int mode) {
    return withMode(mode() & mode);
  }

  /** True if somebody who is not the owner has all of the asked rights. */
  boolean allows(Principal principal, String fileGroup, int rights) {
    int mask = entries.getOrDefault(Who.MASK, ALL);
    Integer named = entries.get(new Who(Tag.USER, principal.user()));
    if (named != null && !principal.user().isEmpty()) {
      return (named & mask & rights) == rights;
    }
    boolean member = false;
    for (Map.Entry<Who, Integer> entry : entries.entrySet()) {
      if (entry.getKey().tag() == Tag.GROUP) {
        String group = entry.getKey().name().isEmpty() ? fileGroup : entry.getKey().name();
        if (principal.isIn(group)) {
          member = true;
          if ((entry.getValue() & mask & rights) == rights) {
            return true;
          }
        }
      }
    }
    return !member && (entries.get(Who.OTHER) & rights) == rights;
  }

  /** What a change of entries leads to, the mask as it must be then. */
  public static Acl of(SortedMap<Who, Integer> entries, boolean maskGiven) throws CairnException {
    SortedMap<Who, Integer> complete = new TreeMap<>(entries);
    boolean named = complete.keySet().stream().anyMatch(who -> !who.name().isEmpty());
    if (!maskGiven) {
      complete.remove(Who.MASK);
      if (named) {
        complete.put(Who.MASK, unionOfMasked(complete));
      }
    }
    Acl acl = new Acl(complete);
    acl.requireValid();
    return acl;
  }

  private static int unionOfMasked(Map<Who, Integer> entries) {
    return entries.entrySet().stream()
        .filter(entry -> entry.getKey().isMasked())
        .mapToInt(Map.Entry::getValue)
        .reduce(0, (left, right) -> left | right);
  }

  private void requireValid() throws CairnException {
    for (Who who : new Who[] {Who.OWNER, Who.GROUP, Who.OTHER}) {
      if (!entries.containsKey(who)) {
        throw new CairnException(
            ErrorCode.INVALID_ARGUMENT, "the user, group and other entries are required");
      }
    }
    if (entries.size() > MAX_ENTRIES) {
      throw new CairnException(
          ErrorCode.INVALID_ARGUMENT,
          "an ACL of " + entries.size() + " entries; at most " + MAX_ENTRIES + " are possible");
    }
  }

  void encode(RecordOutput out) {
    out.writeVarint(entries.size());
    entries.forEach(
        (who, permissions) ->
            out.writeByte(who.tag().number).writeString(who.name()).writeByte(permissions));
  }

  static Acl decode(RecordInput in, int size) {
    SortedMap<Who, Integer> entries = new TreeMap<>();
    for (int i = 0; i < size; i++) {
      Who who = new Who(Tag.ofNumber(in.readByte()), in.readString());
      entries.put(who, in.readByte());
    }
    return new Acl(entries);
  }
}
