package io.cairnfs.simulation.chaos;

/** Packets from one process to another are lost. */
record Cut(String from, String to) {
  @Override
  public String toString() {
    return from + ">" + to;
  }
}
