package io.cairnfs.contract.fuzz;

import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What came of a call.
 *
 * @param errno 0 if it was done
 * @param message why it was refused, for people
 * @param answer what it gave, by name: this is compared
 * @param hints what helps to judge a difference, by name: this is not compared
 */
record Outcome(
    int errno, String message, SortedMap<String, String> answer, SortedMap<String, String> hints) {

  static Outcome done(SortedMap<String, String> answer, SortedMap<String, String> hints) {
    return new Outcome(0, "", answer, hints);
  }

  static Outcome refused(int errno, String message, SortedMap<String, String> hints) {
    return new Outcome(errno, message, new TreeMap<>(), hints);
  }

  boolean isSameAs(Outcome other) {
    return errno == other.errno && answer.equals(other.answer);
  }

  boolean isDone() {
    return errno == 0;
  }

  String hint(String name) {
    return hints.getOrDefault(name, "");
  }

  /** With another answer under one name. */
  Outcome with(String name, String value) {
    SortedMap<String, String> changed = new TreeMap<>(answer);
    String unused = changed.put(name, value);
    return new Outcome(errno, message, changed, hints);
  }

  /** With one more hint. */
  Outcome withHint(String name, String value) {
    SortedMap<String, String> more = new TreeMap<>(hints);
    String unused = more.put(name, value);
    return new Outcome(errno, message, answer, more);
  }

  void write(DataOutput out) throws IOException {
    out.writeInt(errno);
    out.writeUTF(message);
    write(out, answer);
    write(out, hints);
  }

  private static void write(DataOutput out, Map<String, String> values) throws IOException {
    out.writeInt(values.size());
    for (Map.Entry<String, String> each : values.entrySet()) {
      out.writeUTF(each.getKey());
      out.writeUTF(each.getValue());
    }
  }

  static Outcome read(DataInput in) throws IOException {
    return new Outcome(in.readInt(), in.readUTF(), values(in), values(in));
  }

  private static SortedMap<String, String> values(DataInput in) throws IOException {
    SortedMap<String, String> values = new TreeMap<>();
    for (int left = in.readInt(); left > 0; left--) {
      String name = in.readUTF();
      String unused = values.put(name, in.readUTF());
    }
    return values;
  }

  @Override
  public String toString() {
    return errno == 0 ? "ok " + answer + (hints.isEmpty() ? "" : " " + hints) : message;
  }
}
