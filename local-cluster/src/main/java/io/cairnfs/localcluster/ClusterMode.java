package io.cairnfs.localcluster;

import java.io.IOException;

/** How a local cluster runs. */
enum ClusterMode {
  /** All roles in one JVM. */
  SINGLE("single"),
  /** A process for each role. */
  PROCESSES("processes");

  private final String word;

  ClusterMode(String word) {
    this.word = word;
  }

  String word() {
    return word;
  }

  static ClusterMode ofWord(String word) throws IOException {
    for (ClusterMode mode : values()) {
      if (mode.word.equals(word)) {
        return mode;
      }
    }
    throw new IOException("unknown mode '" + word + "' of a local cluster");
  }
}
