package io.cairnfs.simulation.chaos;

import io.cairnfs.client.AttributeChange;
import io.cairnfs.client.CairnFileSystem;
import io.cairnfs.client.CairnFileSystem.DeleteMode;
import io.cairnfs.client.CairnFileSystem.RenameMode;
import io.cairnfs.client.CairnPath;
import io.cairnfs.client.CreateOptions;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.atomic.AtomicLong;
import java.util.random.RandomGenerator;

/**
 * Contends with others of its kind for the same few names of one directory: makes, replaces, moves,
 * removes, lists and reads them. Nobody can say what a call must answer; the history of all of them
 * can. One thread runs it; {@link #stop} and {@link #calls} are for any.
 */
final class Contender implements Runnable {
  static final String DIRECTORY = "/contended";
  private static final int NAMES = 20;

  private final CairnFileSystem client;
  private final RandomGenerator random;
  private final Tally tally;
  private final AtomicLong calls = new AtomicLong();
  private volatile boolean stopped;

  Contender(CairnFileSystem client, RandomGenerator random, Tally tally) {
    this.client = client;
    this.random = random;
    this.tally = tally;
  }

  void stop() {
    stopped = true;
  }

  /** Calls that were answered, be it with a refusal. */
  long calls() {
    return calls.get();
  }

  @Override
  public void run() {
    while (!stopped) {
      try {
        step();
        calls.incrementAndGet();
      } catch (CairnException e) {
        if (isOthersDoing(e.code())) {
          calls.incrementAndGet();
        } else {
          tally.failed("contender: " + e.getMessage());
        }
      }
    }
  }

  private CairnPath name() throws CairnException {
    String below = random.nextInt(8) == 0 ? "/n" + random.nextInt(NAMES) : "";
    return CairnPath.of(DIRECTORY + "/n" + random.nextInt(NAMES) + below);
  }

  private void step() throws CairnException {
    CairnPath path = name();
    switch (random.nextInt(14)) {
      case 0, 1 -> create(path, CreateOptions.defaults());
      case 2 -> create(path, CreateOptions.defaults().overwrite());
      case 3, 4 -> client.rename(path, name(), RenameMode.REPLACE);
      case 5 -> client.rename(path, name(), RenameMode.NO_REPLACE);
      case 6 -> client.unlink(path);
      case 7, 8 -> client.mkdir(path, 0755);
      case 9 -> client.rmdir(path);
      case 10 -> {
        boolean unused = client.delete(path, DeleteMode.RECURSIVE);
      }
      case 11 -> client.listAll(CairnPath.of(DIRECTORY));
      case 12 -> client.readFully(path, 1_000);
      default -> {
        client.stat(path);
        client.setAttributes(path, AttributeChange.none().mode(0700 | random.nextInt(0100)));
      }
    }
  }

  private void create(CairnPath path, CreateOptions options) throws CairnException {
    byte[] content = ("content " + random.nextInt()).getBytes(StandardCharsets.UTF_8);
    client.createWithContent(path, ByteBuffer.wrap(content), options);
  }

  /** What the others' calls explain. */
  private static boolean isOthersDoing(ErrorCode code) {
    return switch (code) {
      case NOT_FOUND, EXISTS, NOT_A_DIRECTORY, IS_A_DIRECTORY, NOT_EMPTY, INVALID_ARGUMENT -> true;
      default -> false;
    };
  }
}
