/** A small cluster in memory that speaks the real protocol, with faults to order. */
package io.cairnfs.client.testing;
