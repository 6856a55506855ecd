package io.cairnfs.shell.command;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** Every word of the shell: its usage in HDFS' notation, its help, and the command behind it. */
public enum CommandWord {
  APPEND_TO_FILE(
      "appendToFile",
      "[-n] <localsrc> ... <dst>",
      """
      Writes what local files hold, or standard input where the only source is -, to the end
      of a file, which is made if it does not exist.
        -n  Accepted: every append begins a new chunk.\
      """),
  CAT("cat", "[-ignoreCrc] <src> ...", "Writes the files to standard output, one after the other."),
  CHECKSUM(
      "checksum",
      "[-v] <src> ...",
      """
      Prints path, algorithm and checksum of each file. The checksum is the CRC-32C of the
      whole content, whatever the chunks: equal contents have equal checksums.
        -v  Print the largest chunk's size too.\
      """),
  CHGRP("chgrp", "[-R] GROUP PATH...", "Changes the group. Same as -chown :GROUP."),
  CHMOD(
      "chmod",
      "[-R] <MODE[,MODE]... | OCTALMODE> PATH...",
      """
      Changes permission bits.
        -R           All below directories too.
        <MODE>       Such as u+rw,g-w,o=r or +t; letters r w x X t. Without any of augo all
                     are meant, and no umask is applied.
        <OCTALMODE>  Three digits, or four with 1 or 0 for the sticky bit in front.\
      """),
  CHOWN(
      "chown",
      "[-R] [OWNER][:[GROUP]] PATH...",
      """
      Changes owner and group; what is left out stays. Names consist of letters, digits and
      any of -+_./@.
        -R  All below directories too.\
      """),
  CONCAT(
      "concat",
      "<target path> <src path> <src path> ...",
      """
      Moves what the sources hold to the end of the target, in their order, and removes their
      names: all or nothing, and without moving a byte of data.\
      """),
  COPY_FROM_LOCAL("copyFromLocal", Usages.PUT, "The same as -put."),
  COPY_TO_LOCAL("copyToLocal", Usages.GET, "The same as -get."),
  COUNT(
      "count",
      "[-q] [-h] [-v] [-t [<storage type>]] [-u] [-x] [-e] [-s] <path> ...",
      """
      Counts directories, files and bytes:
      DIR_COUNT FILE_COUNT CONTENT_SIZE PATHNAME
        -q  Quotas in front: QUOTA REM_QUOTA SPACE_QUOTA REM_SPACE_QUOTA.
        -u  Quotas alone.
        -h  Sizes such as 1.5 G.
        -v  A header line.
        -e  Redundancy policy too.
        -s  Snapshot counts too.
        -x  Without snapshots.
        -t  Accepted; there are no quotas by storage type.\
      """),
  CP(
      "cp",
      "[-f] [-p | -p[topax]] [-d] [-t <thread count>] [-q <thread pool queue size>]"
          + " <src> ... <dst>",
      """
      Copies files and whole directories within the file system. Several sources need an
      existing directory as destination.
        -f         Replace existing files.
        -p[topax]  Preserve times, ownership and mode, or those of t o p that are given.
        -d         Write under the final names at once, without <dst>._COPYING_.
        --reflink  Copy no data: both files share it until one of them is changed.
        -t <n>     Files copied at once; 32 unless told otherwise, 8 of them long ones.
        -q <n>     Files that wait for a thread; 1024 unless told otherwise.\
      """),
  DF(
      "df",
      "[-h] [<path> ...]",
      "Shows capacity, used and available bytes.\n  -h  Sizes such as 1.5 G."),
  DU(
      "du",
      "[-s] [-h] [-v] [-x] <path> ...",
      """
      Shows bytes, bytes with all replicas, and path of what directories hold, one level deep.
        -s  Totals of the operands only.
        -h  Sizes such as 1.5 G.
        -v  A header line.
        -x  Without snapshots.\
      """),
  DUS("dus", "", "", "du -s"),
  EXPUNGE(
      "expunge",
      "[-immediate] [-fs <path>]",
      """
      Deletes what has been in the trash for longer than the cluster keeps it, and makes a
      checkpoint of what was deleted since the last one.
        -immediate  Delete all that is in the trash.
        -fs <path>  The trash of the cluster of this path.\
      """),
  FIND(
      "find",
      "<path> ... <expression> ...",
      """
      Finds what matches an expression; all terms must hold. Without an action, paths are
      printed.
        -name <pattern>   The name matches, with wild cards.
        -iname <pattern>  The same, whatever the case.
        -type f|d|l       A file, directory or symlink.
        -size [+-]n[ckMGT]  More than, less than or exactly n units; 512 bytes without one.
        -mtime [+-]n      Changed more than, less than or exactly n days ago.
        -empty            An empty file or directory.
        -print, -print0   Print the path, and a line's end or a NUL.
        -delete           Delete it; what directories hold comes first.
        -a                Between terms; changes nothing.\
      """),
  GET(
      "get",
      Usages.GET,
      """
      Copies files and whole directories to this machine. The destination is the current
      directory unless told otherwise; - is standard output.
        -f          Replace existing files.
        -p          Preserve times, ownership and mode.
        -crc        Accepted; no side files are written.
        -ignoreCrc  Accepted; checksums are always verified.
        -t <n>      Files copied at once; 32 unless told otherwise, 8 of them long ones.
        -q <n>      Files that wait for a thread; 1024 unless told otherwise.\
      """),
  GETFACL(
      "getfacl",
      "[-R] <path>",
      """
      Shows access control lists: owner, group, and an entry a line. Behind #effective is what
      the mask leaves of an entry.
        -R  Of everything below directories too.\
      """),
  GETFATTR(
      "getfattr",
      "[-R] {-n name | -d} [-e en] <path>",
      """
      Shows extended attributes.
        -R         Of everything below directories too.
        -n name    The value of this one.
        -d         All of them.
        -e <en>    Values as text, in quotes, unless told otherwise; hex (0x...) or base64
                   (0s...).\
      """),
  GETMERGE(
      "getmerge",
      "[-nl] [-skip-empty-file] <src> <localdst>",
      """
      Joins files, and the files of directories, to one file on this machine.
        -nl               A newline after each file.
        -skip-empty-file  But not after an empty one.\
      """),
  HEAD("head", "<file>", "Shows the first kilobyte of a file."),
  HELP("help", "[cmd ...]", "Shows help for commands, or for all."),
  LN(
      "ln",
      "[-s] [-f] <target> <link>",
      """
      Gives a file one more name. If <link> is a directory, the new name is made in it.
        -s  Makes a symlink instead; its target need not exist, and leads on from the
            directory that holds the link unless it begins with a slash.
        -f  What has the name already, unless it is a directory, loses it.\
      """),
  LOCK(
      "lock",
      "[-s] [-n|-w <seconds>] <path> <command> ...",
      """
      Runs a command while a file is locked, and ends with its exit code. The file is made if
      it does not exist. The command finds the lock's fencing token in CAIRN_LOCK_TOKEN.
        -s            Share the lock with others that do.
        -n            If others have it, end with 1 at once.
        -w <seconds>  The same, but only after so long."""),
  LOCKS(
      "locks",
      "<path> ...",
      "Shows who has locks of files, with their fencing tokens, and who waits for some."),
  LS(
      "ls",
      "[-C] [-d] [-h] [-q] [-R] [-t] [-S] [-r] [-u] [-e] [<path> ...]",
      """
      Lists what directories hold, /user/NAME unless told otherwise: mode, replication, owner,
      group, bytes, time of the last change, path.
        -C  Paths only.
        -d  Directories themselves.
        -h  Sizes such as 1.5 G.
        -q  ? for characters that cannot be printed.
        -R  All below too.
        -t  Sorted by time, newest first.
        -S  Sorted by size, largest first.
        -r  Sorted the other way round.
        -u  Time of the last access instead of the last change.
        -e  Redundancy policy too.\
      """),
  LSR("lsr", "", "", "ls -R"),
  MKDIR(
      "mkdir",
      "[-p] <path> ...",
      "Makes directories.\n  -p  Missing parents too; existing directories are no error."),
  MOVE_FROM_LOCAL(
      "moveFromLocal",
      "[-f] [-p] [-l] [-d] <localsrc> ... <dst>",
      "As -put, and deletes each source when it is copied."),
  MOVE_TO_LOCAL(
      "moveToLocal", "<src> <localdst>", "As -get, and deletes each source when it is copied."),
  MV(
      "mv",
      "<src> ... <dst>",
      """
      Moves files and directories within the file system. Several sources need an existing
      directory as destination. An existing file is not replaced.\
      """),
  PUT(
      "put",
      Usages.PUT,
      """
      Copies files and whole directories from this machine; - is standard input. The
      destination is /user/NAME unless told otherwise.
        -f      Replace existing files.
        -p      Preserve times, ownership and mode.
        -l      Accepted; has no effect.
        -d      Write under the final names at once, without <dst>._COPYING_.
        -t <n>  Files copied at once; 32 unless told otherwise, 8 of them long ones.
        -q <n>  Files that wait for a thread; 1024 unless told otherwise.\
      """),
  RECOVER_LEASE(
      "recoverLease",
      "-path <path> [-retries <num-retries>]",
      """
      Ends somebody's writing of a file: what he has flushed stays.
        -path     The file.
        -retries  How often to ask again if the file is not closed yet."""),
  RM(
      "rm",
      "[-f] [-r|-R] [-skipTrash] [-safely] <src> ...",
      """
      Deletes files, or moves them to the trash if the cluster has one.
        -f          What is not there is no error.
        -r, -R      Directories too, with all they hold.
        -skipTrash  Delete at once what would be moved to the trash of the cluster.
        -safely     Ask before a directory with more than 100 files is deleted.\
      """),
  RMDIR(
      "rmdir",
      "[--ignore-fail-on-non-empty] <dir> ...",
      """
      Removes empty directories.
        --ignore-fail-on-non-empty  A directory that is not empty stays, without an error.\
      """),
  RMR("rmr", "", "", "-rm -r"),
  SETFACL(
      "setfacl",
      "[-R] [{-b|-k} {-m|-x <acl_spec>} <path>]|[--set <acl_spec> <path>]",
      """
      Changes access control lists. Entries, with commas between, are such as user:bob:rwx,
      group::r-x, mask::r--, other::--- or default:group:staff:r-x.
        -b          Remove all but what the mode says.
        -k          Remove the default ACL.
        -m <acl_spec>     Add entries, or change those that are there.
        -x <acl_spec>     Remove entries, which are given without permissions.
        --set <acl_spec>  Replace all; user, group and other must be given.
        -R          Of everything below directories too; default entries for directories.\
      """),
  SETFATTR(
      "setfattr",
      "{-n name [-v value] | -x name} <path>",
      """
      Sets or removes an extended attribute of a file or directory.
        -n name   The attribute, with its namespace: user, trusted or security.
        -v value  Its value: text, which may stand in quotes; hex digits behind 0x; base64
                  behind 0s. Empty unless told otherwise.
        -x name   Remove this attribute.\
      """),
  SETREP(
      "setrep",
      "[-R] [-w] <rep> <path> ...",
      """
      Sets how many copies of every byte of a file are kept; for all files below a directory.
        -w  Wait until they are there.
        -R  Accepted; has no effect.\
      """),
  STAT(
      "stat",
      "[format] <path> ...",
      """
      Shows attributes in a format, %y unless told otherwise: %a octal mode, %A mode in
      letters, %b bytes, %F type, %g group, %n name, %o largest chunk, %r replication, %u owner,
      %x and %y time of the last access and change in UTC, %X and %Y the same in
      milliseconds.\
      """),
  TAIL(
      "tail",
      "[-f] [-s <sleep interval>] <file>",
      """
      Shows the last kilobyte of a file.
        -f  Go on with what is added to it.
        -s  With -f: milliseconds between looks; 5000 unless told otherwise.\
      """),
  TEST(
      "test",
      "-[defswrz] <path>",
      """
      Answers by exit code, 0 for yes and 1 for no.
        -d  Is it a directory?
        -e  Does it exist?
        -f  Is it a file?
        -s  Is it longer than 0 bytes?
        -w  May it be written?
        -r  May it be read?
        -z  Is it 0 bytes long?\
      """),
  TEXT(
      "text",
      "[-ignoreCrc] <src> ...",
      "Writes files to standard output, uncompressed if they are gzip or .deflate."),
  TOUCH(
      "touch",
      "[-a] [-m] [-t TIMESTAMP (yyyyMMdd:HHmmss) ] [-c] <path> ...",
      """
      Sets the times of last access and change to now, and makes empty files.
        -a  Access only.
        -m  Change only.
        -t  To this time.
        -c  Make nothing.\
      """),
  TOUCHZ(
      "touchz",
      "<path> ...",
      "Makes empty files, or sets their times to now; other files are an error."),
  TRUNCATE(
      "truncate",
      "[-w] <length> <path> ...",
      """
      Makes files shorter.
        -w  Accepted: a file can be written again at once.\
      """),
  USAGE("usage", "[cmd ...]", "Shows the usage of commands, or of all.");

  /** Usages that two words share. */
  private static final class Usages {
    static final String PUT =
        "[-f] [-p] [-l] [-d] [-t <thread count>] [-q <thread pool queue size>]"
            + " <localsrc> ... <dst>";
    static final String GET =
        "[-f] [-p] [-crc] [-ignoreCrc] [-t <thread count>] [-q <thread pool queue size>]"
            + " <src> ... <localdst>";
  }

  private final String word;
  private final String operands;
  private final String help;
  private final String replacement;

  CommandWord(String word, String operands, String help) {
    this(word, operands, help, "");
  }

  CommandWord(String word, String operands, String help, String replacement) {
    this.word = word;
    this.operands = operands;
    this.help = help;
    this.replacement = replacement;
  }

  /** Finds a word, typed with or without its dash. */
  public static Optional<CommandWord> find(String typed) {
    String wanted = typed.startsWith("-") ? typed.substring(1) : typed;
    return Arrays.stream(values()).filter(each -> each.word.equals(wanted)).findFirst();
  }

  /** Without a dash. */
  public String word() {
    return word;
  }

  /** {@code -ls [-C] ... [<path> ...]}. */
  public String usage() {
    return operands.isEmpty() ? "-" + word : "-" + word + " " + operands;
  }

  /** What to say instead; empty unless the word is old. */
  public Optional<String> replacement() {
    return Optional.of(replacement).filter(text -> !text.isEmpty());
  }

  /** Usage and explanation, in lines. */
  public List<String> help() {
    List<String> lines = new ArrayList<>();
    lines.add(usage() + " :");
    String text = replacement.isEmpty() ? help : "(DEPRECATED) Same as '" + replacement + "'";
    text.lines().map(line -> "  " + line).forEach(lines::add);
    return lines;
  }

  /** A new run of this word. */
  public Command command() {
    return switch (this) {
      case APPEND_TO_FILE -> new AppendToFile();
      case CAT -> new Cat();
      case CHECKSUM -> new Checksum();
      case CHGRP -> Chown.chgrp();
      case CHMOD -> new Chmod();
      case CHOWN -> Chown.chown();
      case CONCAT -> new Concat();
      case COUNT -> new Count();
      case CP -> new Cp();
      case DF -> new Df();
      case DU -> Du.du();
      case DUS -> Du.dus();
      case EXPUNGE -> new Expunge();
      case FIND -> new Find();
      case GET, COPY_TO_LOCAL -> Get.get();
      case MOVE_TO_LOCAL -> Get.moveToLocal();
      case GETFACL -> new Getfacl();
      case GETFATTR -> new Getfattr();
      case GETMERGE -> new Getmerge();
      case HEAD -> new Head();
      case HELP -> Manual.help();
      case LN -> new Ln();
      case LS -> Ls.ls();
      case LOCK -> new Lock();
      case LOCKS -> new Locks();
      case LSR -> Ls.lsr();
      case MKDIR -> new Mkdir();
      case MV -> new Mv();
      case PUT, COPY_FROM_LOCAL -> Put.put();
      case MOVE_FROM_LOCAL -> Put.moveFromLocal();
      case RECOVER_LEASE -> new RecoverLease();
      case RM -> Rm.rm();
      case RMDIR -> new Rmdir();
      case RMR -> Rm.rmr();
      case SETFACL -> new Setfacl();
      case SETFATTR -> new Setfattr();
      case SETREP -> new Setrep();
      case STAT -> new Stat();
      case TAIL -> new Tail();
      case TEST -> new Test();
      case TEXT -> new Text();
      case TOUCH -> new Touch();
      case TOUCHZ -> new Touchz();
      case TRUNCATE -> new Truncate();
      case USAGE -> Manual.usage();
    };
  }
}
