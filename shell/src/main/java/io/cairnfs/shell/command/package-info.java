/**
 * The words of the {@code dfs} shell, one class each, in HDFS' manners. {@link
 * io.cairnfs.shell.command.CommandWord} lists them; {@link io.cairnfs.shell.command.Command} is
 * what they share. A command is made for one run and belongs to the thread that runs it.
 */
package io.cairnfs.shell.command;
