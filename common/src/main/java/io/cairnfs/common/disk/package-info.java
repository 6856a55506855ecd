/**
 * Stable storage that comes in through constructors: {@link io.cairnfs.common.disk.SystemDisk} in
 * servers, a simulated one that loses, tears and flips in tests.
 */
package io.cairnfs.common.disk;
