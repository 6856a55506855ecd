package io.cairnfs.common.id;

import java.util.Locale;
import java.util.Optional;

/** What an operator calls a volume, by its speed and price. */
public enum StorageClass {
  /** Any volume, whatever it is called. */
  ANY(0),
  SSD(1),
  DISK(2),
  ARCHIVE(3);

  private final int number;

  StorageClass(int number) {
    this.number = number;
  }

  /** In ids and messages: 0 to 3. */
  public int number() {
    return number;
  }

  /**
   * @throws IllegalArgumentException outside 0 to 3
   */
  public static StorageClass ofNumber(int number) {
    for (StorageClass one : values()) {
      if (one.number == number) {
        return one;
      }
    }
    throw new IllegalArgumentException("storage class " + number + " outside 0..3");
  }

  /** As configured, in any case: {@code any}, {@code ssd}, {@code disk}, {@code archive}. */
  public static Optional<StorageClass> ofLabel(String label) {
    for (StorageClass one : values()) {
      if (one.label().equals(label.toLowerCase(Locale.ROOT))) {
        return Optional.of(one);
      }
    }
    return Optional.empty();
  }

  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
