package io.cairnfs.bench.mount;

import java.nio.file.Path;

/**
 * A directory that is measured.
 *
 * @param name for people
 * @param directory of the bench, on the file system that is meant
 */
record Place(String name, Path directory) {}
