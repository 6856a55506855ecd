package io.cairnfs.common.id;

import java.util.Optional;

/**
 * An erasure code by HDFS' name: from {@code dataCells} cells {@code parityCells} more are
 * computed, and any {@code dataCells} of all of them give back the others. The numbers are in ids
 * of chunks: none is ever used anew.
 */
public enum CodingPolicy {
  RS_3_2(1, "RS-3-2-1024k", 3, 2),
  RS_6_3(2, "RS-6-3-1024k", 6, 3),
  RS_10_4(3, "RS-10-4-1024k", 10, 4),
  XOR_2_1(4, "XOR-2-1-1024k", 2, 1);

  /** Where nobody names one, as in HDFS. */
  public static final CodingPolicy DEFAULT = RS_6_3;

  private final int number;
  private final String label;
  private final int dataCells;
  private final int parityCells;

  CodingPolicy(int number, String label, int dataCells, int parityCells) {
    this.number = number;
    this.label = label;
    this.dataCells = dataCells;
    this.parityCells = parityCells;
  }

  /** 1 to 62. */
  public int number() {
    return number;
  }

  public String label() {
    return label;
  }

  public int dataCells() {
    return dataCells;
  }

  public int parityCells() {
    return parityCells;
  }

  public int cells() {
    return dataCells + parityCells;
  }

  public static Optional<CodingPolicy> ofNumber(int number) {
    for (CodingPolicy policy : values()) {
      if (policy.number == number) {
        return Optional.of(policy);
      }
    }
    return Optional.empty();
  }

  /** By its name as HDFS prints it. */
  public static Optional<CodingPolicy> ofLabel(String label) {
    for (CodingPolicy policy : values()) {
      if (policy.label.equals(label)) {
        return Optional.of(policy);
      }
    }
    return Optional.empty();
  }
}
