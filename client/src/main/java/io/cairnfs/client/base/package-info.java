/**
 * What all parts of the client stand on: the environment (transport, timer, clock, randomness), the
 * budget of buffers, deadlines and counters. Knows no file, session or chunk.
 */
package io.cairnfs.client.base;
