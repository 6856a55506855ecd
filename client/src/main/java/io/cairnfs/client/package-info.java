/**
 * The Java API of Cairn. {@link io.cairnfs.client.CairnFileSystem} is the entry: {@code
 * CairnFileSystem.connect(options)}.
 *
 * <p>Every public type here states which threads may call it; what it does not state is immutable.
 * The packages below this one hold the machinery and know nothing of this one: {@code metadata}
 * (calls to the metaservers), {@code session} (exactly-once mutations), {@code chunk} (streams to
 * and from data servers), {@code write} and {@code read} (files), {@code cluster} (which cluster a
 * program means).
 */
package io.cairnfs.client;
