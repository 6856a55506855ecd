package io.cairnfs.rpc.frame;

/**
 * Bounds that a connection checks before it allocates anything for a frame.
 *
 * @param controlBytes most bytes of the header of a frame without payload
 * @param headerBytes most bytes of the header of a frame with payload
 * @param payloadBytes most bytes of raw payload
 */
public record FrameLimits(int controlBytes, int headerBytes, int payloadBytes) {
  /** 4 MiB without payload; 1 MiB of header with up to 8 MiB of payload. */
  public static final FrameLimits DEFAULT = new FrameLimits(4 << 20, 1 << 20, 8 << 20);

  /** Most bytes of the header of a handshake, whatever the other limits say. */
  public static final int HANDSHAKE_BYTES = 16 << 10;

  public FrameLimits {
    if (controlBytes < HANDSHAKE_BYTES || controlBytes >= 1 << 24) {
      throw new IllegalArgumentException("controlBytes " + controlBytes);
    }
    if (headerBytes < 1024 || headerBytes > controlBytes) {
      throw new IllegalArgumentException("headerBytes " + headerBytes);
    }
    if (payloadBytes < 0 || payloadBytes > 1 << 30) {
      throw new IllegalArgumentException("payloadBytes " + payloadBytes);
    }
  }
}
