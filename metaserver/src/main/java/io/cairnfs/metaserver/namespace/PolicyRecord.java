package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.id.CodingRule;
import io.cairnfs.common.id.StoragePolicy;
import java.util.Optional;

/** What one directory (or, of storage, one file) says itself. */
public record PolicyRecord(Optional<CodingRule> coding, Optional<StoragePolicy> storage) {
  public static final PolicyRecord NONE = new PolicyRecord(Optional.empty(), Optional.empty());

  private static final int FORMAT = 1;

  public PolicyRecord withCoding(Optional<CodingRule> rule) {
    return new PolicyRecord(rule, storage);
  }

  public PolicyRecord withStorage(Optional<StoragePolicy> policy) {
    return new PolicyRecord(coding, policy);
  }

  byte[] encode(long index) {
    return new RecordOutput(FORMAT)
        .writeVarint(index)
        .writeByte(coding.map(CodingRule::number).orElse(0))
        .writeByte(storage.map(StoragePolicy::number).orElse(0))
        .toByteArray();
  }

  static PolicyRecord decode(byte[] value) {
    RecordInput in = new RecordInput("policy", value, FORMAT);
    long unusedIndex = in.readVarint();
    int coding = in.readByte();
    int storage = in.readByte();
    in.requireEnd();
    return new PolicyRecord(
        coding == 0 ? Optional.empty() : Optional.of(codingOf(coding)),
        storage == 0 ? Optional.empty() : Optional.of(storageOf(storage)));
  }

  private static CodingRule codingOf(int number) {
    return CodingRule.ofNumber(number)
        .orElseThrow(() -> new CorruptRecord("policy record with unknown code " + number));
  }

  private static StoragePolicy storageOf(int number) {
    return StoragePolicy.ofNumber(number)
        .orElseThrow(() -> new CorruptRecord("policy record with unknown storage " + number));
  }
}
