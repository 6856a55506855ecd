/**
 * Erasure codes: the arithmetic of bytes in GF(2^8), and which sum of other cells a cell of a
 * stripe is. Entry: {@link io.cairnfs.common.coding.ErasureCode}. Nothing here has state; any
 * thread may call it. It knows no chunk, server or message.
 */
package io.cairnfs.common.coding;
