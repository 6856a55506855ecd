package io.cairnfs.common.id;

import java.util.Optional;

/**
 * Where the replicas of a file lie, by HDFS' name and number: all of them on volumes of one class.
 * HDFS' policies that spread a file over two classes are not among them. The numbers are in stored
 * records: none is ever used anew.
 */
public enum StoragePolicy {
  COLD(2, StorageClass.ARCHIVE),
  HOT(7, StorageClass.DISK),
  ALL_SSD(12, StorageClass.SSD);

  private final int number;
  private final StorageClass storage;

  StoragePolicy(int number, StorageClass storage) {
    this.number = number;
    this.storage = storage;
  }

  /** 1 to 15. */
  public int number() {
    return number;
  }

  /** As HDFS prints it. */
  public String label() {
    return name();
  }

  /** The volumes that it asks for. */
  public StorageClass storage() {
    return storage;
  }

  public static Optional<StoragePolicy> ofNumber(int number) {
    for (StoragePolicy policy : values()) {
      if (policy.number == number) {
        return Optional.of(policy);
      }
    }
    return Optional.empty();
  }

  /** In any case, as HDFS takes it. */
  public static Optional<StoragePolicy> ofLabel(String label) {
    for (StoragePolicy policy : values()) {
      if (policy.label().equalsIgnoreCase(label)) {
        return Optional.of(policy);
      }
    }
    return Optional.empty();
  }
}
