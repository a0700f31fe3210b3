package io.penstock.providers.translate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import io.penstock.core.price.Meter;
import io.penstock.core.price.Usage;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class UsageReadersTest {
  private static JsonNode json(String text) {
    try {
      return new ObjectMapper().readTree(text);
    } catch (JsonProcessingException e) {
      throw new AssertionError(e);
    }
  }

  private static Usage usage(Map<Meter, Long> meters) {
    Usage.Builder builder = Usage.builder();
    meters.forEach(builder::set);
    return builder.build();
  }

  @Test
  void openAiChat_cachedAudioReasoning_areTakenOutOfTheTotals() {
    Usage usage =
        UsageReaders.openAiChat(
            json(
                """
                {"prompt_tokens":1000,"completion_tokens":300,"total_tokens":1300,
                 "prompt_tokens_details":{"cached_tokens":600,"cache_write_tokens":100,"audio_tokens":50},
                 "completion_tokens_details":{"reasoning_tokens":120,"audio_tokens":30}}\
                """));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 250L,
                    Meter.CACHE_READ, 600L,
                    Meter.CACHE_WRITE, 100L,
                    Meter.INPUT_AUDIO, 50L,
                    Meter.OUTPUT, 150L,
                    Meter.OUTPUT_REASONING, 120L,
                    Meter.OUTPUT_AUDIO, 30L)));
    assertThat(usage.inputTokens() + usage.outputTokens()).isEqualTo(1300);
  }

  @Test
  void openAiChat_xaiReasoningOutside_isAdded() {
    Usage usage =
        UsageReaders.openAiChat(
            json(
                """
                {"prompt_tokens":32,"completion_tokens":9,"total_tokens":236,
                 "completion_tokens_details":{"reasoning_tokens":195}}\
                """));

    assertThat(usage.of(Meter.OUTPUT)).isEqualTo(9);
    assertThat(usage.of(Meter.OUTPUT_REASONING)).isEqualTo(195);
  }

  @Test
  void openAiChat_perplexity_countsReasoningCitationsAndSearches() {
    Usage usage =
        UsageReaders.openAiChat(
            json(
                """
                {"prompt_tokens":20,"completion_tokens":500,"total_tokens":520,"reasoning_tokens":300,
                 "citation_tokens":70,"num_search_queries":4}\
                """));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 20L,
                    Meter.OUTPUT, 500L,
                    Meter.OUTPUT_REASONING, 300L,
                    Meter.CITATION, 70L,
                    Meter.WEB_SEARCH, 4L)));
  }

  @Test
  void openAiChat_deepSeekCacheHits_areCacheReads() {
    Usage usage =
        UsageReaders.openAiChat(
            json(
                """
                {"prompt_tokens":100,"completion_tokens":10,"total_tokens":110,
                 "prompt_cache_hit_tokens":64,"prompt_cache_miss_tokens":36}\
                """));

    assertThat(usage.of(Meter.INPUT)).isEqualTo(36);
    assertThat(usage.of(Meter.CACHE_READ)).isEqualTo(64);
  }

  /** Gemini's OpenAI surface counts thoughts in the total alone. */
  @Test
  void openAiChat_moreInTotalThanInItsParts_isThought() {
    Usage usage =
        UsageReaders.openAiChat(
            json("{\"prompt_tokens\":7,\"completion_tokens\":9,\"total_tokens\":233}"));

    assertThat(usage)
        .isEqualTo(usage(Map.of(Meter.INPUT, 7L, Meter.OUTPUT, 9L, Meter.OUTPUT_REASONING, 217L)));
  }

  @Test
  void openAiChat_moreInTotalBesideCachedInput_isThoughtUnlessItIsThat() {
    String reported =
        "{\"prompt_tokens\":1000,\"completion_tokens\":50,\"total_tokens\":%d,"
            + "\"prompt_tokens_details\":{\"cached_tokens\":600}}";

    assertThat(UsageReaders.openAiChat(json(reported.formatted(1350))).of(Meter.OUTPUT_REASONING))
        .isEqualTo(300);
    assertThat(UsageReaders.openAiChat(json(reported.formatted(1650))).of(Meter.OUTPUT_REASONING))
        .isZero();
  }

  /** Voyage embeds and ranks without saying what is what: nothing is put out. */
  @Test
  void openAiChat_totalAlone_isInput() {
    assertThat(UsageReaders.openAiChat(json("{\"total_tokens\":26}")))
        .isEqualTo(usage(Map.of(Meter.INPUT, 26L)));
  }

  /** Mistral bills sound by the second and counts its tokens in the total. */
  @Test
  void openAiChat_totalWithSound_isNotCountedTwice() {
    Usage usage =
        UsageReaders.openAiChat(
            json(
                """
                {"prompt_tokens":4,"completion_tokens":635,"total_tokens":3264,
                 "prompt_audio_seconds":203}\
                """));

    assertThat(usage)
        .isEqualTo(usage(Map.of(Meter.INPUT, 4L, Meter.OUTPUT, 635L, Meter.AUDIO_SECOND, 203L)));
  }

  @Test
  void openAiResponses_toolsOfXai_areCounted() {
    Usage usage =
        UsageReaders.openAiResponses(
            json(
                """
                {"input_tokens":20,"output_tokens":7,"server_side_tool_usage_details":{
                 "web_search_calls":2,"x_search_calls":3,"code_interpreter_calls":1,
                 "file_search_calls":4,"document_search_calls":5,"mcp_calls":6}}\
                """),
            MissingNode.getInstance());

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 20L,
                    Meter.OUTPUT, 7L,
                    Meter.WEB_SEARCH, 2L,
                    Meter.X_SEARCH, 3L,
                    Meter.CODE_EXECUTION, 1L,
                    Meter.FILE_SEARCH, 9L)));
  }

  @Test
  void openAiResponses_textForAnImage_isText() {
    Usage usage =
        UsageReaders.openAiResponses(
            json("{\"input_tokens\":20,\"output_tokens\":7}"),
            json(
                """
                {"image_gen":{"input_tokens":300,"input_tokens_details":{"text_tokens":100,
                 "image_tokens":200},"output_tokens":4160}}\
                """));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 120L,
                    Meter.INPUT_IMAGE, 200L,
                    Meter.OUTPUT, 7L,
                    Meter.OUTPUT_IMAGE, 4160L)));
  }

  @Test
  void gemini_tier_isWhatTheUsageSays() {
    for (String tier : new String[] {"priority", "PRIORITY", "SERVICE_TIER_PRIORITY"}) {
      assertThat(
              UsageReaders.gemini(json("{\"promptTokenCount\":1,\"serviceTier\":\"" + tier + "\"}"))
                  .serviceTier())
          .isEqualTo("priority");
    }
    assertThat(UsageReaders.gemini(json("{\"serviceTier\":\"standard\"}")).serviceTier())
        .isEqualTo("standard");
    assertThat(UsageReaders.gemini(json("{\"promptTokenCount\":1}")).serviceTier()).isNull();
  }

  @Test
  void counts_belowNothing_areNothing() {
    assertThat(
            UsageReaders.openAiChat(
                json(
                    """
                    {"prompt_tokens":1000,"completion_tokens":20,
                     "prompt_tokens_details":{"cached_tokens":-50},
                     "completion_tokens_details":{"reasoning_tokens":-5}}\
                    """)))
        .isEqualTo(usage(Map.of(Meter.INPUT, 1000L, Meter.OUTPUT, 20L)));
  }

  @Test
  void parts_largerThanTheirWhole_standBesideIt() {
    assertThat(
            UsageReaders.openAiChat(
                json(
                    """
                    {"prompt_tokens":100,"completion_tokens":20,
                     "prompt_tokens_details":{"cached_tokens":500}}\
                    """)))
        .isEqualTo(usage(Map.of(Meter.INPUT, 100L, Meter.CACHE_READ, 500L, Meter.OUTPUT, 20L)));
    assertThat(
            UsageReaders.openAiResponses(
                json(
                    """
                    {"input_tokens":100,"output_tokens":20,
                     "output_tokens_details":{"reasoning_tokens":500}}\
                    """),
                json("{}")))
        .isEqualTo(
            usage(Map.of(Meter.INPUT, 100L, Meter.OUTPUT, 20L, Meter.OUTPUT_REASONING, 500L)));
    assertThat(
            UsageReaders.gemini(
                json(
                    """
                    {"promptTokenCount":100,"cachedContentTokenCount":500,
                     "toolUsePromptTokenCount":50,"candidatesTokenCount":20}\
                    """)))
        .isEqualTo(usage(Map.of(Meter.INPUT, 150L, Meter.CACHE_READ, 500L, Meter.OUTPUT, 20L)));
    assertThat(
            UsageReaders.anthropic(
                json(
                    """
                    {"input_tokens":1,"cache_creation_input_tokens":10,
                     "cache_creation":{"ephemeral_1h_input_tokens":50},"output_tokens":20,
                     "output_tokens_details":{"thinking_tokens":500}}\
                    """)))
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 1L,
                    Meter.CACHE_WRITE_1H, 50L,
                    Meter.OUTPUT, 20L,
                    Meter.OUTPUT_REASONING, 500L)));
  }

  @Test
  void openAiResponses_longCacheWritesAndTools_areApart() {
    Usage usage =
        UsageReaders.openAiResponses(
            json(
                """
                {"input_tokens":500,"output_tokens":90,
                 "input_tokens_details":{"cached_tokens":100,"cache_write_tokens":200,
                   "cache_write_tokens_details":{"ttl_30m_tokens":150,"ttl_12h_tokens":50}},
                 "output_tokens_details":{"reasoning_tokens":40}}\
                """),
            json("{\"web_search\":{\"num_requests\":2}}"));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 200L,
                    Meter.CACHE_READ, 100L,
                    Meter.CACHE_WRITE, 150L,
                    Meter.CACHE_WRITE_1H, 50L,
                    Meter.OUTPUT, 50L,
                    Meter.OUTPUT_REASONING, 40L,
                    Meter.WEB_SEARCH, 2L)));
  }

  @Test
  void anthropic_startAndDelta_lastNonNullOfEachFieldCounts() {
    AnthropicUsage merged = new AnthropicUsage();

    merged.merge(
        json(
            """
            {"input_tokens":25,"cache_creation_input_tokens":300,"cache_read_input_tokens":1000,
             "cache_creation":{"ephemeral_5m_input_tokens":100,"ephemeral_1h_input_tokens":200},
             "output_tokens":1,"service_tier":"standard"}\
            """));
    merged.merge(
        json(
            """
            {"input_tokens":null,"output_tokens":150,"output_tokens_details":{"thinking_tokens":60},
             "server_tool_use":{"web_search_requests":3}}\
            """));

    assertThat(merged.toUsage())
        .isEqualTo(
            usage(
                    Map.of(
                        Meter.INPUT, 25L,
                        Meter.CACHE_READ, 1000L,
                        Meter.CACHE_WRITE, 100L,
                        Meter.CACHE_WRITE_1H, 200L,
                        Meter.OUTPUT, 90L,
                        Meter.OUTPUT_REASONING, 60L,
                        Meter.WEB_SEARCH, 3L))
                .toBuilder()
                .serviceTier("standard")
                .build());
  }

  @Test
  void anthropic_compactionAndTier_areCounted() {
    Usage usage =
        UsageReaders.anthropic(
            json(
                """
                {"input_tokens":10,"output_tokens":5,"service_tier":"priority","inference_geo":"us",
                 "iterations":[{"type":"compaction","input_tokens":1000,"output_tokens":200},
                   {"type":"message","input_tokens":10,"output_tokens":5}]}\
                """));

    assertThat(usage.of(Meter.INPUT)).isEqualTo(1010);
    assertThat(usage.of(Meter.OUTPUT)).isEqualTo(205);
    assertThat(usage.serviceTier()).isEqualTo("priority");
    assertThat(usage.region()).isEqualTo("us");
  }

  @Test
  void gemini_thoughtsToolsCacheModalities_areDisjoint() {
    Usage usage =
        UsageReaders.gemini(
            json(
                """
                {"promptTokenCount":1000,"cachedContentTokenCount":400,"candidatesTokenCount":50,
                 "thoughtsTokenCount":70,"toolUsePromptTokenCount":30,"totalTokenCount":1150,
                 "promptTokensDetails":[{"modality":"TEXT","tokenCount":800},{"modality":"AUDIO","tokenCount":200}],
                 "cacheTokensDetails":[{"modality":"AUDIO","tokenCount":150},{"modality":"TEXT","tokenCount":250}]}\
                """));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 580L,
                    Meter.INPUT_AUDIO, 50L,
                    Meter.CACHE_READ, 250L,
                    Meter.CACHE_READ_AUDIO, 150L,
                    Meter.OUTPUT, 50L,
                    Meter.OUTPUT_REASONING, 70L)));
    assertThat(usage.inputTokens() + usage.outputTokens()).isEqualTo(1150);
  }

  @Test
  void bedrockConverse_cacheIsOutsideInput() {
    Usage usage =
        UsageReaders.bedrockConverse(
            json(
                """
                {"inputTokens":10,"outputTokens":20,"totalTokens":130,"cacheReadInputTokens":60,
                 "cacheWriteInputTokens":40,"cacheDetails":[{"ttl":"1h","inputTokens":30}]}\
                """));

    assertThat(usage)
        .isEqualTo(
            usage(
                Map.of(
                    Meter.INPUT, 10L,
                    Meter.CACHE_READ, 60L,
                    Meter.CACHE_WRITE, 10L,
                    Meter.CACHE_WRITE_1H, 30L,
                    Meter.OUTPUT, 20L)));
  }

  @Test
  void cohere_billedUnits_winOverCountedTokens() {
    Usage usage =
        UsageReaders.cohere(
            json(
                """
                {"billed_units":{"input_tokens":17,"output_tokens":12},
                 "tokens":{"input_tokens":215,"output_tokens":14}}\
                """));

    assertThat(usage).isEqualTo(usage(Map.of(Meter.INPUT, 17L, Meter.OUTPUT, 12L)));
    assertThat(UsageReaders.cohere(json("{\"billed_units\":{\"search_units\":1}}")))
        .isEqualTo(usage(Map.of(Meter.RERANK_QUERY, 1L)));
  }

  @Test
  void everyReader_noUsage_isNone() {
    JsonNode missing = MissingNode.getInstance();

    assertThat(UsageReaders.openAiChat(missing)).isEqualTo(Usage.NONE);
    assertThat(UsageReaders.openAiResponses(missing, missing)).isEqualTo(Usage.NONE);
    assertThat(UsageReaders.anthropic(missing)).isEqualTo(Usage.NONE);
    assertThat(UsageReaders.gemini(missing)).isEqualTo(Usage.NONE);
    assertThat(UsageReaders.bedrockConverse(missing)).isEqualTo(Usage.NONE);
    assertThat(UsageReaders.cohere(missing)).isEqualTo(Usage.NONE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"prompt_tokens\":18446744073709551621}",
        "{\"prompt_tokens\":1e30}",
        "{\"prompt_tokens\":5,\"total_tokens\":9223372036854775807}",
        "{\"prompt_tokens\":1,\"completion_tokens\":9223372036854775807,"
            + "\"reasoning_tokens\":9223372036854775807}",
      })
  void openAiChat_countsBeyondALong_areNotTakenForSmallOnes(String told) {
    assertThat(UsageReaders.openAiChat(json(told)).isPlausible()).isFalse();
  }
}
