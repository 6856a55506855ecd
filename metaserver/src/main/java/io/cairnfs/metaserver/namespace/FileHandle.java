package io.cairnfs.metaserver.namespace;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.common.id.InodeId;
import io.cairnfs.proto.metadata.Access;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * What a session may do with a file that it has opened: the rights were checked then, and the
 * handle says so afterwards, whatever becomes of the file's mode and names. It is not stored
 * anywhere; a keyed digest of session, inode, access and user proves it. One and the same call
 * gives the same bytes on every replica.
 *
 * <pre>
 * version 1 | access 1 | session 8 | first 16 bytes of HMAC-SHA256(token key, all before, inode 8, user)
 * </pre>
 *
 * @param session 0 = a reader without one
 */
public record FileHandle(long session, InodeId inode, Access access) {
  private static final int VERSION = 1;
  private static final String ALGORITHM = "HmacSHA256";
  private static final int CLEAR_BYTES = 2 + Long.BYTES;
  private static final int PROOF_BYTES = 16;

  public boolean mayRead() {
    return access == Access.READ_ACCESS || access == Access.READ_WRITE_ACCESS;
  }

  public boolean mayWrite() {
    return access == Access.WRITE_ACCESS || access == Access.READ_WRITE_ACCESS;
  }

  /** The bytes for the client. */
  public ByteString encode(ClusterRecord cluster, String user) {
    byte[] clear =
        ByteBuffer.allocate(CLEAR_BYTES)
            .put((byte) VERSION)
            .put((byte) access.getNumber())
            .putLong(session)
            .array();
    return ByteString.copyFrom(
        ByteBuffer.allocate(CLEAR_BYTES + PROOF_BYTES)
            .put(clear)
            .put(proof(cluster, clear, inode, user))
            .flip());
  }

  /**
   * The handle of a file that a user presents.
   *
   * @throws CairnException STALE_HANDLE for anything that this cluster did not give this user for
   *     this file
   */
  public static FileHandle verify(
      ClusterRecord cluster, ByteString handle, InodeId inode, String user) throws CairnException {
    byte[] bytes = handle.toByteArray();
    if (bytes.length != CLEAR_BYTES + PROOF_BYTES || bytes[0] != VERSION) {
      throw stale(inode, "no handle of this version");
    }
    byte[] clear = Arrays.copyOf(bytes, CLEAR_BYTES);
    byte[] found = Arrays.copyOfRange(bytes, CLEAR_BYTES, bytes.length);
    Access access = Access.forNumber(bytes[1]);
    boolean proved = MessageDigest.isEqual(found, proof(cluster, clear, inode, user));
    if (!proved || access == null) {
      throw stale(inode, "the handle is not user " + user + "'s for this file");
    }
    return new FileHandle(ByteBuffer.wrap(clear).getLong(2), inode, access);
  }

  private static byte[] proof(ClusterRecord cluster, byte[] clear, InodeId inode, String user) {
    try {
      Mac mac = Mac.getInstance(ALGORITHM);
      mac.init(new SecretKeySpec(keyOf(cluster), ALGORITHM));
      mac.update(clear);
      mac.update(ByteBuffer.allocate(Long.BYTES).putLong(inode.value()).flip());
      mac.update(user.getBytes(StandardCharsets.UTF_8));
      return Arrays.copyOf(mac.doFinal(), PROOF_BYTES);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every Java has " + ALGORITHM, e);
    }
  }

  /** A cluster without a key proves nothing to anybody; the algorithm wants at least one byte. */
  private static byte[] keyOf(ClusterRecord cluster) {
    return cluster.tokenKey().isEmpty() ? new byte[1] : cluster.tokenKey().toByteArray();
  }

  private static CairnException stale(InodeId inode, String why) {
    return new CairnException(ErrorCode.STALE_HANDLE, inode + ": " + why);
  }
}
