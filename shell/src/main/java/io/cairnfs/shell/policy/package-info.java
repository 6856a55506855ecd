/**
 * {@code cairn ec} and {@code cairn storagepolicies}: HDFS' two commands about policies of
 * directories, with its words, lines and exit codes. {@link io.cairnfs.shell.policy.EcTool} and
 * {@link io.cairnfs.shell.policy.StoragePoliciesTool} are the entries. For one thread.
 */
package io.cairnfs.shell.policy;
