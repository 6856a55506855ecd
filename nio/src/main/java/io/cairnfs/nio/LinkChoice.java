package io.cairnfs.nio;

import io.cairnfs.client.CairnFileSystem.Symlinks;
import java.nio.file.LinkOption;
import java.util.Objects;

/** Reads {@code LinkOption...}: symlinks are followed unless the caller says otherwise. */
final class LinkChoice {
  private LinkChoice() {}

  static Symlinks of(LinkOption... options) {
    Symlinks choice = Symlinks.FOLLOW;
    for (LinkOption option : options) {
      Objects.requireNonNull(option, "link option");
      choice = Symlinks.NO_FOLLOW;
    }
    return choice;
  }
}
