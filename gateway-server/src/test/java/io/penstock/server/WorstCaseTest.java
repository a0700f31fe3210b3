package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.FakeProvider;
import io.penstock.testkit.LeakCheck;
import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Base64;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What each endpoint may cost at most: every call is refused by a budget of next to nothing, which
 * says what it would have held. At least what the provider may bill, and not absurdly more.
 */
@ExtendWith(LeakCheck.class)
class WorstCaseTest {
  private static final Pattern WORST = Pattern.compile("this call may cost ([0-9.]+) USD");

  private static final FakeProvider PROVIDER = FakeProvider.start();

  @RegisterExtension
  static final GatewayExtension gateway = GatewayExtension.of(WorstCaseTest::yaml, PROVIDER);

  private static String yaml(Path directory) {
    String more =
        """

          g: { dialect: gemini, base_url: "%1$s", keys: [k], catalogue: gemini }
          p: { dialect: openai, base_url: "%1$s", keys: [k], catalogue: perplexity }
          a: { dialect: anthropic, base_url: "%1$s", keys: [k], catalogue: anthropic }
          d: { dialect: openai, base_url: "%1$s", keys: [k], catalogue: deepseek }
          c: { dialect: cohere, base_url: "%1$s", keys: [k], catalogue: cohere }
        models:
          opus: a/claude-opus-4-6
          here: { targets: [{ model: a/claude-opus-4-6, set: { inference_geo: us } }] }
          sonnet: a/claude-sonnet-4-5
          searcher: fake/gpt-4o-search-preview
          gpt-audio: fake/gpt-audio
          gpt-image-1: fake/gpt-image-1
          gpt-4o-mini-tts: fake/gpt-4o-mini-tts
          gpt-4o-transcribe: fake/gpt-4o-transcribe
          gpt-5-mini: fake/gpt-5-mini
          flash: g/gemini-2.5-flash
          rerank: c/rerank-v3.5
          legacy: d/deepseek-chat
          configured: { strategy: priority, targets: [{ model: g/gemini-2.5-flash, default: { generationConfig: { maxOutputTokens: 1000 } } }] }
          deep: p/sonar-deep-research
          capped: { strategy: priority, targets: [{ model: fake/gpt-4o-mini, set: { max_tokens: 8000, n: 2 } }] }
          added: { strategy: priority, targets: [{ model: fake/gpt-4o-mini, default: { max_tokens: 4000 } }] }
          searching: { strategy: priority, targets: [{ model: fake/gpt-5-mini, set: { tools: [{ type: web_search }] } }] }
          found: { strategy: priority, targets: [{ model: fake/gpt-5-mini, default: { tools: [{ type: web_search, max_uses: 9 }] } }] }
          long: { strategy: priority, targets: [{ model: fake/gpt-4o-mini, set: { instructions: "%2$s" } }] }
          roomy: { strategy: priority, targets: [{ model: g/gemini-2.5-flash, set: { generationConfig: { maxOutputTokens: 1000, candidateCount: 3 } } }] }
          asking: { strategy: priority, targets: [{ model: fake/gpt-4o-mini, set: { messages: [{ role: user, content: hi }] } }] }
          hurried: { strategy: priority, targets: [{ model: fake/gpt-5-mini, set: { service_tier: priority } }] }
        """
            .formatted(PROVIDER.url(), "be kind, ".repeat(1_000));
    String budgets = "budgets: [{ name: nothing, limit: 0.000000001 USD }]\nclamp: off";
    return RunningGateway.yaml(directory, PROVIDER, budgets).replace("\nmodels:\n", more);
  }

  private static double worst(HttpResponse<String> refused) {
    assertThat(refused.statusCode()).as(refused.body()).isEqualTo(402);
    Matcher said = WORST.matcher(refused.body());
    assertThat(said.find()).as(refused.body()).isTrue();
    assertThat(PROVIDER.requests()).isEmpty();
    return Double.parseDouble(said.group(1));
  }

  private static double worst(String path, String body) {
    return worst(gateway.post(path, body.replace('\'', '"')));
  }

  private static final String SAYING = "'messages':[{'role':'user','content':'hi'}]";

  // Rates in USD per million: gpt-4o-mini 0.15 and 0.60, gpt-audio speaks for 64, gpt-image-1 draws
  // for 40, a search of gpt-5-mini costs 0.01 and one of Cohere 0.002.
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "/v1/chat/completions | {'model':'gpt-4o-mini','max_tokens':1000,'n':4,SAYING}            "
            + " | 0.0024 | 0.0025",
        "/v1/completions      | {'model':'gpt-4o-mini','max_tokens':1000,'n':2,'prompt':['a','b']}"
            + " | 0.0024 | 0.0025",
        "/v1/completions      |"
            + " {'model':'gpt-4o-mini','max_tokens':1000,'best_of':2,'prompt':[1,2]} | 0.0012 |"
            + " 0.0013",
        "/v1/chat/completions |"
            + " {'model':'gpt-audio','max_tokens':1000,'modalities':['text','audio'],SAYING} |"
            + " 0.064 | 0.08",
        "/v1/responses        |"
            + " {'model':'gpt-5-mini','max_output_tokens':100,'input':'hi','tools':[{'type':'web_search'}]}"
            + " | 0.03 | 0.15",
        "/v1/chat/completions | {'model':'deep','max_tokens':100,SAYING} | 0.165 | 0.2",
        "/v1/chat/completions | {'model':'capped','max_tokens':16,SAYING} | 0.0096 | 0.0097",
        "/v1/completions      | {'model':'added','prompt':'a'} | 0.0024 | 0.0025",
        "/v1/chat/completions | {'model':'added','max_tokens':16,SAYING} | 0.0024 | 0.0025",
        "/v1/responses | {'model':'searching','max_output_tokens':100,'input':'hi'} | 0.03 | 0.15",
        "/v1/responses | {'model':'found','max_output_tokens':100,'input':'hi'} | 0.09 | 0.45",
        "/v1/responses | {'model':'long','max_output_tokens':16,'input':'hi'} | 0.00135 | 0.0015",
        "/v1beta/models/roomy:generateContent |"
            + " {'generationConfig':{'maxOutputTokens':10},'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.0075 | 0.0085",
        "/v1/chat/completions | {'model':'hurried','max_tokens':1000,SAYING} | 0.0036 | 0.0037",
        "/v1/images/generations | {'model':'gpt-image-1','prompt':'a cat','n':3}                  "
            + " | 0.7488 | 0.8",
        "/v1/audio/speech     | {'model':'gpt-4o-mini-tts','voice':'alloy','input':'How many are"
            + " there of them?'} | 0.0005 | 0.02",
        "/v1/embeddings       | {'model':'text-embedding-3-small','input':'hi'}                   "
            + " | 0.00000002 | 0.00001",
        "/v1/messages | {'model':'opus','max_tokens':10000,SAYING} | 0.25 | 0.253",
        "/v1/messages | {'model':'opus','max_tokens':10000,'inference_geo':'us',SAYING} | 0.275 |"
            + " 0.278",
        "/v1/messages | {'model':'here','max_tokens':10000,SAYING} | 0.275 | 0.278",
        "/v1/messages |"
            + " {'model':'sonnet','max_tokens':1,'tools':[{'name':'a','input_schema':{'type':'object'}}],SAYING}"
            + " | 0.002 | 0.02",
        "/v1/chat/completions | {'model':'searcher','max_tokens':10,SAYING} | 0.05 | 0.052",
        "/v1beta/models/flash:generateContent |"
            + " {'generation_config':{'max_output_tokens':1000,'candidate_count':3},'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.0075 | 0.0085",
        // Priority is 1.8 times the standard price.
        "/v1beta/models/flash:generateContent |"
            + " {'serviceTier':'PRIORITY','generationConfig':{'maxOutputTokens':1000},'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.0045 | 0.005",
        "/v1beta/models/flash:generateContent |"
            + " {'service_tier':'SERVICE_TIER_PRIORITY','generationConfig':{'maxOutputTokens':1000},'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.0045 | 0.005",
        "/v1/completions | {'model':'gpt-4o-mini','prompt':'a'} | 0.0000096 | 0.00003",
        "/v1/completions | {'model':'legacy','prompt':'a'} | 0.2 | 0.5",
        "/v1/chat/completions | {'model':'gpt-4o-mini','max_output_tokens':3,SAYING}"
            + " | 0.0098 | 0.0099",
        "/v1/chat/completions | {'model':'gpt-4o-mini','max_tokens':null,'n':null,SAYING}"
            + " | 0.0098 | 0.0099",
        "/v1/chat/completions | {'model':'asking','max_tokens':1000} | 0.0006 | 0.00065",
        // Of a configuration that the route adds nothing is sent beside the client's own.
        "/v1beta/models/configured:generateContent |"
            + " {'generationConfig':{'topK':1},'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.16 | 0.17",
        "/v1beta/models/configured:generateContent | {'contents':[{'parts':[{'text':'hi'}]}]}"
            + " | 0.0025 | 0.0027",
      })
  void endpoint_holdsWhatItMayCost(String path, String body, double least, double most) {
    assertThat(worst(path, body.replace("SAYING", SAYING))).isBetween(least, most);
  }

  @ParameterizedTest
  @ValueSource(strings = {"8", "'8'", "8.0", "8e0", "'8.0'", "0.8e1"})
  void answersOfGemini_howeverTheyAreWritten_areHeld(String eight) {
    String body =
        "{'generationConfig':{'maxOutputTokens':'1e3','candidateCount':"
            + eight
            + "},"
            + "'contents':[{'parts':[{'text':'hi'}]}]}";
    assertThat(worst("/v1beta/models/flash:generateContent", body)).isBetween(0.02, 0.0202);
  }

  @Test
  void document_ofManySmallPages_isHeldAsTheirImages() {
    byte[] pdf = ("%PDF-1.4\n" + "page ".repeat(6_000)).getBytes(StandardCharsets.US_ASCII);
    String part =
        "{'type':'document','source':{'type':'base64','media_type':'application/pdf','data':'%s'}}"
            .formatted(Base64.getEncoder().encodeToString(pdf));
    // A hundred pages of 1,568 tokens as images at 3 USD, at most a context as a cache write at 6.
    assertThat(
            worst(
                "/v1/messages",
                "{'model':'sonnet','max_tokens':1,'messages':[{'role':'user','content':["
                    + part
                    + "]}]}"))
        .isBetween(0.47, 1.21);
  }

  @Test
  void rerank_ofManyDocuments_isSeveralSearches() {
    String documents = "'d'" + ",'d'".repeat(999);
    assertThat(
            worst(
                "/v1/rerank",
                "{'model':'rerank','query':'Where?','documents':[" + documents + "]}"))
        .isBetween(0.02, 0.03);
  }

  @Test
  void transcription_aMinuteOfSound_isNotHeldAsAMegabyteOfText() {
    String boundary = "b0undary";
    StringBuilder form = new StringBuilder();
    form.append("--").append(boundary).append("\r\nContent-Disposition: form-data; name=\"model\"");
    form.append("\r\n\r\ngpt-4o-transcribe\r\n--").append(boundary);
    form.append("\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.mp3\"");
    form.append("\r\nContent-Type: audio/mpeg\r\n\r\n").append("x".repeat(60_000));
    form.append("\r\n--").append(boundary).append("--\r\n");

    double worst =
        worst(
            RunningGateway.send(
                HttpRequest.newBuilder(URI.create(gateway.url() + "/v1/audio/transcriptions"))
                    .header("content-type", "multipart/form-data; boundary=" + boundary)
                    .header("authorization", "Bearer " + RunningGateway.KEY)
                    .POST(HttpRequest.BodyPublishers.ofString(form.toString()))
                    .build()));

    // 60 s at 10 to 17 tokens each for 6 USD per million, and 2,000 tokens of text for 10.
    assertThat(worst).isBetween(60 * 17 * 6e-6 + 2_000 * 10e-6, 0.035);
  }

  @ParameterizedTest
  @CsvSource({
    "4294967296, 4294967296",
    "1000000000, 1000000000",
    "99999999999999999999, 1e30",
    "100, 999999999999999999"
  })
  void absurdAnswers_areHeldAsNobodysMoney_notAsAFew(String cap, String answers) {
    String body = "{'model':'gpt-4o-mini','max_tokens':" + cap + ",'n':" + answers + ",";
    assertThat(worst("/v1/chat/completions", body + SAYING + "}")).isGreaterThan(50_000);
  }

  /** 128,000 tokens for 0.6 and 2.5 USD per million: not all money there is, and not a few. */
  @Test
  void absurdCap_isHeldAsTheMostThatModelsGive() {
    String chat = "{'model':'gpt-4o-mini','max_tokens':999999999999999999," + SAYING + "}";
    assertThat(worst("/v1/chat/completions", chat)).isBetween(0.0768, 0.0769);
    String generate =
        "{'generationConfig':{'maxOutputTokens':18446744073709551617},"
            + "'contents':[{'parts':[{'text':'hi'}]}]}";
    assertThat(worst("/v1beta/models/flash:generateContent", generate)).isBetween(0.32, 0.321);
  }
}
