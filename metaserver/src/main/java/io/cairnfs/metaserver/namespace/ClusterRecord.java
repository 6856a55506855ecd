package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Optional;

/**
 * What was fixed when the cluster was created, and its settings that every replica must agree on:
 * the record {@code cluster} of table CLUSTER.
 *
 * @param inlineBytes content up to this many bytes may be stored inline
 * @param featureLevel gates behaviour that older versions do not have
 * @param tokenKey secret of chunk tokens and handles
 */
public record ClusterRecord(
    String clusterId,
    String superuser,
    String supergroup,
    int poolSlots,
    int defaultReplication,
    long defaultChunkBytes,
    int inlineBytes,
    int minReplicas,
    int featureLevel,
    ByteString tokenKey) {
  private static final int FORMAT = 1;

  private static byte[] key() {
    return Keys.cluster("cluster");
  }

  /** The cluster's record, absent before the first command. */
  public static Optional<ClusterRecord> find(RecordReader reader) {
    return reader.get(Table.CLUSTER, key()).map(ClusterRecord::decode);
  }

  public void put(Transaction transaction) {
    transaction.put(Table.CLUSTER, key(), encode());
  }

  byte[] encode() {
    return new RecordOutput(FORMAT)
        .writeString(clusterId)
        .writeString(superuser)
        .writeString(supergroup)
        .writeVarint(poolSlots)
        .writeVarint(defaultReplication)
        .writeVarint(defaultChunkBytes)
        .writeVarint(inlineBytes)
        .writeVarint(minReplicas)
        .writeVarint(featureLevel)
        .writeBytes(tokenKey.toByteArray())
        .toByteArray();
  }

  static ClusterRecord decode(byte[] value) {
    RecordInput in = new RecordInput("cluster", value, FORMAT);
    ClusterRecord record =
        new ClusterRecord(
            in.readString(),
            in.readString(),
            in.readString(),
            in.readInt(),
            in.readInt(),
            in.readVarint(),
            in.readInt(),
            in.readInt(),
            in.readInt(),
            ByteString.copyFrom(in.readBytes()));
    in.requireEnd();
    return record;
  }
}
