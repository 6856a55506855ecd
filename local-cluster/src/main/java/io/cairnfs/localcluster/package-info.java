/** All roles on one machine: the embedded default and the test rig. */
package io.cairnfs.localcluster;
