/**
 * The records of the namespace and the one class that changes them.
 *
 * <p>{@link io.cairnfs.metaserver.namespace.Transaction} is the only way to mutate: it knows every
 * record's previous value, keeps counters and the digest, and takes back a command that failed.
 * {@link io.cairnfs.metaserver.namespace.Namespace} reads typed records from anything that reads
 * tables; {@link io.cairnfs.metaserver.namespace.NamespaceEditor} adds what changes them. The
 * thread that applies the log owns a transaction. Nothing here knows sockets, threads, clocks or
 * local configuration: what is decided here must come out the same on every replica.
 *
 * <p>The byte tables of keys and values stand in {@code docs/formats.md} and beside each codec.
 */
package io.cairnfs.metaserver.namespace;
