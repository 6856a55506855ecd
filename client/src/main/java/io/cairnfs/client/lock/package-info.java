/**
 * Locks as the metaservers give them: {@link io.cairnfs.client.lock.LockService} asks and waits,
 * {@link io.cairnfs.client.lock.HeldLock} knows how long a lock is safe to rely on. No thread of
 * its own; futures complete on event loops.
 */
package io.cairnfs.client.lock;
