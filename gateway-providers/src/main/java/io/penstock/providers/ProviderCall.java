package io.penstock.providers;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What the client asked for and how the gateway wants it sent to one target.
 *
 * @param endpoint the client's endpoint; its dialect is the client's
 * @param target where it goes
 * @param body the client's body; shared by all attempts, never changed
 * @param stream whether the client wants a stream (Gemini says so in the path)
 * @param arraySplit Gemini streaming without {@code alt=sse}: one JSON array in pieces
 * @param headers the client's headers that may matter (versions, beta lists); no credentials
 * @param maxTokens the output cap to send instead of the client's, or -1 to leave it
 * @param set parameters that the route fixes, by top-level name
 * @param defaults parameters that the route adds when the client sent none
 * @param dropUnsupported drop what the target cannot take, named in {@link Attempt#dropped}
 * @param modelOutputLimit the catalogue's output limit, or -1 when unknown; fills a required cap
 * @param breakpoints which marks for the prompt cache the gateway adds
 */
public record ProviderCall(
    Endpoint endpoint,
    Target target,
    RequestBody body,
    boolean stream,
    boolean arraySplit,
    HeaderLookup headers,
    long maxTokens,
    Map<String, JsonNode> set,
    Map<String, JsonNode> defaults,
    boolean dropUnsupported,
    long modelOutputLimit,
    @Nullable String clientModel,
    Breakpoints breakpoints) {

  /** Makes a call to which the gateway adds no marks. */
  public ProviderCall(
      Endpoint endpoint,
      Target target,
      RequestBody body,
      boolean stream,
      boolean arraySplit,
      HeaderLookup headers,
      long maxTokens,
      Map<String, JsonNode> set,
      Map<String, JsonNode> defaults,
      boolean dropUnsupported,
      long modelOutputLimit,
      @Nullable String clientModel) {
    this(
        endpoint,
        target,
        body,
        stream,
        arraySplit,
        headers,
        maxTokens,
        set,
        defaults,
        dropUnsupported,
        modelOutputLimit,
        clientModel,
        Breakpoints.NONE);
  }

  /** Returns the same call with those marks. */
  public ProviderCall withBreakpoints(Breakpoints marks) {
    return new ProviderCall(
        endpoint,
        target,
        body,
        stream,
        arraySplit,
        headers,
        maxTokens,
        set,
        defaults,
        dropUnsupported,
        modelOutputLimit,
        clientModel,
        marks);
  }

  /** Returns the same call for another target. */
  public ProviderCall withTarget(Target other) {
    return new ProviderCall(
        endpoint,
        other,
        body,
        stream,
        arraySplit,
        headers,
        maxTokens,
        set,
        defaults,
        dropUnsupported,
        modelOutputLimit,
        clientModel,
        breakpoints);
  }
}
