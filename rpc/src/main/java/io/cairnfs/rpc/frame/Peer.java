package io.cairnfs.rpc.frame;

import java.net.SocketAddress;

/** The other end of an established connection: what it said of itself, and where it is. */
public record Peer(PeerIdentity identity, SocketAddress address) {
  @Override
  public String toString() {
    return identity.peerId() + "@" + address;
  }
}
