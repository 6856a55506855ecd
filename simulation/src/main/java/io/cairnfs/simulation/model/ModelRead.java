package io.cairnfs.simulation.model;

import com.google.protobuf.ByteString;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.proto.metadata.DirectoryEntry;
import io.cairnfs.proto.metadata.DirectoryPage;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadReply;
import java.util.Optional;

/**
 * What a read ought to answer, or did answer: attributes, a page of a directory, or attributes and
 * inline bytes of a file.
 */
public record ModelRead(Optional<ErrorCode> error, ReadReply reply) {
  static ModelRead failure(ErrorCode code) {
    return new ModelRead(Optional.of(code), ReadReply.getDefaultInstance());
  }

  static ModelRead of(ReadReply.Builder reply) {
    return new ModelRead(Optional.empty(), reply.build());
  }

  /** What was refused. */
  public static ModelRead refused(ErrorCode code) {
    return failure(code);
  }

  /** What was answered, without all that the model knows nothing of. */
  public static ModelRead answered(ReadReply reply) {
    ReadReply.Builder comparable = ReadReply.newBuilder();
    switch (reply.getKindCase()) {
      case ATTRIBUTES -> comparable.setAttributes(ModelAnswer.comparable(reply.getAttributes()));
      case LIST -> comparable.setList(comparable(reply.getList()));
      case OPEN -> {
        ByteString inline = reply.getOpen().getInline();
        comparable.setOpen(
            OpenResult.newBuilder()
                .setAttributes(ModelAnswer.comparable(reply.getOpen().getAttributes()))
                .setInline(inline));
      }
      case ACL ->
          comparable.setAcl(
              reply.getAcl().toBuilder()
                  .setAttributes(ModelAnswer.comparable(reply.getAcl().getAttributes())));
      case XATTRS -> comparable.setXattrs(reply.getXattrs());
      default -> throw new IllegalArgumentException("the model does not read " + reply);
    }
    return of(comparable);
  }

  private static DirectoryPage comparable(DirectoryPage page) {
    DirectoryPage.Builder comparable =
        DirectoryPage.newBuilder()
            .setMore(page.getMore())
            .setAttributes(ModelAnswer.comparable(page.getAttributes()));
    for (DirectoryEntry entry : page.getEntriesList()) {
      comparable.addEntries(
          entry.toBuilder().setAttributes(ModelAnswer.comparable(entry.getAttributes())));
    }
    return comparable.build();
  }
}
