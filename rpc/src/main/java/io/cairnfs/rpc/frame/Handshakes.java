package io.cairnfs.rpc.frame;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.frame.HandshakeReply;
import io.cairnfs.proto.frame.HandshakeRequest;

/** What both ends say and check when a connection begins. */
public final class Handshakes {
  /** Version of the frames, the handshake and the rules of calls. */
  public static final int PROTOCOL_VERSION = 1;

  private Handshakes() {}

  public static HandshakeRequest request(PeerIdentity self) {
    return HandshakeRequest.newBuilder()
        .setProtocolVersion(PROTOCOL_VERSION)
        .setClusterId(self.clusterId())
        .setRole(self.role())
        .setUser(self.user())
        .setPeerId(self.peerId())
        .setSoftwareVersion(self.softwareVersion())
        .setHost(self.host())
        .build();
  }

  public static HandshakeReply acceptance(PeerIdentity self) {
    return reply(self).build();
  }

  public static HandshakeReply refusal(PeerIdentity self, CairnException refusal) {
    return reply(self).setError(ErrorStatuses.of(refusal)).build();
  }

  public static PeerIdentity identity(HandshakeRequest request) {
    return new PeerIdentity(
        request.getClusterId(),
        request.getRole(),
        request.getUser(),
        request.getPeerId(),
        request.getHost(),
        request.getSoftwareVersion());
  }

  public static PeerIdentity identity(HandshakeReply reply) {
    return new PeerIdentity(
        reply.getClusterId(),
        reply.getRole(),
        "",
        reply.getPeerId(),
        "",
        reply.getSoftwareVersion());
  }

  /**
   * Refuses a peer of another protocol version or another cluster. An empty cluster id, of a
   * process that does not know its cluster yet, fits all.
   *
   * @throws CairnException WRONG_VERSION with both numbers, WRONG_CLUSTER with both ids
   */
  public static void check(PeerIdentity self, int peerVersion, PeerIdentity peer)
      throws CairnException {
    if (peerVersion != PROTOCOL_VERSION) {
      throw new CairnException(
          ErrorCode.WRONG_VERSION,
          "protocol version "
              + PROTOCOL_VERSION
              + " here, "
              + Integer.toUnsignedString(peerVersion)
              + " at the peer");
    }
    if (!peer.clusterId().isEmpty()
        && !self.clusterId().isEmpty()
        && !peer.clusterId().equals(self.clusterId())) {
      throw new CairnException(
          ErrorCode.WRONG_CLUSTER,
          "cluster " + self.clusterId() + " here, " + peer.clusterId() + " at the peer");
    }
  }

  private static HandshakeReply.Builder reply(PeerIdentity self) {
    return HandshakeReply.newBuilder()
        .setProtocolVersion(PROTOCOL_VERSION)
        .setClusterId(self.clusterId())
        .setRole(self.role())
        .setPeerId(self.peerId())
        .setSoftwareVersion(self.softwareVersion());
  }
}
