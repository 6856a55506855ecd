package io.cairnfs.raft.driver;

import io.cairnfs.raft.StateMachine;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/**
 * A list of the words applied, in order; returns its length. Durable only in checkpoints, of which
 * it keeps a copy, so that a restart finds an old state and the log must make up the rest.
 */
final class ListMachine implements StateMachine<Integer> {
  private static final String FILE = "words";

  private final Path store;
  private final int secondFileBytes;
  private List<String> words = new ArrayList<>();
  private long index;
  private long term;
  private volatile Runnable whileSaving = () -> {};

  ListMachine(Path store) throws IOException {
    this(store, 3 << 20);
  }

  /**
   * @param secondFileBytes what a checkpoint holds beside the words
   */
  ListMachine(Path store, int secondFileBytes) throws IOException {
    this.store = store;
    this.secondFileBytes = secondFileBytes;
    Files.createDirectories(store);
    if (Files.exists(store.resolve(FILE))) {
      load(store.resolve(FILE));
    }
  }

  synchronized List<String> words() {
    return List.copyOf(words);
  }

  @Override
  public synchronized Integer apply(long atIndex, long atTerm, byte[] payload) {
    requireNext(atIndex);
    index = atIndex;
    term = atTerm;
    words.add(new String(payload, StandardCharsets.UTF_8));
    return words.size();
  }

  @Override
  public synchronized void skip(long atIndex, long atTerm) {
    requireNext(atIndex);
    index = atIndex;
    term = atTerm;
  }

  private void requireNext(long atIndex) {
    if (atIndex != index + 1) {
      throw new IllegalStateException("entry " + atIndex + " applied after " + index);
    }
  }

  @Override
  public synchronized long appliedIndex() {
    return index;
  }

  @Override
  public synchronized long appliedTerm() {
    return term;
  }

  /** What goes on between a checkpoint's moment and its completion. */
  void whileSaving(Runnable action) {
    whileSaving = action;
  }

  @Override
  public CheckpointPosition checkpoint(Path directory) throws IOException {
    CheckpointPosition saved = save(directory);
    whileSaving.run();
    return saved;
  }

  private synchronized CheckpointPosition save(Path directory) throws IOException {
    List<String> lines = new ArrayList<>();
    lines.add(index + " " + term);
    lines.addAll(words);
    Files.write(directory.resolve(FILE), lines);
    Files.write(directory.resolve("second-file"), new byte[secondFileBytes]);
    copyIn(directory);
    return new CheckpointPosition(index, term);
  }

  @Override
  public synchronized void install(Path directory) throws IOException {
    copyIn(directory);
    load(store.resolve(FILE));
  }

  private void copyIn(Path directory) throws IOException {
    Path next = store.resolve("next");
    Files.copy(directory.resolve(FILE), next, StandardCopyOption.REPLACE_EXISTING);
    Files.move(next, store.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
  }

  private void load(Path file) throws IOException {
    List<String> lines = Files.readAllLines(file);
    String position = lines.get(0);
    int space = position.indexOf(' ');
    index = Long.parseLong(position.substring(0, space));
    term = Long.parseLong(position.substring(space + 1));
    words = new ArrayList<>(lines.subList(1, lines.size()));
  }

  @Override
  public synchronized long digest() {
    return words.hashCode();
  }
}
