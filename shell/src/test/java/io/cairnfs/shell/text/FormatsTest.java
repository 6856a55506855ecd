package io.cairnfs.shell.text;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.OutputStream;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FormatsTest {
  @ParameterizedTest
  @CsvSource({
    "0, 0",
    "1023, 1023",
    "1024, 1 K",
    "1536, 1.5 K",
    "1048575, 1.0 M",
    "67108864, 64 M",
    "1610612736, 1.5 G",
    "1099511627776, 1 T",
    "-2048, -2 K",
    "9223372036854775807, 8.0 E",
    "-9223372036854775808, -8 E"
  })
  void sizesAreBinaryWithOneDecimal(long bytes, String shown) {
    assertThat(Sizes.human(bytes)).isEqualTo(shown);
  }

  @Test
  void anEmptyWholeHasNoShare() {
    assertThat(Sizes.percent(0, 0)).isEqualTo("0%");
    assertThat(Sizes.percent(1, 3)).isEqualTo("33%");
  }

  @ParameterizedTest
  @CsvSource({"0644, rw-r--r--", "0755, rwxr-xr-x", "01777, rwxrwxrwt", "01776, rwxrwxrwT"})
  void modesInLetters(String octal, String letters) {
    assertThat(ModeText.symbolic(Integer.parseInt(octal, 8))).isEqualTo(letters);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ' ',
      value = {
        "0644 755 0755",
        "0644 1755 01755",
        "0644 u+x 0744",
        "0644 +x 0755",
        "0755 go= 0755",
        "0755 g-rx,o-rx 0700",
        "0640 o=g 0640",
        "0600 a+r 0644",
        "0644 a+X 0644",
        "0744 a+X 0755",
        "0777 +t 01777",
        "01777 -t 0777",
        "0777 u=r 0477"
      })
  void modeChanges(String before, String change, String after) {
    int mode = Integer.parseInt(before, 8);
    if (change.equals("go=") || change.equals("o=g")) {
      assertThatThrownBy(() -> ModeChange.parse(change))
          .hasMessage("mode '" + change + "' does not match the expected pattern.");
      return;
    }
    assertThat(ModeChange.parse(change).apply(mode, false)).isEqualTo(Integer.parseInt(after, 8));
  }

  @Test
  void searchOfDirectoriesByCapitalX() {
    assertThat(ModeChange.parse("a+X").apply(0600, true)).isEqualTo(0711);
  }

  @Test
  void columnsAreAsWideAsTheirWidestValue() {
    Table table = Table.withHeader(Set.of(1), "NAME", "SIZE", "PLACE");
    assertThat(table.isEmpty()).isTrue();
    table.add("a", "1000000", "here");
    table.add("longer", "1", "there");
    assertThat(table.lines())
        .containsExactly(
            "NAME       SIZE  PLACE", "a       1000000  here", "longer        1  there");
  }

  @Test
  void nearWordsAreFound() {
    List<String> words = List.of("ls", "put", "get", "copyFromLocal", "mkdir");
    assertThat(NearestWord.of("mkdri", words)).contains("mkdir");
    assertThat(NearestWord.of("copyFromLocl", words)).contains("copyFromLocal");
    assertThat(NearestWord.of("sl", words)).contains("ls");
    assertThat(NearestWord.of("frobnicate", words)).isEmpty();
  }

  @Test
  void distanceCountsASwapOnce() {
    assertThat(NearestWord.distance("ab", "ba")).isEqualTo(1);
    assertThat(NearestWord.distance("kitten", "sitting")).isEqualTo(3);
    assertThat(NearestWord.distance("", "abc")).isEqualTo(3);
  }

  @Test
  void whoeverHasGoneIsNotWrittenToSilently() {
    Output output =
        new Output(
            new OutputStream() {
              @Override
              public void write(int b) throws IOException {
                throw new IOException("Broken pipe");
              }
            });
    output.line("buffered");
    assertThatThrownBy(output::flush)
        .isInstanceOf(OutputException.class)
        .hasMessage("Unable to write to output stream.");
  }
}
