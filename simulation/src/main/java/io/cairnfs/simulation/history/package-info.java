/**
 * Judges what real clients recorded ({@link io.cairnfs.client.history}) of a real cluster. {@link
 * io.cairnfs.simulation.history.HistoryCheck} replays the log of a metaserver through the state
 * machine and the reference model and holds every answer, and the order of all calls in real time,
 * against it; {@link io.cairnfs.simulation.history.OrderSearch} knows neither log nor indexes and
 * looks for an order of the calls that explains their answers. {@code cairn check-history} runs
 * both. One thread; knows no network.
 */
package io.cairnfs.simulation.history;
