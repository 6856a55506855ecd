package io.cairnfs.simulation.history;

import com.google.errorprone.annotations.FormatMethod;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What a check found wrong, in words, and how much it looked at. */
public final class Findings {
  private static final int MAX_KEPT = 200;

  private final Map<Rule, Long> counts = new EnumMap<>(Rule.class);
  private final Map<Looked, Long> looked = new EnumMap<>(Looked.class);
  private final List<String> texts = new ArrayList<>();

  /** What must hold. */
  public enum Rule {
    /** An acknowledged mutation is in the log. */
    LOST_WRITE,
    /** A call has one effect, whatever is sent twice. */
    DOUBLED,
    /** What is in the log was asked for by its client. */
    NOT_ASKED_FOR,
    /** An answer is what the log says. */
    WRONG_RESULT,
    /** An answer is of the index at which the call took effect. */
    WRONG_INDEX,
    /** A read tells what the model says of its index. */
    WRONG_READ,
    /** A call takes effect behind all that was answered before it was sent. */
    WRONG_ORDER,
    /** The state machine and the model agree. */
    MODEL,
    /** Some order of the calls explains all answers. */
    NO_ORDER
  }

  /** What was counted. */
  public enum Looked {
    CALLS,
    MUTATIONS_ACKNOWLEDGED,
    MUTATIONS_REFUSED,
    MUTATIONS_OF_UNKNOWN_OUTCOME,
    UNKNOWN_OUTCOMES_THAT_TOOK_EFFECT,
    CALLS_LOGGED_TWICE,
    READS_COMPARED,
    READS_REFUSED_AND_COMPARED,
    READS_NOT_COMPARED,
    LOG_ENTRIES,
    LOG_COMMANDS,
    COMMANDS_OF_OTHERS,
    ORDERED_IN_TIME,
    SEARCHED_CALLS,
    /** Of unknown outcome, and known to have had their effects by some moment or never. */
    CALLS_BELOW_THE_MARK,
    SEARCHED_PARTITIONS,
    SEARCH_LEFT_UNDECIDED,
    LONGEST_SEARCH_FRONTIER
  }

  @FormatMethod
  void add(Rule rule, String text, Object... arguments) {
    counts.merge(rule, 1L, Long::sum);
    if (texts.size() < MAX_KEPT) {
      texts.add(rule + ": " + text.formatted(arguments));
    }
  }

  void count(Looked what) {
    count(what, 1);
  }

  void count(Looked what, long by) {
    looked.merge(what, by, Long::sum);
  }

  void atLeast(Looked what, long value) {
    looked.merge(what, value, Math::max);
  }

  /** Nothing is wrong. */
  public boolean isEmpty() {
    return counts.isEmpty();
  }

  public long total() {
    return counts.values().stream().mapToLong(Long::longValue).sum();
  }

  public Map<Rule, Long> counts() {
    return Map.copyOf(counts);
  }

  public long of(Looked what) {
    return looked.getOrDefault(what, 0L);
  }

  /** In the order in which they were found; the first {@value #MAX_KEPT}. */
  public List<String> texts() {
    return List.copyOf(texts);
  }
}
