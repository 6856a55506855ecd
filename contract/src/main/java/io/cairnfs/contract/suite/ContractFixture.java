package io.cairnfs.contract.suite;

import io.cairnfs.contract.Face;
import io.cairnfs.contract.Face.Feature;
import io.cairnfs.contract.PosixException;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.BeforeEach;

/** The faces that the contract is tried on, and a few words for it. */
abstract class ContractFixture {
  static final int EPERM = 1;
  static final int ENOENT = 2;
  static final int ENXIO = 6;
  static final int EAGAIN = 11;
  static final int EACCES = 13;
  static final int EEXIST = 17;
  static final int ENOTDIR = 20;
  static final int EISDIR = 21;
  static final int EINVAL = 22;
  static final int EDEADLK = 35;
  static final int ENAMETOOLONG = 36;
  static final int ENOTEMPTY = 39;
  static final int ELOOP = 40;
  static final int ENODATA = 61;
  static final int EOPNOTSUPP = 95;

  private Face face;

  /** A call that is refused. */
  interface Call {
    void run() throws PosixException;
  }

  /**
   * The face of a user who is not the superuser, on an empty directory of his own; the suite does
   * not close it.
   */
  protected abstract Face newFace() throws Exception;

  /** Another user's, on the same directory. */
  protected abstract Face otherUsersFace() throws Exception;

  /** The same user's on the same directory, by another client. */
  protected abstract Face secondFace() throws Exception;

  @BeforeEach
  final void makeFace() throws Exception {
    face = newFace();
  }

  /** The user's. */
  final Face face() {
    return face;
  }

  final boolean has(Feature feature) {
    return face.features().contains(feature);
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  static String text(byte[] bytes) {
    return new String(bytes, StandardCharsets.UTF_8);
  }

  static int errno(Call call) {
    try {
      call.run();
    } catch (PosixException e) {
      return e.errno();
    }
    throw new AssertionError("a refusal is expected");
  }

  final void make(String path, String content) throws PosixException {
    face.create(path, 0644, bytes(content));
  }

  final String content(String path) throws PosixException {
    return text(face.content(path));
  }
}
