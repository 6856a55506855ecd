/** The whole system on one seeded thread, its reference model and its checkers. */
package io.cairnfs.simulation;
