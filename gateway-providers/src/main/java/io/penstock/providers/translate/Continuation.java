package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.buffer.UnpooledByteBufAllocator;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.body.BodyPatch;
import io.penstock.core.body.RequestBody;
import io.penstock.core.body.SseOverflowException;
import io.penstock.providers.Attempt;
import io.penstock.providers.UpstreamRequest;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * A stream that was cut after its client had seen some of it, and how another target goes on with
 * it: the text so far is sent as the beginning of the answer (a prefill), and what comes is joined
 * to what the client has, so that it sees one stream. Only plain text can be gone on with: not a
 * tool call, a thought, one of several answers, nor what has to fit a schema. Confined to the
 * call's event loop.
 */
public final class Continuation {
  private final Endpoint endpoint;
  private final RequestBody request;
  private final byte[] seen;
  private final String text;

  private Continuation(Endpoint endpoint, RequestBody request, byte[] seen, String text) {
    this.endpoint = endpoint;
    this.request = request;
    this.seen = seen;
    this.text = text;
  }

  /** Returns whether answers of the endpoint can be gone on with at all. */
  public static boolean serves(Endpoint endpoint) {
    return switch (endpoint) {
      case CHAT, MESSAGES, GENERATE -> true;
      default -> false;
    };
  }

  /**
   * Reads what a client has seen of its answer.
   *
   * @param request as the client sent it
   * @param seen the server-sent events of the client's dialect that went out, whole ones
   * @return null when nobody can go on with it
   */
  public static @Nullable Continuation of(Endpoint endpoint, RequestBody request, byte[] seen) {
    if (!serves(endpoint) || !Plain.isAsked(endpoint, Trees.request(request))) {
      return null;
    }
    Joint joint = read(endpoint, seen);
    String text = joint == null ? "" : joint.text().stripTrailing();
    return text.isEmpty() ? null : new Continuation(endpoint, request, seen, text);
  }

  private static @Nullable Joint read(Endpoint endpoint, byte[] seen) {
    Joint joint = Joint.of(endpoint);
    boolean[] plain = {true};
    ByteBuf bytes = Unpooled.wrappedBuffer(seen);
    try (Frames frames = Frames.sse(UnpooledByteBufAllocator.DEFAULT)) {
      frames.feed(
          bytes,
          (type, data, from, to) -> {
            String json = new String(data, from, to - from, StandardCharsets.UTF_8);
            plain[0] &= Trees.parse(json) instanceof ObjectNode event && joint.seen(event);
          });
    } catch (SseOverflowException e) {
      return null; // there is no memory to read again what went out
    } finally {
      bytes.release();
    }
    return plain[0] ? joint : null;
  }

  /** Returns the text that is gone on with; it does not end in white space, which is refused. */
  public String text() {
    return text;
  }

  /**
   * Returns the client's request with the beginning of its answer.
   *
   * @param cap output tokens that are left of the client's own cap; -1 when it has none
   */
  public RequestBody request(long cap) {
    BodyPatch patch = new BodyPatch(request);
    boolean generate = endpoint == Endpoint.GENERATE;
    ObjectNode turn = Trees.object().put("role", generate ? "model" : "assistant");
    if (generate) {
      turn.putArray("parts").addObject().put("text", text);
    } else {
      turn.put("content", text);
    }
    int last = request.end(request.indexOf(generate ? "contents" : "messages")) - 1;
    patch.replace(last, last + 1, "," + Trees.string(turn) + "]");
    if (cap >= 0) {
      lower(patch, cap);
    }
    return RequestBody.parse(patch.apply());
  }

  private void lower(BodyPatch patch, long cap) {
    if (endpoint == Endpoint.GENERATE) {
      String settings = request.has("generationConfig") ? "generationConfig" : "generation_config";
      ObjectNode config = Trees.answer(request.raw(request.indexOf(settings)));
      config.remove("max_output_tokens");
      patch.set(settings, Trees.string(config.put("maxOutputTokens", cap)));
      return;
    }
    for (String name : new String[] {"max_tokens", "max_completion_tokens"}) {
      if (request.has(name)) {
        patch.set(name, Long.toString(cap));
      }
    }
  }

  /**
   * Returns the attempt whose answer is joined to what the client has seen.
   *
   * @param made of {@link #request} for a target that takes a prefill
   * @param to the target's dialect; OpenAI's has no word for it, so that those of the servers that
   *     are compatible and continue are sent
   */
  public Attempt join(Attempt made, Dialect to) {
    Joint joint = read(endpoint, seen);
    if (joint == null) {
      throw new IllegalStateException("what was read once cannot be read again");
    }
    joint.seam(text.length());
    return new JoinedAttempt(made, to == Dialect.OPENAI ? marked(made) : made.request(), joint);
  }

  /** DeepSeek and Mistral read the mark on the message, vLLM and SGLang the fields beside it. */
  private static UpstreamRequest marked(Attempt made) {
    ObjectNode body = Trees.answer(made.request().body());
    JsonNode messages = body.path("messages");
    if (messages instanceof ArrayNode list
        && !list.isEmpty()
        && list.get(list.size() - 1) instanceof ObjectNode last) {
      last.put("prefix", true);
    }
    body.put("continue_final_message", true).put("add_generation_prompt", false);
    UpstreamRequest request = made.request();
    return new UpstreamRequest(
        request.method(), request.path(), request.headers(), Trees.bytes(body));
  }
}
