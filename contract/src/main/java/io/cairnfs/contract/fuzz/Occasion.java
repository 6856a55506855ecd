package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.util.Set;

/**
 * What a run has to have met to have tried anything, besides one success of every kind of call:
 * known by what the call was and what Linux made of it.
 */
enum Occasion {
  OPEN_MADE_A_FILE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOpen(step, linux, "CREATE") && linux.hint("there").equals(MISSING);
    }
  },
  OPEN_MADE_WHAT_A_SYMLINK_NAMES {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOpen(step, linux, "CREATE")
          && linux.hint("there").equals("l")
          && linux.hint("leads").equals(MISSING);
    }
  },
  OPEN_EXCLUSIVE_FOUND_SOMETHING {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.words().contains("EXCLUSIVE") && linux.errno() == EEXIST;
    }
  },
  OPEN_EMPTIED_A_FILE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOpen(step, linux, "TRUNCATE") && linux.hint("leads").matches("[1-9][0-9]*");
    }
  },
  OPEN_FOLLOWED_NO_SYMLINK {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.words().contains("NO_FOLLOW") && linux.errno() == ELOOP;
    }
  },
  WRITE_WITH_O_APPEND {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.WRITE && linux.isDone() && linux.hint("appends").equals("true");
    }
  },
  UNLINKED_WHILE_OPEN {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.FSTAT && "0".equals(linux.answer().get("links"));
    }
  },
  SECOND_NAME_OF_A_FILE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.LSTAT
          && "f".equals(linux.answer().get("type"))
          && !"1".equals(linux.answer().get("links"));
    }
  },
  RENAME_REPLACED_SOMETHING {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.RENAME && linux.isDone() && !linux.hint("target").equals(MISSING);
    }
  },
  DIRECTORY_WAS_MOVED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.RENAME && linux.isDone() && linux.hint("directory").equals("true");
    }
  },
  DIRECTORY_WAS_EXCHANGED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.EXCHANGE
          && linux.isDone()
          && linux.hint("directory").equals("true");
    }
  },
  DIRECTORY_WOULD_HAVE_HELD_ITSELF {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.RENAME && linux.errno() == EINVAL;
    }
  },
  DIRECTORY_WAS_NOT_EMPTY {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.RMDIR && linux.errno() == ENOTEMPTY;
    }
  },
  SYMLINKS_LED_IN_A_CIRCLE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.STAT && linux.errno() == ELOOP;
    }
  },
  RIGHTS_WERE_MISSING {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.OPEN && linux.errno() == EACCES;
    }
  },
  STICKY_DIRECTORY_KEPT_A_NAME {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return (step.kind() == Kind.UNLINK || step.kind() == Kind.RENAME) && linux.errno() == EPERM;
    }
  },
  NOT_THE_OWNER {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.CHMOD && linux.errno() == EPERM;
    }
  },
  SET_ID_BITS {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.STAT
          && linux.answer().getOrDefault("mode", "").matches("[2-7][0-7]{3}");
    }
  },
  ACL_WITH_MASK {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.ACL
          && linux.answer().getOrDefault("entries", "").contains("mask::");
    }
  },
  DEFAULT_ACL {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.ACL
          && linux.answer().getOrDefault("entries", "").contains("default:");
    }
  },
  TRUSTED_ATTRIBUTE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOfAttribute(step, "trusted.") && linux.isDone();
    }
  },
  TRUSTED_ATTRIBUTE_REFUSED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOfAttribute(step, "trusted.") && linux.errno() == EPERM;
    }
  },
  NAMESPACE_OF_ATTRIBUTES_REFUSED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return isOfAttribute(step, "s") && linux.errno() == EOPNOTSUPP;
    }
  },
  ATTRIBUTE_EXISTED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.CREATE_XATTR && linux.errno() == EEXIST;
    }
  },
  ATTRIBUTE_WAS_MISSING {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.REPLACE_XATTR && linux.errno() == ENODATA;
    }
  },
  HOLE_BEFORE_THE_END {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.SEEK_HOLE
          && linux.isDone()
          && !linux.answer().get("position").equals(linux.hint("size"));
    }
  },
  DATA_BEHIND_A_HOLE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.SEEK_DATA
          && linux.isDone()
          && !linux.answer().get("position").equals(Long.toString(step.number()));
    }
  },
  NO_DATA_UP_TO_THE_END {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.SEEK_DATA && linux.errno() == ENXIO;
    }
  },
  COPIED_WITHIN_A_FILE {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return hasCopied(step, linux) && linux.hint("same").equals("true");
    }
  },
  COPIED_LESS_THAN_WAS_ASKED_FOR {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return hasCopied(step, linux) && Long.parseLong(linux.answer().get("count")) < step.length();
    }
  },
  COPIED_NOTHING_BEHIND_THE_END {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.COPY_RANGE && "0".equals(linux.answer().get("count"));
    }
  },
  COPIED_BEYOND_THE_END_OF_THE_TARGET {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return hasCopied(step, linux)
          && Long.parseLong(step.words().get(1)) > Long.parseLong(linux.hint("target"));
    }
  },
  RANGES_OF_A_COPY_OVERLAPPED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.COPY_RANGE && linux.errno() == EINVAL;
    }
  },
  FILES_WITH_BYTES_WERE_JOINED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.CONCAT
          && linux.isDone()
          && linux.hint("added").matches("[1-9][0-9]{4,}");
    }
  },
  FILE_WOULD_HAVE_BEEN_JOINED_TO_ITSELF {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return step.kind() == Kind.CONCAT && linux.errno() == EINVAL;
    }
  },
  FILE_WAS_LOCKED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return FILE_LOCKS.contains(step.kind()) && linux.errno() == EAGAIN;
    }
  },
  RANGE_WAS_LOCKED {
    @Override
    boolean isMetBy(Step step, Outcome linux) {
      return RANGE_LOCKS.contains(step.kind()) && linux.errno() == EAGAIN;
    }
  };

  private static final int EPERM = 1;
  private static final int ENXIO = 6;
  private static final int EAGAIN = 11;
  private static final int EACCES = 13;
  private static final int EEXIST = 17;
  private static final int EINVAL = 22;
  private static final int ENOTEMPTY = 39;
  private static final int ELOOP = 40;
  private static final int ENODATA = 61;
  private static final int EOPNOTSUPP = 95;
  private static final String MISSING = "errno 2";
  private static final Set<Kind> FILE_LOCKS = Set.of(Kind.LOCK_SHARED, Kind.LOCK_EXCLUSIVE);
  private static final Set<Kind> RANGE_LOCKS =
      Set.of(
          Kind.LOCK_RANGE_SHARED,
          Kind.LOCK_RANGE_EXCLUSIVE,
          Kind.LOCK_MORE_SHARED,
          Kind.LOCK_MORE_EXCLUSIVE);

  abstract boolean isMetBy(Step step, Outcome linux);

  boolean isPossible(Surroundings surroundings) {
    return switch (this) {
      case NOT_THE_OWNER, TRUSTED_ATTRIBUTE -> surroundings.severalUsers();
      case STICKY_DIRECTORY_KEPT_A_NAME ->
          surroundings.severalUsers() && !surroundings.stickyProtected();
      default -> true;
    };
  }

  private static boolean isOpen(Step step, Outcome linux, String flag) {
    return step.kind() == Kind.OPEN && linux.isDone() && step.words().contains(flag);
  }

  private static boolean hasCopied(Step step, Outcome linux) {
    return step.kind() == Kind.COPY_RANGE
        && linux.isDone()
        && !"0".equals(linux.answer().get("count"));
  }

  private static boolean isOfAttribute(Step step, String prefix) {
    return step.kind() == Kind.SET_XATTR && step.other().startsWith(prefix);
  }
}
