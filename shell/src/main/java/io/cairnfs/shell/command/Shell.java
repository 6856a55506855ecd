package io.cairnfs.shell.command;

import io.cairnfs.common.time.Clock;
import io.cairnfs.shell.copy.Progress;
import io.cairnfs.shell.copy.UnfinishedFiles;
import io.cairnfs.shell.text.Output;
import io.cairnfs.shell.tree.Trees;
import java.io.InputStream;
import java.time.ZoneId;
import java.util.function.Supplier;

/**
 * What a command works with.
 *
 * @param zone of the times that are shown
 * @param progress made anew for each copy
 * @param unfinished removed by whoever ends the process early
 */
public record Shell(
    InputStream in,
    Output out,
    Output err,
    Trees trees,
    Clock clock,
    Pause pause,
    ZoneId zone,
    Supplier<Progress> progress,
    UnfinishedFiles unfinished) {}
