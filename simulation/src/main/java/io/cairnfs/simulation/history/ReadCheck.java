package io.cairnfs.simulation.history;

import io.cairnfs.common.error.CairnException;
import io.cairnfs.common.error.ErrorCode;
import io.cairnfs.metaserver.namespace.Principal;
import io.cairnfs.metaserver.operation.read.NamespaceReads;
import io.cairnfs.proto.metadata.ExtentsResult;
import io.cairnfs.proto.metadata.OpenResult;
import io.cairnfs.proto.metadata.ReadReply;
import io.cairnfs.proto.metadata.ReadRequest;
import io.cairnfs.proto.metadata.StatFsResult;
import io.cairnfs.proto.metadata.WalkPage;
import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.Findings.Rule;
import io.cairnfs.simulation.model.ModelRead;
import java.util.Optional;

/** Holds a read against the replayed log, which stands at the read's index. */
final class ReadCheck {
  private final LogReplay replay;
  private final Findings findings;

  ReadCheck(LogReplay replay, Findings findings) {
    this.replay = replay;
    this.findings = findings;
  }

  void check(ObservedCall call, String user) {
    ReadRequest request = call.read();
    Optional<Principal> reader = replay.principal(user);
    if (!NamespaceReads.answers(request.getKindCase()) || request.hasCheck() || reader.isEmpty()) {
      findings.count(Looked.READS_NOT_COMPARED);
      return;
    }
    boolean answered = call.outcome() == ObservedCall.Outcome.ANSWERED;
    findings.count(answered ? Looked.READS_COMPARED : Looked.READS_REFUSED_AND_COMPARED);
    switch (request.getKindCase()) {
      case STAT, LIST, OPEN -> {
        ModelRead found =
            answered ? ModelRead.answered(call.reply()) : ModelRead.refused(call.code());
        ModelRead expected = replay.model().read(request, reader.get());
        if (!found.equals(expected)) {
          wrong(call, "the model", words(expected.error(), expected.reply()), found.reply());
          return;
        }
      }
      default -> {
        // The model has only names.
      }
    }
    compareWithMachine(call, request, reader.get(), answered);
  }

  private void compareWithMachine(
      ObservedCall call, ReadRequest request, Principal reader, boolean answered) {
    ReadReply expected;
    try {
      expected = replay.read(request, reader);
    } catch (CairnException e) {
      if (answered || call.code() != e.code()) {
        wrong(call, "the log", e.code() + ": " + e.getMessage(), ReadReply.getDefaultInstance());
      }
      return;
    }
    if (!answered) {
      wrong(call, "the log", words(Optional.empty(), expected), ReadReply.getDefaultInstance());
      return;
    }
    ReadReply wanted = logged(expected);
    ReadReply found = logged(call.reply());
    if (!wanted.equals(found)) {
      wrong(call, "the log", words(Optional.empty(), wanted), found);
    }
  }

  /** Without all that is not in the log: who is up, how full, where the reader is. */
  private static ReadReply logged(ReadReply reply) {
    ReadReply.Builder logged = reply.toBuilder();
    switch (reply.getKindCase()) {
      case OPEN ->
          logged.setOpen(OpenResult.newBuilder(reply.getOpen()).clearHandle().clearChunks());
      case EXTENTS -> logged.setExtents(ExtentsResult.newBuilder(reply.getExtents()).clearChunks());
      case WALK -> logged.setWalk(WalkPage.newBuilder(reply.getWalk()).clearChunks());
      case STAT_FS ->
          logged.setStatFs(
              StatFsResult.newBuilder()
                  .setFiles(reply.getStatFs().getFiles())
                  .setDirectories(reply.getStatFs().getDirectories()));
      default -> {
        // All of it is.
      }
    }
    return logged.build();
  }

  private void wrong(ObservedCall call, String by, String expected, ReadReply found) {
    String told =
        call.outcome() == ObservedCall.Outcome.ANSWERED
            ? found.toString()
            : call.code().name() + "\n";
    findings.add(
        Rule.WRONG_READ,
        "%s told\n%sbut at index %d by %s it is\n%s",
        call,
        told,
        call.end().logIndex(),
        by,
        expected);
  }

  private static String words(Optional<ErrorCode> error, ReadReply reply) {
    return error.map(ErrorCode::name).orElseGet(reply::toString);
  }
}
