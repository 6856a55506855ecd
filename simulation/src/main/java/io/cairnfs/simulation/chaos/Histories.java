package io.cairnfs.simulation.chaos;

import io.cairnfs.client.history.HistoryFile;
import io.cairnfs.common.error.CairnException;
import io.cairnfs.simulation.history.Findings;
import io.cairnfs.simulation.history.Findings.Looked;
import io.cairnfs.simulation.history.HistoryCheck;
import io.cairnfs.simulation.history.MemberLogs;
import io.cairnfs.simulation.history.OrderSearch;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/** What all clients of a run recorded, and whether it was linearizable. For one thread. */
final class Histories {
  private static final int REPORTED = 10;

  private final Path directory;
  private final List<Path> files = new ArrayList<>();

  /**
   * @param directory made if it is missing
   */
  Histories(Path directory) throws IOException {
    this.directory = Files.createDirectories(directory);
  }

  /** Where a client shall record. */
  Path of(String client) {
    Path file = directory.resolve(client + ".history");
    files.add(file);
    return file;
  }

  /**
   * Checks what was recorded, when nothing is being changed any more.
   *
   * @param metaservers their directories
   */
  void check(List<Path> metaservers, Tally tally, Consumer<String> say) {
    try {
      List<HistoryFile> histories = new ArrayList<>();
      for (Path file : files) {
        if (Files.exists(file)) {
          histories.add(HistoryFile.read(file));
        }
      }
      Findings replayed = HistoryCheck.check(histories, MemberLogs.newest(metaservers));
      Findings searched = OrderSearch.check(histories);
      say.accept(
          String.format(
              Locale.ROOT,
              "histories: %,d calls replayed, %,d reads compared, %,d searched for an order,"
                  + " %d findings",
              replayed.of(Looked.CALLS),
              replayed.of(Looked.READS_COMPARED) + replayed.of(Looked.READS_REFUSED_AND_COMPARED),
              searched.of(Looked.SEARCHED_CALLS),
              replayed.total() + searched.total()));
      if (searched.of(Looked.SEARCH_LEFT_UNDECIDED) > 0) {
        say.accept("histories: a search had too much to follow and was given up");
      }
      for (Findings findings : List.of(replayed, searched)) {
        findings.texts().stream().limit(REPORTED).forEach(tally::violated);
      }
    } catch (CairnException e) {
      tally.violated("the histories cannot be checked: " + e.getMessage());
    } catch (IOException e) {
      tally.violated("the histories cannot be read: " + e);
    }
  }
}
