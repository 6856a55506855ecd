package io.cairnfs.localcluster;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Every command line of README.md and docs names words and options that there are. */
@Timeout(value = 240, unit = TimeUnit.SECONDS)
class DocumentedCommandsIT {
  private static final Pattern CODE = Pattern.compile("`([^`]+)`");
  private static final Pattern COMMAND =
      Pattern.compile("^(?:[A-Z_]+=\\S+ )?(?:/opt/cairn/)?(?:bin/)?(cairn|dfs)( .*)?$");
  private static final Pattern OPTION = Pattern.compile("^--?[A-Za-z][A-Za-z-]*");
  private static final Set<String> GENERIC = Set.of("-fs", "-D", "--conf");

  @TempDir static Path directory;
  private static RealCluster cluster;
  private static Programs programs;
  private final Map<List<String>, Programs.Result> helps = new HashMap<>();

  @BeforeAll
  static void start() throws Exception {
    cluster = RealCluster.start(directory.resolve("cluster"), 1, 1, "placement.replication = 1");
    programs = new Programs(directory.resolve("here")).with("CAIRN_FS", cluster.controller().uri());
  }

  @AfterAll
  static void stop() throws Exception {
    if (cluster != null) {
      cluster.close();
    }
  }

  /** The distribution carries README.md and docs. */
  private static List<Path> documents() throws Exception {
    Path home = Programs.bin().getParent();
    List<Path> documents = new ArrayList<>(List.of(home.resolve("README.md")));
    try (Stream<Path> docs = Files.walk(home.resolve("docs"))) {
      documents.addAll(docs.filter(each -> each.toString().endsWith(".md")).sorted().toList());
    }
    return documents;
  }

  private static Set<String> fenced(Path document) throws Exception {
    Set<String> commands = new LinkedHashSet<>();
    boolean fence = false;
    for (String line : Files.readAllLines(document)) {
      if (line.startsWith("```")) {
        fence = !fence;
      } else if (fence) {
        addCommand(commands, line);
      }
    }
    return commands;
  }

  private static Set<String> inline(Path document) throws Exception {
    Set<String> commands = new LinkedHashSet<>();
    // A span may go over the end of a line.
    String text = Files.readString(document).replaceAll("(?s)```.*?```", "").replace('\n', ' ');
    Matcher spans = CODE.matcher(text);
    while (spans.find()) {
      addCommand(commands, spans.group(1));
    }
    return commands;
  }

  private static void addCommand(Set<String> commands, String text) {
    String command = text.replaceAll("\\s+#.*$", "").strip();
    Matcher matcher = COMMAND.matcher(command);
    if (matcher.matches() && matcher.group(2) != null) {
      commands.add(matcher.group(1) + matcher.group(2));
    }
  }

  @Test
  void wordsAndOptionsOfTheDocumentsExist() throws Exception {
    List<String> wrong = new ArrayList<>();
    int seen = 0;
    for (Path document : documents()) {
      Set<String> commands = fenced(document);
      commands.addAll(inline(document));
      for (String command : commands) {
        seen++;
        check(command).forEach(problem -> wrong.add(document + ": " + command + ": " + problem));
      }
    }
    assertThat(wrong).isEmpty();
    assertThat(seen).isGreaterThan(20);
  }

  private List<String> check(String command) throws Exception {
    List<String> words =
        Stream.of(command.replaceAll("[\\[\\],]|\\.\\.\\.", " ").strip().split("\\s+"))
            .filter(word -> !word.isEmpty())
            .toList();
    int at = 1;
    while (at < words.size() && GENERIC.contains(words.get(at))) {
      at += 2;
    }
    boolean isDfs = words.get(0).equals("dfs");
    if (at >= words.size() || words.get(at).equals("COMMAND")) {
      return List.of();
    }
    String word = words.get(at);
    if (Set.of("-help", "help", "--help", "--version").contains(word)) {
      return List.of();
    }
    List<String> ask = new ArrayList<>();
    if (isDfs) {
      ask.addAll(List.of("dfs", "-help", word.replaceFirst("^-", "")));
    } else {
      ask.add(word);
      if (Set.of("local", "admin", "bench").contains(word) && at + 1 < words.size()) {
        ask.add(words.get(++at));
      }
      if (words.get(at).equals("metaserver") && at > 1 && at + 1 < words.size()) {
        ask.add(words.get(++at));
      }
      ask.add("--help");
    }
    Programs.Result help = help(ask);
    List<String> problems = new ArrayList<>();
    if (help.code() != 0) {
      problems.add("no such word: " + help.err());
    }
    for (String rest : words.subList(at + 1, words.size())) {
      Matcher option = OPTION.matcher(rest);
      if (option.find() && !knows(help, option.group())) {
        problems.add("no option " + option.group());
      }
    }
    return problems;
  }

  /** Generic options and --help are everybody's. */
  private static boolean knows(Programs.Result help, String option) {
    return option.equals("--help")
        || GENERIC.contains(option)
        || Pattern.compile("(?<![A-Za-z-])" + Pattern.quote(option) + "(?![A-Za-z-])")
            .matcher(help.out())
            .find();
  }

  private Programs.Result help(List<String> words) throws Exception {
    Programs.Result known = helps.get(words);
    if (known == null) {
      known = programs.cairn(words.toArray(new String[0]));
      helps.put(words, known);
    }
    return known;
  }

  @Test
  void theReadmesCommandsDoWhatTheySay() throws Exception {
    Path file = Files.writeString(directory.resolve("FILE"), "to be put");
    List<String> run = new ArrayList<>();
    for (String command : fenced(documents().get(0))) {
      List<String> words = new ArrayList<>(List.of(command.split("\\s+")));
      String what = words.get(0).equals("dfs") ? "dfs" : words.get(1);
      if (Set.of("dfs", "admin", "fsck").contains(what)) {
        words.replaceAll(word -> word.equals("FILE") ? file.toString() : word);
        if (words.get(0).equals("cairn")) {
          words.remove(0);
        }
        Programs.Result result = programs.cairn(words.toArray(new String[0]));
        assertThat(result.code()).as(command + ": " + result.err()).isZero();
        assertThat(result.errWithoutWaiting()).as(command).isEmpty();
        run.add(what);
      }
    }
    assertThat(run).contains("dfs", "admin", "fsck");
    assertThat(programs.dfs("-cat", "/tmp/FILE").out()).isEqualTo("to be put");
  }

  @Test
  void helpForEveryWord() throws Exception {
    Programs.Result overview = programs.cairn("--help");
    assertThat(overview.code()).isZero();
    assertThat(programs.cairn().out()).isEqualTo(overview.out());
    assertThat(programs.cairn("--version").out()).startsWith("cairn 0.");
    assertThat(programs.dfs("--version").out()).contains("0.");
    for (String word :
        List.of(
            "quickstart",
            "local",
            "admin",
            "fsck",
            "format",
            "metaserver",
            "dataserver",
            "bench",
            "chaos",
            "check-history",
            "fuzz",
            "simulate")) {
      assertThat(overview.out()).contains(word);
      Programs.Result help = help(List.of(word, "--help"));
      assertThat(help.code()).as(word + ": " + help.err()).isZero();
      assertThat(help.out()).as(word).contains("Usage: cairn " + word);
      Programs.Result explained = programs.cairn("help", word);
      assertThat(explained.code()).as(explained.err()).isZero();
      assertThat(explained.out()).startsWith(word + ": ");
    }
    Programs.Result unknown = programs.cairn("quikstart");
    assertThat(unknown.code()).isEqualTo(255);
    assertThat(unknown.err()).contains("Did you mean 'cairn quickstart'?");
  }
}
