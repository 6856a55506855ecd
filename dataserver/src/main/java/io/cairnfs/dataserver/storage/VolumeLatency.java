package io.cairnfs.dataserver.storage;

import java.util.OptionalLong;

/**
 * The 99th percentiles of what a volume's disk took in the last whole window, each empty where too
 * little was done.
 */
public record VolumeLatency(
    OptionalLong forceMicros, OptionalLong writeMicros, OptionalLong readMicros) {}
