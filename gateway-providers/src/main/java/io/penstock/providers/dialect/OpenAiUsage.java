package io.penstock.providers.dialect;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import io.penstock.providers.translate.Counts;
import io.penstock.providers.translate.UsageReaders;
import org.jspecify.annotations.Nullable;

/** Finds the reader for a usage object of OpenAI's endpoints by its shape. */
final class OpenAiUsage {
  private OpenAiUsage() {}

  /** Reads the usage of chat, completions, embeddings, transcriptions or speech. */
  static Usage read(JsonNode usage, @Nullable String model, @Nullable String tier) {
    return named(byShape(usage, MissingNode.getInstance()), model, tier);
  }

  /** Reads the usage of a Responses object, whose output has those calls. */
  static Usage responses(
      JsonNode usage,
      JsonNode toolUsage,
      HostedCalls calls,
      @Nullable String model,
      @Nullable String tier) {
    Usage read = UsageReaders.openAiResponses(usage, toolUsage);
    return named(calls.in(read, usage, toolUsage), model, tier);
  }

  /** Reads the usage of generated images: what is put out is image unless it says otherwise. */
  static Usage images(JsonNode usage, @Nullable String model) {
    Usage read = byShape(usage, MissingNode.getInstance());
    if (!usage.has("output_tokens_details")) {
      read =
          read.toBuilder()
              .set(Meter.OUTPUT_IMAGE, read.of(Meter.OUTPUT))
              .set(Meter.OUTPUT, 0)
              .build();
    }
    return named(read, model, null);
  }

  private static Usage byShape(JsonNode usage, JsonNode toolUsage) {
    if (usage.path("type").asText().equals("duration")) {
      long seconds = (long) Math.ceil(usage.path("seconds").asDouble());
      return Usage.builder().set(Meter.AUDIO_SECOND, seconds).build();
    }
    if (isOfChat(usage)) {
      return UsageReaders.openAiChat(usage);
    }
    Usage read = UsageReaders.openAiResponses(usage, toolUsage);
    // Transcriptions name the split of the input in the singular.
    long audio = Counts.of(usage.path("input_token_details").path("audio_tokens"));
    return audio == 0
        ? read
        : read.toBuilder()
            .set(Meter.INPUT_AUDIO, audio)
            .set(Meter.INPUT, read.of(Meter.INPUT) - audio)
            .build();
  }

  /** Voyage tells the total alone. */
  private static boolean isOfChat(JsonNode usage) {
    return usage.has("prompt_tokens")
        || usage.has("completion_tokens")
        || !usage.has("input_tokens") && !usage.has("output_tokens");
  }

  private static Usage named(Usage usage, @Nullable String model, @Nullable String tier) {
    return usage.toBuilder()
        .model(model)
        .serviceTier(tier == null ? null : UsageReaders.tier(tier))
        .build();
  }
}
