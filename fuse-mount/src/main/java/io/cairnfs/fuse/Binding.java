package io.cairnfs.fuse;

import io.cairnfs.common.time.Clock;
import io.cairnfs.fuse.binding.KernelMount;
import io.cairnfs.fuse.binding.jnr.JnrMount;
import io.cairnfs.fuse.binding.raw.FuseMount;
import io.cairnfs.fuse.vfs.KernelCaches;
import io.cairnfs.fuse.vfs.Vfs;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;

/** By what the kernel is spoken to. */
enum Binding {
  /** Its own protocol, without a library. */
  RAW,
  /** libfuse 2, through jnr-fuse. */
  JNR;

  /**
   * The one of this name.
   *
   * @throws IllegalArgumentException if there is none
   */
  static Binding named(String name) {
    return switch (name) {
      case "raw" -> RAW;
      case "jnr" -> JNR;
      default ->
          throw new IllegalArgumentException("binding '" + name + "' is neither raw nor jnr");
    };
  }

  /** The kernel's protocol where the device is to be had; its reason is told if neither can be. */
  static Binding usual() {
    return FuseMount.isPossible() || !JnrMount.isPossible() ? RAW : JNR;
  }

  KernelMount mount(
      Path point, KernelMount.Options options, Clock clock, Function<KernelCaches, Vfs> vfs)
      throws IOException {
    return switch (this) {
      case RAW -> FuseMount.mount(point, options, clock, vfs);
      case JNR -> JnrMount.mount(point, options, clock, vfs);
    };
  }
}
