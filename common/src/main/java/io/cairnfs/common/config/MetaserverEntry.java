package io.cairnfs.common.config;

import io.cairnfs.common.id.HostPort;
import java.nio.file.Path;

/** A metaserver as the configuration names it. */
public record MetaserverEntry(String id, HostPort address, Path directory) {}
