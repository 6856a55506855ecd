/** Frames over Netty: handshake, calls, streams of packets. Knows no file system. */
package io.cairnfs.rpc;
