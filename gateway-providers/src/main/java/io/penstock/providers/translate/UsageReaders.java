package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * The usage that providers report, as disjoint meters. Providers differ in what includes what: at
 * OpenAI and Gemini the cached tokens are part of the prompt's, at Anthropic and Bedrock they are
 * not; reasoning is part of the output at OpenAI and Anthropic and apart from it at Gemini, xAI and
 * Perplexity. Absent fields and fields of a wrong type count as 0.
 *
 * <p>Model, tier and region are not set, except where the usage object itself holds them: callers
 * add what the answer says, with {@link #tier} and {@link Usage#toBuilder()}.
 */
public final class UsageReaders {
  private UsageReaders() {}

  /** Returns whether a usage counts anything; an error may have one of zeros, or an empty one. */
  public static boolean counts(JsonNode usage) {
    if (usage.isNumber()) {
      return usage.asDouble() > 0;
    }
    for (JsonNode inside : usage) {
      if (counts(inside)) {
        return true;
      }
    }
    return false;
  }

  /**
   * Reads {@code usage} of an OpenAI-compatible chat, completions or embeddings answer, or {@code
   * x_groq.usage}.
   *
   * <p>Reasoning is taken as being outside {@code completion_tokens} when the numbers say so: when
   * {@code total_tokens} is the sum of prompt, completion and reasoning (xAI), when there is more
   * reasoning than completion, or when {@code reasoning_tokens} stands at the top level
   * (Perplexity). What {@code total_tokens} has beyond its parts was thought (Gemini's OpenAI
   * surface); where nothing is said of an output it was read (Voyage). DeepSeek's cache hits and
   * Perplexity's searches and citations are read too.
   */
  public static Usage openAiChat(JsonNode usage) {
    JsonNode in = usage.path("prompt_tokens_details");
    JsonNode out = usage.path("completion_tokens_details");
    long total = Counts.of(usage.path("total_tokens"));
    long completion = Counts.of(usage.path("completion_tokens"));
    long read = Counts.of(usage.path("prompt_tokens"));
    long prompt = usage.has("completion_tokens") ? read : Math.max(read, total);
    long cached =
        in.has("cached_tokens")
            ? Counts.of(in.path("cached_tokens"))
            : Counts.of(usage.path("prompt_cache_hit_tokens"));
    Usage.Builder meters = Usage.builder();
    openAiInput(meters, prompt, cached, in);
    boolean topLevel = usage.has("reasoning_tokens") && !out.has("reasoning_tokens");
    long reasoning = Counts.of((topLevel ? usage : out).path("reasoning_tokens"));
    boolean outside =
        reasoning > 0
            && (topLevel || reasoning > completion || total == prompt + completion + reasoning);
    long audio = Counts.of(out.path("audio_tokens"));
    long image = Counts.of(out.path("image_tokens"));
    meters.set(Meter.OUTPUT, Counts.rest(completion, outside ? 0 : reasoning, audio, image));
    meters.set(Meter.OUTPUT_AUDIO, audio);
    meters.set(Meter.OUTPUT_IMAGE, image);
    long cited = Counts.of(usage.path("citation_tokens"));
    meters.set(Meter.CITATION, cited);
    meters.set(Meter.WEB_SEARCH, Counts.of(usage.path("num_search_queries")));
    long heard = Counts.of(usage.path("prompt_audio_seconds"));
    meters.set(Meter.AUDIO_SECOND, heard);
    // Mistral's total has the tokens of sound too, which is billed by the second.
    // Where thoughts are told apart, nobody knows what else a total counts.
    boolean told = heard > 0 || reasoning > 0 || usage.has("cache_read_input_tokens");
    long more = told ? 0 : Math.max(0, total - prompt - completion - cited);
    // Some count what was cached once more.
    meters.set(Meter.OUTPUT_REASONING, reasoning + (more == cached ? 0 : more));
    return meters.build();
  }

  /**
   * Reads {@code usage} of a Responses answer.
   *
   * @param toolUsage {@code tool_usage} of the response; may be a missing node
   */
  public static Usage openAiResponses(JsonNode usage, JsonNode toolUsage) {
    JsonNode in = usage.path("input_tokens_details");
    JsonNode out = usage.path("output_tokens_details");
    Usage.Builder meters = Usage.builder();
    openAiInput(
        meters, Counts.of(usage.path("input_tokens")), Counts.of(in.path("cached_tokens")), in);
    long reasoning = Counts.of(out.path("reasoning_tokens"));
    long image = Counts.of(out.path("image_tokens"));
    long output = Counts.of(usage.path("output_tokens"));
    meters.set(Meter.OUTPUT, Counts.rest(output, reasoning, image));
    meters.set(Meter.OUTPUT_REASONING, reasoning);
    meters.set(Meter.OUTPUT_IMAGE, image);
    meters.set(Meter.WEB_SEARCH, Counts.of(toolUsage.path("web_search").path("num_requests")));
    meters.set(Meter.FILE_SEARCH, Counts.of(toolUsage.path("file_search").path("num_requests")));
    JsonNode images = toolUsage.path("image_gen");
    long text = Counts.of(images.path("input_tokens_details").path("text_tokens"));
    meters.add(Meter.INPUT, text);
    meters.add(Meter.INPUT_IMAGE, Counts.rest(Counts.of(images.path("input_tokens")), text));
    meters.add(Meter.OUTPUT_IMAGE, Counts.of(images.path("output_tokens")));
    toolsOfXai(meters, usage.path("server_side_tool_usage_details"));
    return meters.build();
  }

  private static void toolsOfXai(Usage.Builder meters, JsonNode calls) {
    meters.add(Meter.WEB_SEARCH, Counts.of(calls.path("web_search_calls")));
    meters.add(Meter.X_SEARCH, Counts.of(calls.path("x_search_calls")));
    meters.add(Meter.CODE_EXECUTION, Counts.of(calls.path("code_interpreter_calls")));
    meters.add(Meter.FILE_SEARCH, Counts.of(calls.path("file_search_calls")));
    meters.add(Meter.FILE_SEARCH, Counts.of(calls.path("document_search_calls")));
  }

  /**
   * Splits OpenAI's inclusive prompt count. Cache writes live 30 minutes and are billed at the
   * plain write rate; the long ones (12 hours) at the long rate.
   */
  private static void openAiInput(Usage.Builder meters, long prompt, long cached, JsonNode in) {
    long audio = Counts.of(in.path("audio_tokens"));
    long image = Counts.of(in.path("image_tokens"));
    long written = Counts.of(in.path("cache_write_tokens"));
    long writtenLong = Counts.of(in.path("cache_write_tokens_details").path("ttl_12h_tokens"));
    meters.set(Meter.INPUT, Counts.rest(prompt, cached, written, audio, image));
    meters.set(Meter.CACHE_READ, cached);
    meters.set(Meter.CACHE_WRITE, Counts.rest(written, writtenLong));
    meters.set(Meter.CACHE_WRITE_1H, writtenLong);
    meters.set(Meter.INPUT_AUDIO, audio);
    meters.set(Meter.INPUT_IMAGE, image);
  }

  /** Reads {@code usage} of a unary Anthropic answer; for streams see {@link AnthropicUsage}. */
  public static Usage anthropic(JsonNode usage) {
    AnthropicUsage merged = new AnthropicUsage();
    merged.merge(usage);
    return merged.toUsage();
  }

  /**
   * Reads {@code usageMetadata} of Gemini; in streams each is cumulative and the last one counts.
   */
  public static Usage gemini(JsonNode usage) {
    Usage.Builder meters = Usage.builder();
    JsonNode in = usage.path("promptTokensDetails");
    JsonNode cachedIn = usage.path("cacheTokensDetails");
    long cached = Counts.of(usage.path("cachedContentTokenCount"));
    long rest = Counts.rest(Counts.of(usage.path("promptTokenCount")), cached);
    long cachedRest = cached;
    for (Modality modality : Modality.values()) {
      long cachedPart = modality.count(cachedIn);
      long part = Math.max(0, modality.count(in) - cachedPart);
      meters.set(modality.input, part).set(modality.cached, cachedPart);
      rest -= part;
      cachedRest -= cachedPart;
    }
    meters.set(Meter.INPUT, Math.max(0, rest) + Counts.of(usage.path("toolUsePromptTokenCount")));
    meters.set(Meter.CACHE_READ, cachedRest);
    long output = Counts.of(usage.path("candidatesTokenCount"));
    for (Modality modality : Modality.values()) {
      long part = modality.count(usage.path("candidatesTokensDetails"));
      meters.set(modality.output, part);
      output -= part;
    }
    meters.set(Meter.OUTPUT, output);
    meters.set(Meter.OUTPUT_REASONING, Counts.of(usage.path("thoughtsTokenCount")));
    // Vertex AI says it as a kind of traffic, the Gemini API as a tier.
    String tier = tier(usage.path("trafficType").asText(""));
    return meters
        .serviceTier(
            tier == null || tier.equals(Usage.STANDARD) && usage.has("serviceTier")
                ? tier(usage.path("serviceTier").asText(""))
                : tier)
        .build();
  }

  /** Reads {@code predictions} of Vertex AI's embedding models: each counts its own text. */
  public static Usage vertexPredict(JsonNode predictions) {
    Usage.Builder meters = Usage.builder();
    for (JsonNode prediction : predictions) {
      JsonNode statistics = prediction.path("embeddings").path("statistics");
      meters.add(Meter.INPUT, Counts.of(statistics.path("token_count")));
    }
    return meters.build();
  }

  /** The modalities of Gemini that have a price of their own. */
  private enum Modality {
    AUDIO(Meter.INPUT_AUDIO, Meter.CACHE_READ_AUDIO, Meter.OUTPUT_AUDIO),
    IMAGE(Meter.INPUT_IMAGE, Meter.CACHE_READ_IMAGE, Meter.OUTPUT_IMAGE),
    VIDEO(Meter.INPUT_VIDEO, Meter.CACHE_READ_VIDEO, Meter.OUTPUT_VIDEO);

    private final Meter input;
    private final Meter cached;
    private final Meter output;

    Modality(Meter input, Meter cached, Meter output) {
      this.input = input;
      this.cached = cached;
      this.output = output;
    }

    long count(JsonNode details) {
      long count = 0;
      for (JsonNode detail : details) {
        if (detail.path("modality").asText().equals(name())) {
          count += Counts.of(detail.path("tokenCount"));
        }
      }
      return count;
    }
  }

  /** Reads {@code usage} of Bedrock Converse, unary or of the {@code metadata} event. */
  public static Usage bedrockConverse(JsonNode usage) {
    long written = Counts.of(usage.path("cacheWriteInputTokens"));
    long hour = 0;
    for (JsonNode detail : usage.path("cacheDetails")) {
      if (detail.path("ttl").asText().equals("1h")) {
        hour += Counts.of(detail.path("inputTokens"));
      }
    }
    written = Math.max(written, hour);
    return Usage.builder()
        .set(Meter.INPUT, Counts.of(usage.path("inputTokens")))
        .set(Meter.CACHE_READ, Counts.of(usage.path("cacheReadInputTokens")))
        .set(Meter.CACHE_WRITE, written - hour)
        .set(Meter.CACHE_WRITE_1H, hour)
        .set(Meter.OUTPUT, Counts.of(usage.path("outputTokens")))
        .build();
  }

  /**
   * Reads {@code usage} of a Cohere v2 answer, or {@code meta} of its embed and rerank answers:
   * what is billed ({@code billed_units}), not what was counted.
   */
  public static Usage cohere(JsonNode usage) {
    JsonNode billed = usage.path("billed_units");
    JsonNode counted = billed.isMissingNode() ? usage.path("tokens") : billed;
    long input = Counts.of(counted.path("input_tokens"));
    long cached = Math.min(input, Counts.of(usage.path("cached_tokens")));
    return Usage.builder()
        .set(Meter.INPUT, input - cached)
        .set(Meter.CACHE_READ, cached)
        .set(Meter.INPUT_IMAGE, Counts.of(billed.path("image_tokens")))
        .set(Meter.OUTPUT, Counts.of(counted.path("output_tokens")))
        .set(Meter.RERANK_QUERY, Counts.of(billed.path("search_units")))
        .build();
  }

  /**
   * Returns the price catalogue's name of a service tier as any provider writes it; null where none
   * is named, or only that the provider may choose.
   */
  public static @Nullable String tier(String reported) {
    return switch (reported.toLowerCase(Locale.ROOT)) {
      case "flex", "on_demand_flex", "service_tier_flex" -> "flex";
      case "priority", "on_demand_priority", "service_tier_priority" -> "priority";
      case "fast" -> "fast";
      case "batch" -> "batch";
      case "scale" -> "scale";
      case "reserved" -> "reserved";
      case "", "null", "auto", "service_tier_unspecified", "traffic_type_unspecified" -> null;
      default -> Usage.STANDARD;
    };
  }
}
