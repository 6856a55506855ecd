package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.fuzz.Step.Kind;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Where Cairn differs from Linux by design. Each has a row of its name in {@code
 * docs/semantics.md}, and is as narrow as it can be told. What none explains is a defect of one
 * side.
 */
enum KnownDifference {
  /** A setting of the machine, {@code fs.protected_hardlinks}, which POSIX does not know. */
  PROTECTED_HARDLINKS {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.LINK
          && linux.errno() == EPERM
          && (cairn.isDone() || cairn.errno() == EACCES);
    }

    @Override
    Optional<Step> adoptedByLinux(Step step) {
      return Optional.of(step.by(Cast.SUPERUSER));
    }
  },

  /** Whoever may write a file may set its times to what he likes, as in HDFS. */
  TIMES_BY_WRITERS {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.SET_TIMES
          && linux.errno() == EPERM
          && (cairn.isDone() || cairn.errno() == EACCES);
    }

    @Override
    Optional<Step> adoptedByLinux(Step step) {
      return Optional.of(step.by(Cast.SUPERUSER));
    }
  },

  /**
   * Linux wants the right to write a directory that gets another parent, for its dots, before it
   * looks whether the other one is empty.
   */
  MOVED_DIRECTORIES {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return switch (step.kind()) {
        case RENAME, RENAME_NO_REPLACE, EXCHANGE ->
            linux.errno() == EACCES
                && (cairn.isDone() || cairn.errno() == ENOTEMPTY)
                && cairn.hint("directory").equals("true");
        default -> false;
      };
    }

    @Override
    Optional<Step> adoptedByLinux(Step step) {
      return Optional.of(step.by(Cast.SUPERUSER));
    }
  },

  /**
   * In a sticky directory that everybody may write, Linux forbids to open another's symlink with
   * O_CREAT before it says that it is one: its protection of files there spares files only.
   */
  STICKY_SYMLINKS {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.OPEN
          && step.words().containsAll(List.of("CREATE", "NO_FOLLOW"))
          && linux.hint("there").equals("l")
          && linux.errno() == EACCES
          && cairn.errno() == ELOOP;
    }
  },

  /** Listings carry attributes, for which a directory must be searched. */
  LISTINGS_HAVE_ATTRIBUTES {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.LIST
          && linux.isDone()
          && cairn.errno() == EACCES
          && cairn.hint("searchable").equals("errno " + EACCES);
    }
  },

  /** Directories are listed, not opened. */
  OPEN_DIRECTORY {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return (step.kind() == Kind.OPEN || step.kind() == Kind.CONTENT)
          && cairn.errno() == EISDIR
          && (linux.errno() == EACCES || "d".equals(linux.answer().get("type")));
    }

    /** The slot is empty then, on both sides. */
    @Override
    Optional<Step> adoptedByBoth(Step step) {
      return Optional.of(Step.onHandle(step.actor(), Kind.CLOSE, step.slot()));
    }
  },

  /**
   * Where the mask is empty, Linux does not look at the ACL: a user or a group that it names gets
   * what all others get. In POSIX it gets nothing.
   */
  EMPTY_MASK {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return cairn.errno() == EACCES
          && linux.errno() != EACCES
          && Stream.of(linux.hint(WAY).split(";", -1))
              .anyMatch(list -> isMaskedFor(Cast.user(step.actor()), list));
    }

    private static boolean isMaskedFor(String user, String list) {
      List<String> words = List.of(list.split("[ ,]", -1));
      return !words.get(0).equals(user)
          && words.contains("mask::---")
          && words.stream()
              .anyMatch(
                  word ->
                      word.startsWith("user:" + user + ":")
                          || word.startsWith("group:" + user + ":"));
    }

    @Override
    boolean endsSequence(Step step, Outcome linux) {
      return linux.isDone() && !step.kind().isQuestion();
    }
  },

  /** Only directories have a default ACL; whoever asks for another one is told so, or EPERM. */
  DEFAULT_ACL_OF_A_FILE {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.SET_DEFAULT_ACL
          && (linux.errno() == EACCES || (linux.isDone() && step.words().isEmpty()))
          && (cairn.errno() == EINVAL || cairn.errno() == EPERM)
          && "false".equals(cairn.hint("directory"));
    }
  },

  /** A mount does not keep what a directory was like. */
  REMOVED_DIRECTORY {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      boolean isDirectory =
          switch (step.kind()) {
            case FSTAT -> isOfRemovedDirectory(linux);
            // The way there leads over what it is like.
            case SEEK_DATA, SEEK_HOLE, COPY_RANGE -> linux.errno() == EISDIR;
            default -> false;
          };
      return isDirectory && cairn.errno() == ESTALE && cairn.message().endsWith(": statx");
    }

    private static boolean isOfRemovedDirectory(Outcome linux) {
      return "d".equals(linux.answer().get("type")) && "0".equals(linux.answer().get("links"));
    }

    /** Only of a mount. */
    @Override
    boolean isPossible(Surroundings surroundings) {
      return false;
    }
  },

  /** There is no word for EBADF: who was not opened for it gets EINVAL. */
  NOT_OPENED_FOR_IT {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return switch (step.kind()) {
        case READ, WRITE, APPEND, ALLOCATE, ALLOCATE_KEEP, PUNCH, COPY_RANGE ->
            linux.errno() == EBADF && cairn.errno() == EINVAL;
        default -> false;
      };
    }
  },

  /** A directory has no length; Linux' is what it takes on the disk. */
  DIRECTORY_SIZE {
    @Override
    Outcome adjusted(Step step, Outcome linux, Outcome cairn) {
      return isStatOfDirectory(linux, cairn) && "0".equals(cairn.answer().get("size"))
          ? cairn.with("size", linux.answer().get("size"))
          : cairn;
    }
  },

  /** The fuzzer's clients do not tell what they read: that becomes known a second later. */
  ACCESS_TIMES_LATER {
    @Override
    Outcome adjusted(Step step, Outcome linux, Outcome cairn) {
      return "now".equals(linux.answer().get("accessed")) && cairn.isDone()
          ? cairn.with("accessed", "now")
          : cairn;
    }
  },

  /**
   * What is kept in metadata is not joined to what lies in chunks: who wants it has to copy. Linux
   * has no concat at all.
   */
  SMALL_FILES_ARE_COPIED {
    @Override
    Outcome adjusted(Step step, Outcome linux, Outcome cairn) {
      return step.kind() == Kind.CONCAT && "by a copy".equals(cairn.answer().get("joined"))
          ? cairn.with("joined", linux.answer().get("joined"))
          : cairn;
    }
  },

  /** Linux tells data and holes in blocks of 4,096 bytes, Cairn to the byte. */
  DATA_IN_BLOCKS {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return Seek.isToldTruly(step, linux, cairn) && linux.hint("map").equals(cairn.hint("map"));
    }
  },

  /**
   * Blocks that were made zero in parts, or set aside, may be data to Linux; Cairn has no bytes.
   */
  ZEROS_ARE_A_HOLE {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return Seek.isToldTruly(step, linux, cairn)
          && Seek.differOnlyWhere(linux.hint("map"), 'd', cairn.hint("map"), '-');
    }
  },

  /**
   * The content of a file of few bytes is in its metadata, as a whole, and stays data when the file
   * becomes longer.
   */
  SMALL_FILES_HAVE_NO_HOLES {
    @Override
    boolean explains(Step step, Outcome linux, Outcome cairn) {
      return Seek.isToldTruly(step, linux, cairn)
          && Seek.differOnlyByBlocksOfSmallFiles(linux.hint("map"), cairn.hint("map"));
    }
  };

  /** A hint of Linux: owners and ACLs of what the call's paths lead over. */
  static final String WAY = "way";

  private static final int EPERM = 1;
  private static final int EBADF = 9;
  private static final int EACCES = 13;
  private static final int EISDIR = 21;
  private static final int EINVAL = 22;
  private static final int ENOTEMPTY = 39;
  private static final int ELOOP = 40;
  private static final int ESTALE = 116;

  /** Whether it is this why the outcomes differ. */
  boolean explains(Step step, Outcome linux, Outcome cairn) {
    return false;
  }

  /** Cairn's outcome, as it would be without this difference. */
  Outcome adjusted(Step step, Outcome linux, Outcome cairn) {
    return cairn;
  }

  /** What brings Linux' directory to the state of Cairn's again. */
  Optional<Step> adoptedByLinux(Step step) {
    return Optional.empty();
  }

  /** What brings both to one state again, whatever comes of it. */
  Optional<Step> adoptedByBoth(Step step) {
    return Optional.empty();
  }

  /** Whether the two directories are not brought to one state again. */
  boolean endsSequence(Step step, Outcome linux) {
    return false;
  }

  boolean isPossible(Surroundings surroundings) {
    return switch (this) {
      case TIMES_BY_WRITERS, EMPTY_MASK -> surroundings.severalUsers();
      case PROTECTED_HARDLINKS -> surroundings.severalUsers() && surroundings.linksProtected();
      case STICKY_SYMLINKS -> surroundings.severalUsers() && !surroundings.stickyProtected();
      default -> true;
    };
  }

  private static boolean isStatOfDirectory(Outcome linux, Outcome cairn) {
    return linux.answer().containsKey("links")
        && "d".equals(linux.answer().get("type"))
        && "d".equals(cairn.answer().get("type"));
  }
}
