package io.cairnfs.metaserver.service;

/**
 * What a metaserver says of itself.
 *
 * @param configurationFile empty if there is none
 */
public record ServiceIdentity(
    String id, String clusterId, String directory, String configurationFile, String securityMode) {}
