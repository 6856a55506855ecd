/**
 * The programs: {@link io.cairnfs.shell.DfsMain}, {@link io.cairnfs.shell.AdminMain}, {@link
 * io.cairnfs.shell.FsckMain} and {@link io.cairnfs.shell.CairnHelp}. Everything is wired together
 * here and nowhere else.
 */
package io.cairnfs.shell;
