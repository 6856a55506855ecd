package io.cairnfs.bench.mount;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel remembers of files, for all file systems of the machine. */
interface KernelCache {
  /** Whether this process may have it dropped. */
  boolean mayBeDropped();

  /** Forgets names and attributes. */
  void dropNames() throws IOException, InterruptedException;

  /** Forgets names, attributes and content. */
  void dropAll() throws IOException, InterruptedException;

  /** The one of this machine. */
  static KernelCache ofMachine(Programs programs) {
    return new OfMachine(programs, Path.of("/proc/sys/vm/drop_caches"));
  }

  /** Written to by root. */
  record OfMachine(Programs programs, Path knob) implements KernelCache {
    @Override
    public boolean mayBeDropped() {
      return Files.isWritable(knob);
    }

    @Override
    public void dropNames() throws IOException, InterruptedException {
      drop("2");
    }

    @Override
    public void dropAll() throws IOException, InterruptedException {
      drop("3");
    }

    private void drop(String what) throws IOException, InterruptedException {
      // Only what is written back can be dropped.
      programs.run(Path.of("/"), "sync");
      Path unused = Files.writeString(knob, what);
    }
  }
}
