package io.penstock.server.call.filter;

import io.netty.handler.codec.http.HttpHeaderNames;
import io.penstock.core.Endpoint;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.RequestBody;
import io.penstock.core.identity.KeyShape;
import io.penstock.server.call.Asked;
import io.penstock.server.call.Call;
import io.penstock.server.call.Surface;
import io.penstock.server.call.reply.Refusals;
import java.util.Arrays;

/** Finds the body's top-level fields in one pass: model, stream, caps. */
final class PeekFilter implements Filter<Call> {
  /** What OpenAI takes when a request for moderation names no model, as its SDKs allow. */
  private static final String MODERATION = "omni-moderation-latest";

  @Override
  public Step apply(Call call) {
    Endpoint endpoint = call.surface().endpoint();
    switch (endpoint) {
      case MODELS, USAGE, PASSTHROUGH, STORED_RESPONSE -> {
        return Step.next();
      }
      case TRANSCRIPTIONS, TRANSLATIONS -> peekForm(call);
      default -> peek(call);
    }
    if (call.model().isEmpty()) {
      throw Refusals.missingModel();
    }
    call.wants().wish();
    return Step.next();
  }

  private static void peekForm(Call call) {
    String type = call.headers().get(HttpHeaderNames.CONTENT_TYPE, "");
    RequestBody form = RequestBody.parseForm(call.bytes(), type);
    String model = form.text("model");
    named(call, new Asked(form, model == null ? "" : model, streams(call, form)));
  }

  /** Takes what is asked for, unless the model's name is too long or a key: that nobody keeps. */
  private static void named(Call call, Asked asked) {
    String model = asked.model();
    if (model.length() > 256) {
      call.asked(asked.of(""));
      throw GatewayException.invalid("model", "The field \"model\" is longer than 256 characters.");
    }
    if (call.snapshot().isKey(model)) {
      call.asked(asked.of(KeyShape.MASK));
      throw Refusals.keyAsModel(call);
    }
    call.asked(asked);
    if (call.snapshot().climbs(model)) {
      throw Refusals.climbing(call, model);
    }
  }

  /** Elsewhere the field means nothing: a provider that ignores it is not to be waited for. */
  private static boolean streams(Call call, RequestBody body) {
    Endpoint endpoint = call.surface().endpoint();
    boolean asked =
        body.flag("stream", false)
            // Speech names the form of its stream, and has no other word for one.
            || endpoint == Endpoint.SPEECH && "sse".equals(body.text("stream_format"));
    return asked && endpoint.hasStreams();
  }

  /** Returns the model of a request that names none; "" where it has to. */
  private static String unnamed(Endpoint endpoint) {
    return endpoint == Endpoint.MODERATIONS ? MODERATION : "";
  }

  /**
   * Puts blanks in place of UTF-8's byte order mark, which RFC 8259 lets a reader pass over: some
   * providers refuse it. No offset moves and nothing is copied.
   */
  private static void blankMark(byte[] json) {
    if (json.length >= 3
        && json[0] == (byte) 0xef
        && json[1] == (byte) 0xbb
        && json[2] == (byte) 0xbf) {
      Arrays.fill(json, 0, 3, (byte) ' ');
    }
  }

  private static void peek(Call call) {
    Surface surface = call.surface();
    boolean inPath = !surface.model().isEmpty();
    if (inPath) {
      // Before the body, so that a row tells it whatever is wrong with that.
      named(call, new Asked(null, surface.model(), surface.stream()));
    }
    blankMark(call.bytes());
    RequestBody body = RequestBody.parse(call.bytes());
    if (inPath) {
      call.asked(new Asked(body, surface.model(), surface.stream()));
    } else {
      String model = body.text("model");
      named(
          call,
          new Asked(
              body, model == null ? unnamed(surface.endpoint()) : model, streams(call, body)));
    }
  }
}
