package io.cairnfs.metaserver.chunk;

/**
 * A server on its way to a position of a slot.
 *
 * @param cursor every chunk of the slot up to this id has a repair entry for the joiner, or needs
 *     none
 * @param isAtEnd no chunk is behind the cursor but such as know the joiner
 */
public record SlotJoin(int position, int server, long cursor, boolean isAtEnd) {}
