package io.cairnfs.shell;

import io.cairnfs.common.process.CairnVersion;
import io.cairnfs.shell.text.NearestWord;
import io.cairnfs.shell.text.Output;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What {@code cairn} says when it is asked for help, for its version, or for a word it lacks. */
public final class CairnHelp {
  private static final int MISUSED = 255;

  /** A word of {@code cairn}: one line, and the whole. */
  private record Word(String summary, String help) {}

  private static final Map<String, Word> WORDS = new LinkedHashMap<>();

  static {
    WORDS.put(
        "quickstart",
        new Word(
            "build, start a local cluster, copy a tree in and out while servers are killed",
            """
            cairn quickstart [--dir D] [--stop]
              --dir D  keep all state there
              --stop   stop the cluster at the end"""));
    WORDS.put(
        "local",
        new Word(
            "a whole cluster on this machine",
            """
            cairn local start [--dir D] [--metaservers N] [--dataservers N] [--processes]
            cairn local status [--json] | stop | kill ID | restart ID | logs ID [-f] | destroy [-f]
            All take --dir D, ~/.cairn/local unless told otherwise."""));
    WORDS.put(
        "dfs",
        new Word(
            "the shell: ls, put, get and the other words of HDFS' shell (also: dfs)",
            """
            cairn dfs [-fs cairn://HOST:PORT[,HOST:PORT...]] [-D key=value] [--conf FILE] COMMAND ...
            'dfs -help' explains the commands."""));
    WORDS.put(
        "admin",
        new Word(
            "report, servers, ring, out, in, scrub, reconcile, metaserver, metrics, log-level",
            """
            cairn admin [-fs CLUSTER] report [--json]
            cairn admin [-fs CLUSTER] servers [--json]
            cairn admin [-fs CLUSTER] ring [PATH] [--slots] [--json]
            cairn admin [-fs CLUSTER] why PATH|SERVER|SLOT [--json]
            cairn admin [-fs CLUSTER] drain SERVER [--wait] [--json]
            cairn admin [-fs CLUSTER] out SERVER
            cairn admin [-fs CLUSTER] in SERVER
            cairn admin [-fs CLUSTER] scrub [SERVER...] [--now] [--json]
            cairn admin [-fs CLUSTER] reconcile SERVER [--json]
            cairn admin [-fs CLUSTER] maintenance SERVER --for TIME|--end [-f]
            cairn admin [-fs CLUSTER] remove SERVER
            cairn admin [-fs CLUSTER] weight SERVER [WEIGHT]
            cairn admin [-fs CLUSTER] volumes [SERVER] [--json]
            cairn admin [-fs CLUSTER] volumes lost SERVER VOLUME
            cairn admin [-fs CLUSTER] metaserver list [--json]
            cairn admin [-fs CLUSTER] metaserver add ID HOST:PORT [--learner]
            cairn admin [-fs CLUSTER] metaserver remove ID [--force]
            cairn admin [-fs CLUSTER] metaserver transfer ID
            cairn admin [-fs CLUSTER] metrics ID [--json]
            cairn admin [-fs CLUSTER] log-level ID LOGGER [LEVEL]"""));
    WORDS.put(
        "ec",
        new Word(
            "which erasure code the files of a directory have, as 'hdfs ec'",
            """
            cairn ec [-fs CLUSTER] -listPolicies
            cairn ec [-fs CLUSTER] -getPolicy -path PATH [-v]
            cairn ec [-fs CLUSTER] -setPolicy -path PATH [-policy NAME] [-replicate]
            cairn ec [-fs CLUSTER] -unsetPolicy -path PATH
            cairn ec [-fs CLUSTER] -enablePolicy -policy NAME
            cairn ec [-fs CLUSTER] -disablePolicy -policy NAME
            cairn ec -help [WORD]
            Exit codes: 0 done, 1 wrong usage, 2 refused (-setPolicy: 3)."""));
    WORDS.put(
        "storagepolicies",
        new Word(
            "on which class of volumes files lie, as 'hdfs storagepolicies'",
            """
            cairn storagepolicies [-fs CLUSTER] -listPolicies
            cairn storagepolicies [-fs CLUSTER] -setStoragePolicy -path PATH -policy COLD|HOT|ALL_SSD
            cairn storagepolicies [-fs CLUSTER] -getStoragePolicy -path PATH [-v]
            cairn storagepolicies [-fs CLUSTER] -unsetStoragePolicy -path PATH
            cairn storagepolicies [-fs CLUSTER] -satisfyStoragePolicy -path PATH
            cairn storagepolicies -help [WORD]
            Exit codes: 0 done, 1 wrong usage, 2 refused."""));
    WORDS.put(
        "fsck",
        new Word(
            "check that every file can be read and every replica is there",
            """
            cairn fsck [-fs CLUSTER] [PATH] [-files] [-blocks] [-locations] [--json]
            Exit codes: 0 HEALTHY, 1 UNDER-REPLICATED, 2 CORRUPT, 255 could not look."""));
    WORDS.put(
        "mount",
        new Word(
            "mount a cluster's directory with FUSE",
            """
            cairn mount [-f] [-o OPTIONS] [--log FILE] [-fs CLUSTER] [cairn://CLUSTER[/DIRECTORY]] MOUNTPOINT
            cairn mount --status [MOUNTPOINT]
            Returns when it serves; -f stays. 'cairn mount --help' explains the options. Needs root and /dev/fuse."""));
    WORDS.put(
        "umount",
        new Word("unmount it", "cairn umount [-l] MOUNTPOINT: -l even while it is used."));
    WORDS.put(
        "format",
        new Word(
            "prepare a metaserver's directory, once",
            """
            cairn format --conf FILE --id ID [--cluster-id C [--join]]
            The first metaserver creates the cluster and prints its id, which the others are given.
            --join: to be added to a running cluster with 'cairn admin metaserver add'."""));
    WORDS.put(
        "metaserver",
        new Word("run one metaserver in the foreground", "cairn metaserver --conf FILE --id ID"));
    WORDS.put(
        "dataserver",
        new Word("run one data server in the foreground", "cairn dataserver --conf FILE --id ID"));
    WORDS.put(
        "bench",
        new Word(
            "measure: calibrate, raft, meta, io, mount, failover, restart, overload, steady, heal",
            """
            cairn bench calibrate|raft|meta|io|mount|failover|restart|overload|steady|heal [options]; 'cairn bench --help' explains them.
            meta and io: -fs, -D and --conf as for dfs; without any cluster they make one of their own;
            failover, restart, overload, steady and heal always do. mount measures any directory, or a mount of its own."""));
    WORDS.put(
        "archive",
        new Word(
            "make the shell start faster on this machine",
            """
            cairn archive
            Writes the class-data archives of dfs and of the servers beside the jars, for this Java and this place: all start in
            half the time. The build does it, too."""));
    WORDS.put(
        "chaos",
        new Word(
            "do real servers every harm, and account for every byte",
            """
            cairn chaos [--schedule kill|partition|power|damage] [--minutes M] [--seed S]
                        [--writers N] [--dataservers N] [--dir D] [--loopback]
            Makes a cluster of its own. Exit code 0: every acknowledged byte and name survived."""));
    WORDS.put(
        "check-history",
        new Word(
            "check what recorded clients saw against the log",
            """
            cairn check-history [--log DIR]... [--no-search] HISTORY...
            Are the calls that clients recorded (ClientOptions.history) linearizable? Exit code 0: they are."""));
    WORDS.put(
        "fuzz",
        new Word(
            "make the same random calls to Cairn and to a local directory",
            """
            cairn fuzz [--operations N] [--seed S] [--users U] [--long] [--complete] [--threads N] [--dir D]
                       [--cluster-dir D] [--without KIND,...] [--failures N]
            A cluster in this process, ext4 beside it, several users (as root; anybody else is alone). Exit code 0: results, errno,
            content and attributes were equal. Prints a short failing sequence."""));
    WORDS.put(
        "simulate",
        new Word(
            "run the engine's simulator with seeds",
            "cairn simulate [options]; 'cairn simulate --help' explains them."));
    WORDS.put(
        "help", new Word("explain a word", "cairn help [WORD]: explains a word, or lists them."));
    WORDS.put(
        "version", new Word("print the version", "cairn version (also --version): the version."));
  }

  private CairnHelp() {}

  /** The words that {@code cairn} knows. */
  static List<String> words() {
    return List.copyOf(WORDS.keySet());
  }

  public static void main(String[] arguments) {
    Output out = new Output(new FileOutputStream(FileDescriptor.out));
    Output err = new Output(new FileOutputStream(FileDescriptor.err));
    int code = run(List.of(arguments), out, err);
    out.flush();
    err.flush();
    System.exit(code);
  }

  /** The exit code. */
  static int run(List<String> arguments, Output out, Output err) {
    if (arguments.isEmpty()) {
      overview(out);
      return 0;
    }
    return switch (arguments.get(0)) {
      case "help", "--help", "-h", "-help" ->
          arguments.size() == 1 ? explainAll(out) : explain(arguments.get(1), out, err);
      case "version", "--version", "-version" -> {
        out.line("cairn " + CairnVersion.text());
        yield 0;
      }
      default -> unknown(arguments.get(0), err);
    };
  }

  private static int explainAll(Output out) {
    overview(out);
    return 0;
  }

  private static void overview(Output out) {
    out.line("Cairn, a distributed file system.");
    out.line("");
    out.line("Usage: cairn WORD ...");
    out.line("");
    WORDS.forEach(
        (name, word) -> out.line("  " + name + " ".repeat(17 - name.length()) + word.summary()));
    out.line("");
    out.line("'cairn help WORD' explains a word. To begin: cairn quickstart");
  }

  private static int explain(String name, Output out, Output err) {
    Word word = WORDS.get(name);
    if (word == null) {
      return unknown(name, err);
    }
    out.line(name + ": " + word.summary());
    word.help().lines().forEach(line -> out.line("  " + line));
    return 0;
  }

  private static int unknown(String name, Output err) {
    err.line("cairn: unknown word '" + name + "'");
    err.line(
        NearestWord.of(name, WORDS.keySet())
            .map(nearest -> "Did you mean 'cairn " + nearest + "'?")
            .orElse("'cairn help' lists all words."));
    return MISUSED;
  }
}
