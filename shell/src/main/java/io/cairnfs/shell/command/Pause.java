package io.cairnfs.shell.command;

/** Waiting, so that tests need not. */
@FunctionalInterface
public interface Pause {
  void sleep(long millis) throws InterruptedException;
}
