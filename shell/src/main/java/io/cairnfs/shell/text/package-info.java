/**
 * Words, numbers and tables as the shell prints them, and modes as it reads them. Knows nothing of
 * files, clusters or threads. {@link io.cairnfs.shell.text.ByteText} is what everything else rests
 * on: names are bytes, and keep them.
 */
package io.cairnfs.shell.text;
