package io.cairnfs.rpc.frame;

import io.cairnfs.proto.frame.PeerRole;

/**
 * What a process says of itself in the handshake.
 *
 * @param clusterId the cluster it belongs to; empty when it does not know yet
 * @param role what it is
 * @param user claimed user name; empty for servers
 * @param peerId id of the process (m1, d2, a client's random name), for logs
 * @param host its host name, for placement near the writer
 * @param softwareVersion version of its software, for logs
 */
public record PeerIdentity(
    String clusterId,
    PeerRole role,
    String user,
    String peerId,
    String host,
    String softwareVersion) {}
