package io.penstock.budget;

import static java.util.stream.Collectors.joining;

import io.penstock.budget.Request.Answer;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;

/** Requests as arguments of the scripts, and their answers back. */
final class RedisWire {
  private static final long OWNER = (1L << Owners.BITS) - 1;
  private static final long SWEEP_AFTER = 86_400_000L;

  /** A script and its keys, without the prefix. */
  enum Script {
    HELLO("hello", "epoch own live ready"),
    MOVE("move", "epoch own live"),
    REAP("reap", "epoch own live ready"),
    CLOSE("close", "epoch own live"),
    LEDGER("ledger", "epoch");

    private final String source;
    private final String keys;

    Script(String name, String keys) {
      String file = name + ".lua";
      try (InputStream in = RedisWire.class.getResourceAsStream(file)) {
        if (in == null) {
          throw new IllegalStateException("missing from the jar: " + file);
        }
        this.source = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
      this.keys = keys;
    }

    String source() {
      return source;
    }

    String[] keys(String prefix) {
      return Arrays.stream(keys.split(" ")).map(k -> prefix + ":" + k).toArray(String[]::new);
    }
  }

  private final String prefix;
  private final long lease;
  private final long quarantine;

  RedisWire(String prefix, long lease, long quarantine) {
    this.prefix = prefix;
    this.lease = lease;
    this.quarantine = quarantine;
  }

  String[] keys(Script script) {
    return script.keys(prefix);
  }

  static Script script(Request request) {
    return switch (request) {
      case Request.Hello hello -> Script.HELLO;
      case Request.Move move -> Script.MOVE;
      case Request.Reap reap -> Script.REAP;
      case Request.Close close -> Script.CLOSE;
      case Request.Ledger ledger -> Script.LEDGER;
    };
  }

  private static String owner(long owner) {
    return Long.toString(owner & OWNER);
  }

  String[] arguments(Request request) {
    List<String> out = new ArrayList<>();
    out.add(prefix);
    out.add(Long.toString(request.epoch()));
    switch (request) {
      case Request.Hello h -> {
        out.add(owner(h.owner()));
        out.add(Long.toString(h.fence()));
        out.add(h.ready() ? "1" : "0");
        out.add(Long.toString(lease));
        out.add(Long.toString(quarantine));
      }
      case Request.Move m -> move(m, out);
      case Request.Reap r -> {
        out.add(owner(r.owner()));
        out.add(Long.toString(lease));
        out.add(r.done() ? "1" : "0");
      }
      case Request.Close c -> {
        out.add(owner(c.owner()));
        for (LedgerPart part : c.totals()) {
          counter(part.counter(), out);
          out.add(Long.toString(part.sum()));
        }
      }
      case Request.Ledger l -> {
        for (LedgerPart part : l.parts()) {
          counter(part.counter(), out);
          out.add(Long.toString(part.version()));
          out.add(Long.toString(part.sum()));
        }
      }
    }
    return out.toArray(String[]::new);
  }

  private static void counter(CounterKey key, List<String> out) {
    out.add(key.id().toString());
    out.add(meta(key));
    out.add(key.windowEnd() == Long.MAX_VALUE ? "" : Long.toString(key.windowEnd() + SWEEP_AFTER));
  }

  private void move(Request.Move m, List<String> out) {
    out.add(owner(m.owner()));
    out.add(Long.toString(m.fence()));
    out.add(Long.toString(lease));
    out.add(Integer.toString(m.counters().size()));
    for (Request.Entry e : m.counters()) {
      counter(e.key(), out);
      out.add(e.unit() == Limit.Unit.PERMITS ? "1" : e.unit() == Limit.Unit.TOKENS ? "2" : "0");
      out.add(e.attach() ? "1" : "0");
      out.add(Long.toString(e.have()));
      out.add(Long.toString(e.spent()));
      out.add(Long.toString(e.limit()));
      out.add(Long.toString(e.low()));
      out.add(Long.toString(e.extra()));
      out.add(e.drained() ? "1" : "0");
      out.add(Integer.toString(e.claim()));
      out.add(alerts(e));
    }
    out.add(Integer.toString(m.calls().size()));
    for (Request.Call c : m.calls()) {
      out.add(Integer.toString(c.counter().length));
      for (int i = 0; i < c.counter().length; i++) {
        out.add(Integer.toString(c.counter()[i]));
        out.add(Long.toString(c.need()[i]));
        out.add(Long.toString(c.most()[i]));
      }
    }
    out.add(Integer.toString(m.takes().size()));
    for (Request.Take t : m.takes()) {
      out.add(t.id().toString());
      out.add(Long.toString(t.windowMillis()));
      out.add(Long.toString(t.limit()));
      out.add(Long.toString(t.need()));
      out.add(Long.toString(t.extra()));
    }
  }

  /** Each with the amount at which it is passed: money is never a number in a script. */
  private static String alerts(Request.Entry entry) {
    return entry.alerts().isEmpty()
        ? ""
        : entry.alerts().stream()
            .map(percent -> percent + ":" + Thresholds.share(entry.limit(), percent))
            .collect(joining(","));
  }

  Answer answer(Request request, List<?> raw) {
    String head = text(raw, 0);
    return switch (head) {
      case "EPOCH" -> new Answer.Stale(number(raw, 1));
      case "GONE" -> new Answer.Gone(number(raw, 1));
      case "FENCE" -> new Answer.Fenced();
      case "DONE" -> new Answer.Done();
      case "OK" ->
          switch (request) {
            case Request.Hello h -> welcome(raw);
            case Request.Move m -> moved(m, raw);
            case Request.Reap r -> reaped(r.owner(), raw);
            case Request.Close c -> new Answer.Done();
            case Request.Ledger l -> new Answer.Done();
          };
      default -> throw new IllegalStateException("answer of a script: " + head);
    };
  }

  private static Answer welcome(List<?> raw) {
    long epoch = number(raw, 1);
    return new Answer.Welcome(
        epoch,
        Owners.of(epoch, number(raw, 2)),
        number(raw, 3),
        text(raw, 4).equals("1"),
        owners(epoch, raw, 5));
  }

  private static List<Long> owners(long epoch, List<?> raw, int from) {
    List<Long> owners = new ArrayList<>();
    for (int i = from; i < raw.size(); i++) {
      owners.add(Owners.of(epoch, number(raw, i)));
    }
    return owners;
  }

  private static Answer moved(Request.Move m, List<?> raw) {
    int at = 3;
    List<Answer.State> states = new ArrayList<>(m.counters().size());
    for (int i = 0; i < m.counters().size(); i++, at += 9) {
      states.add(
          new Answer.State(
              number(raw, at),
              number(raw, at + 1),
              number(raw, at + 2),
              number(raw, at + 3),
              number(raw, at + 4),
              (int) number(raw, at + 5),
              (int) number(raw, at + 6),
              (int) number(raw, at + 7),
              number(raw, at + 8)));
    }
    int[] calls = new int[m.calls().size()];
    for (int i = 0; i < calls.length; i++) {
      calls[i] = (int) number(raw, at++);
    }
    List<Answer.Taken> takes = new ArrayList<>(m.takes().size());
    for (int i = 0; i < m.takes().size(); i++, at += 3) {
      takes.add(new Answer.Taken(number(raw, at), number(raw, at + 1), number(raw, at + 2)));
    }
    return new Answer.Moved(
        text(raw, 1).equals("1"),
        (int) number(raw, 2),
        states,
        calls,
        takes,
        owners(m.epoch(), raw, at));
  }

  private static Answer reaped(long owner, List<?> raw) {
    List<Charge> totals = new ArrayList<>();
    for (int i = 1; i + 2 < raw.size(); i += 3) {
      totals.add(new Charge(key(text(raw, i), text(raw, i + 1)), owner, number(raw, i + 2)));
    }
    return new Answer.Reaped(owner, totals);
  }

  /** The rest of a counter's key, as its hash keeps it. */
  static String meta(CounterKey key) {
    return key.windowStart()
        + " "
        + key.windowEnd()
        + " "
        + key.override()
        + " "
        + key.budget().length()
        + " "
        + key.budget()
        + key.subject();
  }

  static CounterKey key(String id, String meta) {
    String[] parts = meta.split(" ", 5);
    int name = Integer.parseInt(parts[3]);
    return CounterKey.of(
        UUID.fromString(id),
        parts[4].substring(0, name),
        Integer.parseInt(parts[2]),
        parts[4].substring(name),
        Long.parseLong(parts[0]),
        Long.parseLong(parts[1]));
  }

  private static String text(List<?> raw, int i) {
    return String.valueOf(raw.get(i));
  }

  private static long number(List<?> raw, int i) {
    return Long.parseLong(text(raw, i));
  }
}
