/**
 * The ordered tables in which a metaserver keeps its state, and nothing about what is in them.
 *
 * <p>{@link io.cairnfs.metaserver.store.MetadataStore} is the entry: {@link
 * io.cairnfs.metaserver.store.RocksStore} on disk, {@link io.cairnfs.metaserver.store.MemoryStore}
 * for simulations, both behind one contract. One thread (the one that applies the log) writes; any
 * thread reads through a {@link io.cairnfs.metaserver.store.StoreView}. The package knows no inode,
 * session or command, no socket, thread or clock.
 */
package io.cairnfs.metaserver.store;
