package io.penstock.server.simulate;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.ledger.Content;
import io.penstock.ledger.LedgerQueries;
import io.penstock.ledger.LedgerRow;
import java.io.BufferedReader;
import java.io.IOException;
import java.time.DateTimeException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** Where recorded requests come from: the ledger, a request log, a trace. */
public final class Recordings {
  private static final ObjectMapper JSON = new ObjectMapper();

  private Recordings() {}

  /** Feeds what arrived in a period, epoch milliseconds, read as it is replayed. */
  public static void ledger(
      LedgerQueries ledger, long fromMillis, long toMillis, Simulation simulation) {
    ledger.requests(
        fromMillis,
        toMillis,
        (rows, content) -> {
          Recorded request = RecordedRows.of(rows, content);
          if (request != null) {
            simulation.add(request);
          }
        });
  }

  /**
   * How lines of a trace are read.
   *
   * @param startMillis what times of the trace's own count from, epoch milliseconds
   * @param model of lines that name none
   */
  public record Trace(long startMillis, String model) {}

  /**
   * Feeds a log of JSON lines: rows of the request log, or requests with their token counts. The
   * whole log is read first, then replayed in order of time.
   *
   * @param name for messages
   * @throws IllegalArgumentException for a line that is neither, with its number
   */
  public static void log(String name, BufferedReader lines, Trace trace, Simulation simulation)
      throws IOException {
    ShapeLine shapes = new ShapeLine(trace.startMillis(), trace.model());
    Map<UUID, List<LedgerRow>> rows = new LinkedHashMap<>();
    Map<UUID, Content> contents = new HashMap<>();
    List<Recorded> requests = new ArrayList<>();
    int number = 0;
    for (String text = lines.readLine(); text != null; text = lines.readLine()) {
      number++;
      if (text.isBlank()) {
        continue;
      }
      String where = name + ":" + number;
      try {
        JsonNode line = JSON.readTree(text);
        if (RowLine.isRow(line)) {
          LedgerRow row = RowLine.parse(line);
          rows.computeIfAbsent(row.attempt().request(), id -> new ArrayList<>()).add(row);
        } else if (RowLine.isContent(line)) {
          Content content = RowLine.content(line);
          contents.put(content.id(), content);
        } else {
          requests.add(shapes.parse(where, line));
        }
      } catch (JsonProcessingException e) {
        throw new IllegalArgumentException(where + ": " + e.getOriginalMessage(), e);
      } catch (DateTimeException e) {
        throw new IllegalArgumentException(where + ": " + e.getMessage(), e);
      }
    }
    rows.forEach((id, each) -> {
      each.sort(Comparator.comparingInt(row -> row.attempt().number()));
      Recorded request = RecordedRows.of(each, contents.get(id));
      if (request != null) {
        requests.add(request);
      }
    });
    requests.sort(Comparator.comparingLong(Recorded::atMillis));
    requests.forEach(simulation::add);
  }
}
