package io.cairnfs.localcluster;

import io.cairnfs.common.id.HostPort;

/** One server of a local cluster. */
record Role(Kind kind, String id, HostPort address) {
  enum Kind {
    METASERVER("metaserver"),
    DATA_SERVER("dataserver");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    /** The word of the command line. */
    String word() {
      return word;
    }
  }
}
