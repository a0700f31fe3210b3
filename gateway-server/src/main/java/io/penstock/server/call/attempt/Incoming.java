package io.penstock.server.call.attempt;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.FailureKind;
import io.penstock.providers.Answer;
import io.penstock.providers.AnswerSummary;
import io.penstock.providers.Closing;
import io.penstock.providers.Failure;
import io.penstock.providers.HeaderLookup;
import org.jspecify.annotations.Nullable;

/**
 * The answer of an attempt as far as it has come. It comes as events or as one body, whatever was
 * asked for: its head tells, or else its first bytes. Confined to the attempt's loop.
 */
final class Incoming {
  private enum Form {
    EVENTS_AWAITED,
    BODY_AWAITED,
    /** A body that may prove to be events. */
    UNCLEAR,
    BODY,
    EVENTS,
    /** A body that is whole. */
    ARRIVED
  }

  private final AttemptRun run;
  private final Watched owner;
  private Form form;
  private int status;
  private @Nullable HttpHeaders headers;
  private @Nullable StreamedAnswer events;
  private @Nullable WholeBody body;
  private AnswerSummary summary = AnswerSummary.NONE;
  private CharSequence words = "";

  /**
   * Creates it before anything has come.
   *
   * @param stream whether events are asked for
   */
  Incoming(AttemptRun run, boolean stream, Watched owner) {
    this.run = run;
    this.owner = owner;
    this.form = stream ? Form.EVENTS_AWAITED : Form.BODY_AWAITED;
  }

  /** Returns the status; 0 before the head. */
  int status() {
    return status;
  }

  /** Returns the headers once there are any. */
  HeaderLookup headers() {
    HttpHeaders known = headers;
    return known == null ? HeaderLookup.NONE : known::get;
  }

  AnswerSummary summary() {
    return events == null ? summary : events.summary();
  }

  /** Returns the text of events so far, or of a body that reported no usage; dear to gather. */
  CharSequence text() {
    if (events != null) {
      return events.text();
    }
    return body == null ? words : body.text();
  }

  /** Returns whether there may be more of it than anybody here has seen: a body is not whole. */
  boolean isUnread() {
    return form == Form.BODY_AWAITED || form == Form.UNCLEAR || form == Form.BODY;
  }

  /**
   * Returns the nanoseconds from dispatch to the first content of events; -1 while there is none.
   */
  long firstTokenNanos() {
    return events == null ? -1 : events.firstTokenNanos();
  }

  /** Returns the bytes of text that events have given so far. */
  long relayedBytes() {
    return events == null ? 0 : events.relayedBytes();
  }

  /** Returns the same of a complete answer; -1 when it came as one body. */
  long shownBytes() {
    return form == Form.ARRIVED ? -1 : relayedBytes();
  }

  /** Returns the closing events of a stream that ends before its time; owned by the caller. */
  @Nullable ByteBuf closing(Closing how, @Nullable String penstock) {
    return events == null ? null : events.closing(how, penstock);
  }

  void head(int answered, HttpHeaders of) {
    status = answered;
    headers = of;
    boolean success = answered >= 200 && answered < 300;
    boolean mayStream = success && form == Form.EVENTS_AWAITED;
    if (mayStream && EventStreams.isDeclared(of)) {
      readEvents();
      return;
    }
    // Not every provider, nor every model, streams because it is asked to; nor does each that does
    // say so.
    body = new WholeBody(run.target().provider().provider(), answered, headers());
    form = mayStream ? Form.UNCLEAR : Form.BODY;
  }

  private void readEvents() {
    form = Form.EVENTS;
    try {
      events = new StreamedAnswer(run, owner);
    } catch (RuntimeException e) {
      run.fail(Unreadable.failure(run.target(), e));
    }
  }

  /** Takes bytes of it; borrowed. */
  void data(ByteBuf data) {
    if (events != null) {
      events.read(data);
      return;
    }
    WholeBody collecting = body;
    if (collecting == null) {
      return;
    }
    if (!collecting.add(data)) {
      run.fail(collecting.tooLarge());
    } else if (form == Form.UNCLEAR) {
      look(collecting);
    }
  }

  private void look(WholeBody begun) {
    EventStreams.Look like = EventStreams.look(begun.bytes());
    if (like == EventStreams.Look.UNCLEAR) {
      return;
    }
    if (like != EventStreams.Look.EVENTS) {
      form = Form.BODY;
      return;
    }
    body = null;
    try {
      readEvents();
      if (events != null) {
        events.read(begun.bytes());
      }
    } finally {
      begun.release();
    }
  }

  /** Tells the owner of the end of events whose last one was read; false where there are more. */
  boolean overIfSettled() {
    if (events == null || !events.isSettled()) {
      return false;
    }
    events.over();
    return true;
  }

  /** Its message ended well. */
  void end() {
    if (events != null) {
      events.end(FailureKind.CUT, "the stream ended without a finish");
    } else if (body != null) {
      readBody(body);
    }
  }

  private void readBody(WholeBody collected) {
    body = null;
    form = Form.ARRIVED;
    Answer answer;
    try {
      answer = collected.read(run.attempt().unaryReader(ByteBufAllocator.DEFAULT));
    } catch (RuntimeException e) {
      words = collected.text();
      // The connection has done its part: nobody else would tell the client.
      summary = Unreadable.summary(e);
      run.fail(Unreadable.failure(run.target(), e, headers()));
      return;
    } finally {
      collected.release();
    }
    summary = answer.summary();
    words = answer.text();
    run.close();
    owner.onAnswer(run, answer);
  }

  /** Its connection broke, in that way. */
  void broke(FailureKind kind, String message) {
    if (events != null && kind == FailureKind.CUT) {
      // The reader knows whether the answer was complete before the connection broke.
      events.end(kind, message);
    } else {
      run.fail(Failure.of(kind, message));
    }
  }

  /** It cannot be read: ours is the defect. */
  void unreadable(Throwable why) {
    if (events != null) {
      events.unreadable(why);
    } else {
      run.fail(Unreadable.failure(run.target(), why));
    }
  }

  /** Nothing more is wanted of it; what has come is kept as text. */
  void close() {
    if (events != null) {
      events.close();
    }
    if (body != null) {
      words = body.text();
      body.release();
      body = null;
    }
  }
}
