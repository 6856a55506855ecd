package io.cairnfs.metaserver.placement;

/**
 * What the leader knows of a data server just now; volatile, never logged.
 *
 * @param name for messages, as in the configuration
 * @param host as writers name their own
 * @param takesChunks it is up, has a volume with space, and is not being emptied
 * @param slow it takes much longer than the others
 * @param streams write streams it had at its last heartbeat
 */
public record ServerCondition(
    int server, String name, String host, boolean takesChunks, boolean slow, int streams) {}
