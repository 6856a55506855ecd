package io.cairnfs.simulation.model;

import io.cairnfs.common.error.ErrorCode;

/** The model says no. */
final class ModelRefusal extends Exception {
  private static final long serialVersionUID = 1;

  private final ErrorCode code;

  ModelRefusal(ErrorCode code) {
    super(code.text(), null, false, false);
    this.code = code;
  }

  ErrorCode code() {
    return code;
  }
}
