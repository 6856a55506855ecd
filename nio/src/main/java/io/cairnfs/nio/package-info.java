/**
 * Cairn behind {@code java.nio.file}: {@code cairn:} URIs for programs that know nothing of Cairn.
 * {@link io.cairnfs.nio.CairnFileSystemProvider} is the entry, found through {@code
 * META-INF/services}. Everything is done by the client's API on the caller's thread; the package
 * keeps no state but the connections, one for each cluster, and the positions of open channels. It
 * must not know messages, sessions or chunks.
 */
package io.cairnfs.nio;
