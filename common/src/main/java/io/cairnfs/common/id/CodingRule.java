package io.cairnfs.common.id;

import java.util.Optional;

/**
 * What a directory says of the files below it: coded by a policy, or replicated although a
 * directory above says otherwise.
 *
 * @param policy absent: replicated
 */
public record CodingRule(Optional<CodingPolicy> policy) {
  public static final CodingRule REPLICATED = new CodingRule(Optional.empty());

  /** HDFS' number and name for it. */
  private static final int REPLICATED_NUMBER = 63;

  private static final String REPLICATED_LABEL = "replication";

  public static CodingRule coded(CodingPolicy policy) {
    return new CodingRule(Optional.of(policy));
  }

  /** In records: 1 to 63. */
  public int number() {
    return policy.map(CodingPolicy::number).orElse(REPLICATED_NUMBER);
  }

  /** In messages. */
  public String label() {
    return policy.map(CodingPolicy::label).orElse(REPLICATED_LABEL);
  }

  public static Optional<CodingRule> ofNumber(int number) {
    return number == REPLICATED_NUMBER
        ? Optional.of(REPLICATED)
        : CodingPolicy.ofNumber(number).map(CodingRule::coded);
  }

  public static Optional<CodingRule> ofLabel(String label) {
    return label.equals(REPLICATED_LABEL)
        ? Optional.of(REPLICATED)
        : CodingPolicy.ofLabel(label).map(CodingRule::coded);
  }
}
