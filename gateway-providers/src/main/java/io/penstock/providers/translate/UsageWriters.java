package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;

/** Disjoint meters in the convention of each client dialect: the reverse of the readers. */
final class UsageWriters {
  private UsageWriters() {}

  /** OpenAI chat: cached tokens inside the prompt, reasoning inside the completion. */
  static ObjectNode chat(Usage usage) {
    long in = usage.inputTokens();
    long out = output(usage);
    ObjectNode written = Trees.object();
    written.put("prompt_tokens", in).put("completion_tokens", out).put("total_tokens", in + out);
    written
        .putObject("prompt_tokens_details")
        .put("cached_tokens", cacheRead(usage))
        .put("cache_write_tokens", cacheWrite(usage))
        .put("audio_tokens", usage.of(Meter.INPUT_AUDIO));
    written
        .putObject("completion_tokens_details")
        .put("reasoning_tokens", usage.of(Meter.OUTPUT_REASONING))
        .put("audio_tokens", usage.of(Meter.OUTPUT_AUDIO))
        .put("accepted_prediction_tokens", 0)
        .put("rejected_prediction_tokens", 0);
    return written;
  }

  /** OpenAI Responses: as chat, under other names. */
  static ObjectNode responses(Usage usage) {
    long in = usage.inputTokens();
    long out = output(usage);
    ObjectNode written = Trees.object().put("input_tokens", in);
    written
        .putObject("input_tokens_details")
        .put("cached_tokens", cacheRead(usage))
        .put("cache_write_tokens", cacheWrite(usage));
    written.put("output_tokens", out);
    written
        .putObject("output_tokens_details")
        .put("reasoning_tokens", usage.of(Meter.OUTPUT_REASONING));
    return written.put("total_tokens", in + out);
  }

  /** Anthropic: cached and written tokens outside the input. */
  static ObjectNode anthropic(Usage usage) {
    long read = cacheRead(usage);
    long written = cacheWrite(usage);
    ObjectNode shown =
        Trees.object()
            .put("input_tokens", usage.inputTokens() - read - written)
            .put("cache_creation_input_tokens", written)
            .put("cache_read_input_tokens", read);
    if (written > 0) {
      shown
          .putObject("cache_creation")
          .put("ephemeral_5m_input_tokens", usage.of(Meter.CACHE_WRITE))
          .put("ephemeral_1h_input_tokens", usage.of(Meter.CACHE_WRITE_1H));
    }
    shown.put("output_tokens", output(usage));
    if (usage.of(Meter.OUTPUT_REASONING) > 0) {
      shown
          .putObject("output_tokens_details")
          .put("thinking_tokens", usage.of(Meter.OUTPUT_REASONING));
    }
    if (usage.of(Meter.WEB_SEARCH) > 0) {
      shown.putObject("server_tool_use").put("web_search_requests", usage.of(Meter.WEB_SEARCH));
    }
    return shown;
  }

  /** Gemini: cached tokens inside the prompt, thoughts outside the candidates. */
  static ObjectNode gemini(Usage usage) {
    long in = usage.inputTokens();
    long out = output(usage);
    long thoughts = usage.of(Meter.OUTPUT_REASONING);
    ObjectNode written =
        Trees.object().put("promptTokenCount", in).put("candidatesTokenCount", out - thoughts);
    if (thoughts > 0) {
      written.put("thoughtsTokenCount", thoughts);
    }
    if (cacheRead(usage) > 0) {
      written.put("cachedContentTokenCount", cacheRead(usage));
    }
    if (usage.of(Meter.INPUT_AUDIO) > 0) {
      ArrayNode details = written.putArray("promptTokensDetails");
      details.addObject().put("modality", "AUDIO").put("tokenCount", usage.of(Meter.INPUT_AUDIO));
    }
    return written.put("totalTokenCount", in + out);
  }

  private static long output(Usage usage) {
    return usage.outputTokens() - usage.of(Meter.CITATION);
  }

  private static long cacheRead(Usage usage) {
    return usage.of(Meter.CACHE_READ)
        + usage.of(Meter.CACHE_READ_AUDIO)
        + usage.of(Meter.CACHE_READ_IMAGE)
        + usage.of(Meter.CACHE_READ_VIDEO);
  }

  private static long cacheWrite(Usage usage) {
    return usage.of(Meter.CACHE_WRITE) + usage.of(Meter.CACHE_WRITE_1H);
  }
}
