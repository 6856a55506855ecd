package io.cairnfs.contract.fuzz;

import io.cairnfs.contract.fuzz.Step.Kind;

/** Judges what the search for data and holes told, by what the whole file told of itself. */
final class Seek {
  private static final int ENXIO = 6;

  /** As long as a file can be that is kept in its metadata: {@code placement.inline-bytes}. */
  private static final int INLINE_BYTES = 16_384;

  private Seek() {}

  /** Whether each side's answer is in keeping with its own map, and both have one size. */
  static boolean isToldTruly(Step step, Outcome linux, Outcome cairn) {
    if (step.kind() != Kind.SEEK_DATA && step.kind() != Kind.SEEK_HOLE) {
      return false;
    }
    if (!linux.hints().containsKey("map") || !linux.hint("size").equals(cairn.hint("size"))) {
      return false;
    }
    return isRefusalOrAnswer(linux)
        && isRefusalOrAnswer(cairn)
        && position(linux) == inBlocks(step, linux)
        && isWithin(step, cairn);
  }

  private static boolean isRefusalOrAnswer(Outcome outcome) {
    return outcome.isDone() || outcome.errno() == ENXIO;
  }

  private static long position(Outcome outcome) {
    return outcome.isDone() ? Long.parseLong(outcome.answer().get("position")) : -1;
  }

  private static long inBlocks(Step step, Outcome outcome) {
    BlockMap map = new BlockMap(outcome.hint("map"));
    long size = Long.parseLong(outcome.hint("size"));
    return step.kind() == Kind.SEEK_DATA
        ? map.data(step.number(), size)
        : map.hole(step.number(), size);
  }

  /**
   * To the byte: data begin in a block with data, or in the block asked about are none further on.
   */
  private static boolean isWithin(Step step, Outcome cairn) {
    long exact = position(cairn);
    long inBlocks = inBlocks(step, cairn);
    if (step.kind() == Kind.SEEK_HOLE) {
      return inBlocks < 0 ? exact < 0 : exact >= step.number() && exact <= inBlocks;
    }
    if (exact < 0) {
      return inBlocks < 0 || inBlocks == step.number();
    }
    return exact >= inBlocks
        && inBlocks >= 0
        && isNextData(cairn.hint("map"), step.number(), exact);
  }

  /** There are data in the block, and none in the blocks behind the one asked about up to it. */
  private static boolean isNextData(String map, long asked, long found) {
    int block = (int) Math.min(found / BlockMap.BLOCK_BYTES, map.length());
    int next = (int) (asked / BlockMap.BLOCK_BYTES) + 1;
    return block < map.length()
        && map.charAt(block) == 'd'
        && (block < next || !map.substring(next, block).contains("d"));
  }

  /** Whether two maps differ, and everywhere in this way. */
  static boolean differOnlyWhere(String linux, char linuxHas, String cairn, char cairnHas) {
    if (linux.length() != cairn.length() || linux.equals(cairn)) {
      return false;
    }
    for (int i = 0; i < linux.length(); i++) {
      boolean differs = linux.charAt(i) != cairn.charAt(i);
      if (differs && (linux.charAt(i) != linuxHas || cairn.charAt(i) != cairnHas)) {
        return false;
      }
    }
    return true;
  }

  /**
   * Whether the first blocks are data for Cairn which are holes for Linux, and all other blocks are
   * equal, or data for Linux only.
   */
  static boolean differOnlyByBlocksOfSmallFiles(String linux, String cairn) {
    if (linux.length() != cairn.length()) {
      return false;
    }
    boolean found = false;
    for (int i = 0; i < linux.length(); i++) {
      if (linux.charAt(i) == '-' && cairn.charAt(i) == 'd') {
        found = true;
        if (i >= INLINE_BYTES / BlockMap.BLOCK_BYTES) {
          return false;
        }
      }
    }
    return found;
  }
}
