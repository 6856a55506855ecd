package io.cairnfs.common.id;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PoolIdTest {
  @Test
  void everyPoolTellsItsSchemeAndClass() {
    for (StorageClass storage : StorageClass.values()) {
      PoolId replicated = PoolId.replicated(storage);
      assertThat(replicated.isCoded()).isFalse();
      assertThat(replicated.policy()).isEmpty();
      assertThat(replicated.storageClass()).isEqualTo(storage);
      for (CodingPolicy policy : CodingPolicy.values()) {
        PoolId coded = PoolId.coded(policy, storage);
        assertThat(coded.isCoded()).isTrue();
        assertThat(coded.policy()).contains(policy);
        assertThat(coded.storageClass()).isEqualTo(storage);
      }
    }
  }

  /** They are in the ids of chunks that exist. */
  @Test
  void numbersStayAsTheyAre() {
    assertThat(PoolId.REPLICATED.value()).isZero();
    assertThat(PoolId.replicated(StorageClass.ARCHIVE).value()).isEqualTo(192);
    assertThat(PoolId.coded(CodingPolicy.RS_3_2, StorageClass.ANY).value()).isEqualTo(257);
    assertThat(PoolId.coded(CodingPolicy.XOR_2_1, StorageClass.SSD).value()).isEqualTo(324);
  }

  @Test
  void aCodeOfAVersionToComeIsUnknown() {
    assertThat(new PoolId(256 + 63).isCoded()).isTrue();
    assertThat(new PoolId(256 + 63).policy()).isEmpty();
    assertThatThrownBy(() -> new PoolId(1024)).hasMessageContaining("pool 1024");
  }

  @Test
  void namesAreThoseOfHdfs() {
    assertThat(CodingPolicy.ofLabel("RS-6-3-1024k")).contains(CodingPolicy.RS_6_3);
    assertThat(CodingPolicy.ofLabel("RS-6-3")).isEmpty();
    assertThat(StorageClass.ofLabel("Archive")).contains(StorageClass.ARCHIVE);
    assertThat(StorageClass.ofLabel("tape")).isEmpty();
  }
}
