package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.core.GatewayException;
import io.penstock.core.body.BodyMemory;
import io.penstock.core.body.BodyWeight;
import io.penstock.core.body.RequestBody;
import io.penstock.providers.Attempt;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.UpstreamRequest.Header;
import io.penstock.providers.translate.TranslatedStream.Conversion;
import io.penstock.providers.translate.Wiring.Operation;
import java.util.List;
import java.util.Set;

/**
 * Calls whose client does not speak the provider's dialect. Pure; what it makes belongs to the
 * attempt's event loop.
 */
public final class Translation {
  /** A request is held as it came, and once more as it is sent. */
  private static final int HELD = 2;

  /** What was said, in any dialect. */
  private static final List<String> SAID =
      List.of("messages", "input", "contents", "system", "systemInstruction", "system_instruction");

  private Translation() {}

  /**
   * Returns whether a client's endpoint has a counterpart in a provider's dialect.
   *
   * @param to OPENAI (chat completions), ANTHROPIC, GEMINI, BEDROCK (Converse) or COHERE
   * @return true for conversations to all of them; embeddings to OPENAI, GEMINI and COHERE; token
   *     counts to ANTHROPIC and GEMINI
   */
  public static boolean serves(Endpoint endpoint, Dialect to) {
    return switch (endpoint) {
      case CHAT, RESPONSES, MESSAGES, GENERATE ->
          switch (to) {
            case OPENAI, ANTHROPIC, GEMINI, BEDROCK, COHERE -> true;
            default -> false;
          };
      default -> Embeddings.serves(endpoint, to) || CountTokens.serves(endpoint, to);
    };
  }

  /**
   * Returns whether Vertex AI has a shape of its own for this call, so that Gemini's clients are
   * translated too: embeddings by predict, and batches where there are none.
   */
  public static boolean isOwnToVertex(ProviderCall call) {
    return call.endpoint() == Endpoint.BATCH_EMBED_CONTENTS
        || (call.endpoint() == Endpoint.EMBED_CONTENT
            && Embeddings.isPredicted(call.target().model()));
  }

  /**
   * Makes the bytes of one attempt in the provider's dialect and the way back.
   *
   * <p>{@link ProviderCall#set} and {@link ProviderCall#defaults} are read as OpenAI's words where
   * they are such (so that {@code max_tokens} or {@code reasoning_effort} mean the same on every
   * target), else as top-level fields of the provider.
   *
   * @param to the dialect of the body: OPENAI, ANTHROPIC, GEMINI, BEDROCK or COHERE
   * @throws GatewayException 400 naming the field and the provider
   */
  public static Attempt attempt(ProviderCall call, Dialect to, Wiring wiring) {
    if (!serves(call.endpoint(), to)) {
      throw GatewayException.unsupported(
          "model",
          "The endpoint "
              + call.endpoint().label()
              + " has no counterpart at provider \""
              + call.target().provider()
              + "\" ("
              + to.label()
              + ").");
    }
    byte[] asked = call.body().bytes();
    if (asked.length < BodyMemory.SMALL) {
      return made(call, to, wiring);
    }
    long takes = BodyWeight.of(asked).translating(Trees.MAX_REQUEST_TOKENS);
    try (BodyMemory.Room _ = BodyMemory.HEAP.room(asked.length, takes, HELD)) {
      return made(call, to, wiring);
    }
  }

  private static Attempt made(ProviderCall call, Dialect to, Wiring wiring) {
    ObjectNode request = Trees.request(call.body());
    Fit fit = new Fit(call);
    if (!call.endpoint().isConversation()) {
      return unary(call, to, wiring, request, fit);
    }
    ObjectNode body = conversation(call, to, request, fit);
    RouteSettings.apply(call, body);
    byte[] bytes = bytes(call, body);
    long choices = body.path("n").asLong(1);
    Set<String> calls =
        call.endpoint() == Endpoint.MESSAGES ? CallIds.inMessages(request) : Set.of();
    // The answer is written for as long as it comes: what was said is not needed for it.
    request.remove(SAID);
    var context =
        new AnswerWriter.Context(
            wiring.newId(),
            wiring.epochSeconds(),
            call.clientModel(),
            request,
            call.body().bytes().length / 4,
            tells(call, to));
    return new TranslatedAttempt(
        wiring.request(call, Operation.CHAT, bytes, headers(to, body)),
        fit.droppedParams(),
        call.endpoint() == Endpoint.GENERATE && call.arraySplit(),
        wiring::frames,
        (out, stream) ->
            conversion(call, to, wiring, clientWriter(call, context, calls, out, stream), choices),
        () -> Aggregate.of(call.endpoint()));
  }

  private static byte[] bytes(ProviderCall call, ObjectNode body) {
    return call.body().bytes().length < BodyMemory.SMALL
        ? Trees.bytes(body)
        : Trees.longBytes(body);
  }

  private static ObjectNode conversation(
      ProviderCall call, Dialect to, ObjectNode request, Fit fit) {
    Conversation conversation = reader(call, fit).read(request);
    RouteSettings.apply(call, conversation);
    Marking.apply(call, to, conversation);
    ObjectNode body = writer(call, to, conversation, fit).write();
    conversation.refuseRest(fit);
    return body;
  }

  private static Attempt unary(
      ProviderCall call, Dialect to, Wiring wiring, ObjectNode request, Fit fit) {
    if (CountTokens.serves(call.endpoint(), to)) {
      ObjectNode body = conversation(call, to, CountTokens.conversation(request), fit);
      byte[] bytes = bytes(call, CountTokens.request(call, body, to));
      return new UnaryAttempt(
          wiring.request(call, Operation.COUNT_TOKENS, bytes, headers(to, body)),
          List.copyOf(fit.droppedParams()),
          answer -> CountTokens.answer(call.endpoint(), answer));
    }
    Embeddings embeddings = new Embeddings(call, fit);
    byte[] bytes = bytes(call, embeddings.request(request, to));
    return new UnaryAttempt(
        wiring.request(call, embeddings.operation(), bytes, List.of()),
        List.copyOf(fit.droppedParams()),
        answer -> embeddings.answer(answer, to));
  }

  /**
   * Whether Anthropic's clients are told thoughts of that dialect: some must come back. Providers
   * of OpenAI's dialect think without being asked to, and clients that did not ask read the first
   * block as the answer.
   */
  private static boolean tells(ProviderCall call, Dialect to) {
    return switch (to) {
      case ANTHROPIC, BEDROCK -> true;
      case OPENAI ->
          call.endpoint() != Endpoint.MESSAGES
              || asksForThoughts(call.body())
              || "on".equals(call.target().options().get("reasoning_content"));
      default -> false;
    };
  }

  private static boolean asksForThoughts(RequestBody body) {
    int thinking = body.indexOf("thinking");
    return thinking >= 0 && !body.raw(thinking).contains("\"disabled\"");
  }

  private static RequestReader reader(ProviderCall call, Fit fit) {
    return switch (call.endpoint()) {
      case RESPONSES, RESPONSES_INPUT_TOKENS -> new ResponsesRequestReader(fit);
      case MESSAGES, COUNT_TOKENS -> {
        String version = call.headers().get("anthropic-version");
        yield new MessagesRequestReader(fit, MessagesRequestReader.VERSION_2026.equals(version));
      }
      case GENERATE, GEMINI_COUNT_TOKENS -> new GenerateRequestReader(fit);
      default -> new ChatRequestReader(fit);
    };
  }

  private static RequestWriter writer(
      ProviderCall call, Dialect to, Conversation conversation, Fit fit) {
    return switch (to) {
      case ANTHROPIC -> new AnthropicRequestWriter(call, conversation, fit);
      case GEMINI -> new GeminiRequestWriter(call, conversation, fit);
      case BEDROCK -> new ConverseRequestWriter(call, conversation, fit);
      case COHERE -> new CohereRequestWriter(call, conversation, fit);
      default -> new OpenAiRequestWriter(call, conversation, fit);
    };
  }

  private static AnswerWriter clientWriter(
      ProviderCall call,
      AnswerWriter.Context context,
      Set<String> calls,
      Outlet out,
      boolean stream) {
    return switch (call.endpoint()) {
      case RESPONSES -> new ResponsesAnswerWriter(context, out);
      case MESSAGES -> new MessagesAnswerWriter(context, out, calls);
      case GENERATE -> new GenerateAnswerWriter(context, out);
      default -> {
        JsonNode options = context.request().path("stream_options");
        boolean usage = !stream || options.path("include_usage").asBoolean();
        yield new ChatAnswerWriter(context, out, usage);
      }
    };
  }

  private static Conversion conversion(
      ProviderCall call, Dialect to, Wiring wiring, AnswerWriter writer, long choices) {
    // In chat a bare thought has a field of its own.
    boolean tags =
        call.endpoint() == Endpoint.RESPONSES
            || (call.endpoint() != Endpoint.CHAT && tells(call, to));
    Observed observed = new Observed(tags ? new TaggedThoughts(writer, to) : writer);
    String model = call.target().model();
    AnswerReader reader =
        switch (to) {
          case ANTHROPIC -> new AnthropicAnswerReader(observed, wiring::failure);
          case GEMINI -> new GeminiAnswerReader(observed, wiring::failure);
          case BEDROCK -> new ConverseAnswerReader(observed, wiring::failure, model);
          case COHERE -> new CohereAnswerReader(observed, wiring::failure, model);
          default -> new OpenAiAnswerReader(observed, wiring::failure, choices);
        };
    return new Conversion(reader, observed, writer);
  }

  /** The older version still takes sampling fields, the newer one refuses them. */
  private static List<Header> headers(Dialect to, ObjectNode body) {
    if (to != Dialect.ANTHROPIC) {
      return List.of();
    }
    boolean samples = body.has("temperature") || body.has("top_p") || body.has("top_k");
    String version = samples ? "2023-06-01" : MessagesRequestReader.VERSION_2026;
    return List.of(new Header("anthropic-version", version));
  }
}
