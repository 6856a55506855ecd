package io.cairnfs.common.id;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class PolicyNamesTest {
  /** They are in stored records. */
  @Test
  void numbersStayAsTheyAre() {
    assertThat(StoragePolicy.COLD.number()).isEqualTo(2);
    assertThat(StoragePolicy.HOT.number()).isEqualTo(7);
    assertThat(StoragePolicy.ALL_SSD.number()).isEqualTo(12);
    assertThat(CodingRule.REPLICATED.number()).isEqualTo(63);
    assertThat(CodingRule.coded(CodingPolicy.XOR_2_1).number()).isEqualTo(4);
  }

  @Test
  void everyRuleIsFoundByItsNumberAndName() {
    assertThat(CodingRule.ofLabel("replication")).contains(CodingRule.REPLICATED);
    assertThat(CodingRule.ofNumber(63)).contains(CodingRule.REPLICATED);
    for (CodingPolicy policy : CodingPolicy.values()) {
      CodingRule rule = CodingRule.coded(policy);
      assertThat(CodingRule.ofNumber(rule.number())).contains(rule);
      assertThat(CodingRule.ofLabel(rule.label())).contains(rule);
    }
    assertThat(CodingRule.ofNumber(0)).isEmpty();
    assertThat(CodingRule.ofLabel("RS-6-3")).isEmpty();
  }

  @Test
  void everyStoragePolicyIsFoundByItsNumberAndName() {
    for (StoragePolicy policy : StoragePolicy.values()) {
      assertThat(StoragePolicy.ofNumber(policy.number())).contains(policy);
      assertThat(StoragePolicy.ofLabel(policy.label())).contains(policy);
    }
    assertThat(StoragePolicy.ofLabel("hot")).contains(StoragePolicy.HOT);
    assertThat(StoragePolicy.ofLabel("WARM")).isEmpty();
    assertThat(StoragePolicy.ofNumber(5)).isEmpty();
  }
}
