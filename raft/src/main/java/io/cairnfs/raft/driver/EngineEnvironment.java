package io.cairnfs.raft.driver;

import io.cairnfs.common.metrics.MetricRegistry;
import io.cairnfs.common.process.FatalErrors;
import io.cairnfs.common.time.Clock;
import java.util.random.RandomGenerator;

/** What an engine takes from the process it runs in. */
public record EngineEnvironment(
    Clock clock, RandomGenerator random, FatalErrors fatal, MetricRegistry metrics) {}
