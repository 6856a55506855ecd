package io.cairnfs.simulation.model;

import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.types.Attributes;
import java.util.Optional;

/**
 * What a call ought to answer.
 *
 * @param attributes of the file or directory it was about, without the change index
 * @param number lease or session id, else 0
 */
public record ModelAnswer(Optional<ErrorCode> error, Optional<Attributes> attributes, long number) {

  static ModelAnswer failure(ErrorCode code) {
    return new ModelAnswer(Optional.of(code), Optional.empty(), 0);
  }

  static ModelAnswer of(Attributes attributes, long number) {
    return new ModelAnswer(Optional.empty(), Optional.of(attributes), number);
  }

  static ModelAnswer done(long number) {
    return new ModelAnswer(Optional.empty(), Optional.empty(), number);
  }
}
