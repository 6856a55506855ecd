package io.cairnfs.rpc.frame;

/** What a frame is. Numbers are never reused. */
public enum FrameKind {
  HANDSHAKE_REQUEST(1, false),
  HANDSHAKE_REPLY(2, false),
  REQUEST(3, true),
  RESPONSE(4, true),
  STREAM_DATA(5, true),
  STREAM_ACK(6, false),
  CANCEL(7, false);

  private static final FrameKind[] BY_NUMBER = new FrameKind[8];

  static {
    for (FrameKind kind : values()) {
      BY_NUMBER[kind.number] = kind;
    }
  }

  private final int number;
  private final boolean mayHavePayload;

  FrameKind(int number, boolean mayHavePayload) {
    this.number = number;
    this.mayHavePayload = mayHavePayload;
  }

  int number() {
    return number;
  }

  boolean mayHavePayload() {
    return mayHavePayload;
  }

  boolean isHandshake() {
    return this == HANDSHAKE_REQUEST || this == HANDSHAKE_REPLY;
  }

  /** The kind of a number from the wire; null for one that is not known. */
  static FrameKind ofNumber(int number) {
    return number < 0 || number >= BY_NUMBER.length ? null : BY_NUMBER[number];
  }
}
