package io.cairnfs.metaserver.chunk;

import com.google.protobuf.ByteString;
import io.cairnfs.common.id.StorageClass;
import io.cairnfs.metaserver.namespace.CorruptRecord;
import io.cairnfs.metaserver.namespace.RecordInput;
import io.cairnfs.metaserver.namespace.RecordOutput;
import io.cairnfs.proto.types.ServerMembership;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A registered data server.
 *
 * @param nonce made at its first start: a repeated registration finds its id by it
 * @param name as in the configuration; for people
 * @param membership OUT is for good: such a server registers anew
 * @param weight its share of the slots relative to the others'
 * @param volumes ids of all volumes it ever registered and that were not declared lost
 * @param maintenanceUntil tick at which MAINTENANCE ends by itself; {@link #NO_LIMIT} in all other
 *     cases
 * @param classes bytes of its volumes by class; none = all are disks
 */
public record ServerRecord(
    int id,
    ByteString nonce,
    String name,
    String host,
    int port,
    String rack,
    ServerMembership membership,
    int weight,
    List<String> volumes,
    long capacityBytes,
    long changeIndex,
    long maintenanceUntil,
    Map<StorageClass, Long> classes) {
  static final long NO_LIMIT = 0;

  private static final int FORMAT = 1;

  /** With the end of a maintenance; rows without one stay as earlier versions read them. */
  private static final int FORMAT_OF_LIMITED = 2;

  /** With the classes of the volumes, where not all are disks. */
  private static final int FORMAT_OF_CLASSES = 3;

  public ServerRecord {
    volumes = List.copyOf(volumes);
    classes = Map.copyOf(classes);
  }

  /** Whose volumes are disks, all of them. */
  ServerRecord(
      int id,
      ByteString nonce,
      String name,
      String host,
      int port,
      String rack,
      ServerMembership membership,
      int weight,
      List<String> volumes,
      long capacityBytes,
      long changeIndex,
      long maintenanceUntil) {
    this(
        id,
        nonce,
        name,
        host,
        port,
        rack,
        membership,
        weight,
        volumes,
        capacityBytes,
        changeIndex,
        maintenanceUntil,
        Map.of());
  }

  /** Whether chunks of a pool of this class can lie on it. */
  public boolean has(StorageClass storage) {
    return storage == StorageClass.ANY
        || (classes.isEmpty() ? storage == StorageClass.DISK : classes.containsKey(storage));
  }

  /** Its weight beside other servers with volumes of a class; 0 without any. */
  int weightIn(StorageClass storage) {
    if (!has(storage)) {
      return 0;
    }
    if (storage == StorageClass.ANY || classes.isEmpty() || capacityBytes == 0) {
      return weight;
    }
    double part = (double) classes.get(storage) / capacityBytes;
    return (int) Math.max(1, Math.min(weight, Math.round(weight * part)));
  }

  /** As it was, with another membership; a maintenance has no limit. */
  ServerRecord withMembership(ServerMembership changed) {
    return new ServerRecord(
        id,
        nonce,
        name,
        host,
        port,
        rack,
        changed,
        weight,
        volumes,
        capacityBytes,
        changeIndex,
        NO_LIMIT,
        classes);
  }

  /** Logged time until MAINTENANCE ends by itself; 0 if it does not. */
  public long maintenanceLeftMillis(long nowTick) {
    return maintenanceUntil == NO_LIMIT ? 0 : Math.max(1, maintenanceUntil - nowTick);
  }

  public boolean isOut() {
    return membership == ServerMembership.OUT;
  }

  /** May hold slots: not struck out, not being emptied. */
  public boolean isInRing() {
    return membership == ServerMembership.IN || membership == ServerMembership.MAINTENANCE;
  }

  byte[] encode(long index) {
    RecordOutput out =
        new RecordOutput(format())
            .writeBytes(nonce.toByteArray())
            .writeString(name)
            .writeString(host)
            .writeVarint(port)
            .writeString(rack)
            .writeByte(membership.getNumber())
            .writeVarint(weight)
            .writeVarint(volumes.size());
    volumes.forEach(out::writeString);
    out.writeVarint(capacityBytes).writeVarint(index);
    if (format() >= FORMAT_OF_LIMITED) {
      out.writeVarint(maintenanceUntil);
    }
    if (format() >= FORMAT_OF_CLASSES) {
      out.writeVarint(classes.size());
      new TreeMap<>(classes)
          .forEach((storage, bytes) -> out.writeByte(storage.number()).writeVarint(bytes));
    }
    return out.toByteArray();
  }

  private int format() {
    if (!classes.isEmpty()) {
      return FORMAT_OF_CLASSES;
    }
    return maintenanceUntil == NO_LIMIT ? FORMAT : FORMAT_OF_LIMITED;
  }

  static ServerRecord decode(int id, byte[] value) {
    RecordInput in = new RecordInput("server", value, FORMAT_OF_CLASSES);
    ByteString nonce = ByteString.copyFrom(in.readBytes());
    String name = in.readString();
    String host = in.readString();
    int port = in.readInt();
    String rack = in.readString();
    ServerMembership membership = membershipOf(in.readByte());
    int weight = in.readInt();
    List<String> volumes = new ArrayList<>();
    for (int left = in.readInt(); left > 0; left--) {
      volumes.add(in.readString());
    }
    long capacityBytes = in.readVarint();
    long changeIndex = in.readVarint();
    long maintenanceUntil = in.version() >= FORMAT_OF_LIMITED ? in.readVarint() : NO_LIMIT;
    Map<StorageClass, Long> classes = new EnumMap<>(StorageClass.class);
    if (in.version() >= FORMAT_OF_CLASSES) {
      for (int left = in.readInt(); left > 0; left--) {
        classes.put(storageOf(in.readByte()), in.readVarint());
      }
    }
    in.requireEnd();
    return new ServerRecord(
        id,
        nonce,
        name,
        host,
        port,
        rack,
        membership,
        weight,
        volumes,
        capacityBytes,
        changeIndex,
        maintenanceUntil,
        classes);
  }

  private static StorageClass storageOf(int number) {
    if (number <= 0 || number >= StorageClass.values().length) {
      throw new CorruptRecord("server record with volumes of class " + number);
    }
    return StorageClass.ofNumber(number);
  }

  private static ServerMembership membershipOf(int number) {
    ServerMembership membership = ServerMembership.forNumber(number);
    if (membership == null || membership == ServerMembership.SERVER_MEMBERSHIP_UNSPECIFIED) {
      throw new CorruptRecord("server record with membership " + number);
    }
    return membership;
  }
}
