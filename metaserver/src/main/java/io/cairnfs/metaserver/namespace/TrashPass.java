package io.cairnfs.metaserver.namespace;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.name.FileName;
import io.cairnfs.metaserver.store.Bytes;
import io.cairnfs.metaserver.store.RecordReader;
import io.cairnfs.metaserver.store.Table;
import java.util.Optional;

/**
 * How far the last pass over the users' trashes has come: the record {@code trash-pass} of table
 * CLUSTER, so that another leader goes on with it.
 *
 * @param beganNanos the cluster's time at which it began
 * @param place where it is; empty when it has been through all of them
 */
public record TrashPass(long beganNanos, Optional<Place> place) {
  private static final int FORMAT = 1;
  private static final long NANOS_PER_MILLI = 1_000_000;

  /**
   * Where a pass goes on.
   *
   * @param home the home directory that is looked at, or comes first behind this name; empty at the
   *     beginning
   * @param entry the last name in its trash that was looked at; empty when none was
   */
  public record Place(Optional<FileName> home, Optional<FileName> entry) {
    /** Before the first home directory. */
    public static final Place START = new Place(Optional.empty(), Optional.empty());
  }

  private static byte[] key() {
    return Keys.cluster("trash-pass");
  }

  /** The last pass; empty before the first one. */
  public static Optional<TrashPass> last(RecordReader reader) {
    return reader.get(Table.CLUSTER, key()).map(TrashPass::decode);
  }

  public void put(Transaction transaction) {
    transaction.put(Table.CLUSTER, key(), encode());
  }

  /**
   * Whether there is something to do at a time: a pass is under way, or the next one is due.
   *
   * @param everyMillis one pass in each such span of time, counted from the epoch
   */
  public static boolean isDue(Optional<TrashPass> last, long nowNanos, long everyMillis) {
    return last.isEmpty()
        || last.get().isUnderWay()
        || span(nowNanos, everyMillis) > span(last.get().beganNanos(), everyMillis);
  }

  private static long span(long nanos, long everyMillis) {
    return Math.floorDiv(Math.floorDiv(nanos, NANOS_PER_MILLI), everyMillis);
  }

  public boolean isUnderWay() {
    return place.isPresent();
  }

  byte[] encode() {
    RecordOutput out =
        new RecordOutput(FORMAT).writeVarint(beganNanos).writeBoolean(place.isPresent());
    place.ifPresent(at -> out.writeBytes(bytesOf(at.home())).writeBytes(bytesOf(at.entry())));
    return out.toByteArray();
  }

  private static byte[] bytesOf(Optional<FileName> name) {
    return name.map(FileName::bytes).orElse(Bytes.EMPTY);
  }

  static TrashPass decode(byte[] value) {
    RecordInput in = new RecordInput("trash pass", value, FORMAT);
    long beganNanos = in.readVarint();
    Optional<Place> place =
        in.readBoolean()
            ? Optional.of(new Place(nameOf(in.readBytes()), nameOf(in.readBytes())))
            : Optional.empty();
    in.requireEnd();
    return new TrashPass(beganNanos, place);
  }

  private static Optional<FileName> nameOf(byte[] bytes) {
    try {
      return bytes.length == 0 ? Optional.empty() : Optional.of(FileName.of(bytes));
    } catch (CairnException e) {
      throw new CorruptRecord("trash pass: " + e.getMessage());
    }
  }
}
