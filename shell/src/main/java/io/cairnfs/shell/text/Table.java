package io.cairnfs.shell.text;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Rows whose columns are padded to the widest value and stand two spaces apart. The last column is
 * never padded on its right.
 */
public final class Table {
  private final List<List<String>> rows = new ArrayList<>();
  private final Set<Integer> rightAligned;
  private final boolean hasHeader;

  private Table(Set<Integer> rightAligned, List<String> header) {
    this.rightAligned = rightAligned;
    this.hasHeader = !header.isEmpty();
    if (hasHeader) {
      rows.add(header);
    }
  }

  /** All columns left-aligned, no header. */
  public static Table plain() {
    return new Table(Set.of(), List.of());
  }

  public static Table withHeader(Set<Integer> rightAligned, String... header) {
    return new Table(Set.copyOf(rightAligned), List.of(header));
  }

  public void add(String... row) {
    rows.add(List.of(row));
  }

  /** No row but the header. */
  public boolean isEmpty() {
    return rows.size() == (hasHeader ? 1 : 0);
  }

  public List<String> lines() {
    List<String> lines = new ArrayList<>(rows.size());
    if (rows.isEmpty()) {
      return lines;
    }
    int columns = rows.get(0).size();
    int[] widths = new int[columns];
    for (List<String> row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row.get(i).length());
      }
    }
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int i = 0; i < columns; i++) {
        line.append(i == 0 ? "" : "  ");
        String padding = " ".repeat(widths[i] - row.get(i).length());
        if (rightAligned.contains(i)) {
          line.append(padding).append(row.get(i));
        } else {
          line.append(row.get(i)).append(i == columns - 1 ? "" : padding);
        }
      }
      lines.add(line.toString());
    }
    return lines;
  }
}
