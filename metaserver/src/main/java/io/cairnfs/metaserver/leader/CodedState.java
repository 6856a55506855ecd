package io.cairnfs.metaserver.leader;

/**
 * What a look through all trees with a coding policy has found of one pool.
 *
 * @param codedBytes of files, that lie in stripes
 * @param waitingBytes that were to be coded when they were looked at
 * @param youngBytes of files that have changed too lately
 * @param problem why what waits is not coded; empty = it is
 */
record CodedState(long codedBytes, long waitingBytes, long youngBytes, String problem) {
  static CodedState ofYoung(long bytes) {
    return new CodedState(0, 0, bytes, "");
  }

  static CodedState ofProblem(String problem) {
    return new CodedState(0, 0, 0, problem);
  }

  CodedState plus(CodedState other) {
    return new CodedState(
        codedBytes + other.codedBytes,
        waitingBytes + other.waitingBytes,
        youngBytes + other.youngBytes,
        problem.isEmpty() ? other.problem : problem);
  }
}
