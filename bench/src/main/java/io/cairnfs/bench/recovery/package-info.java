/** How long service is interrupted: a killed leader, a restart, both at a size of the namespace. */
package io.cairnfs.bench.recovery;
