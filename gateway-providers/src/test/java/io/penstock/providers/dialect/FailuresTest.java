package io.penstock.providers.dialect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.penstock.core.FailureKind;
import io.penstock.providers.Failure;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What providers' errors mean; their bodies are as the providers send them. */
class FailuresTest {
  private static Failure of(int status, String body) {
    ByteBuf bytes = Unpooled.copiedBuffer(body, UTF_8);
    Failure failure = Failures.of(status, name -> null, bytes);
    bytes.release();
    return failure;
  }

  private static String openAi(String message, String type, String code, String param) {
    return "{\"error\":{\"message\":\"%s\",\"type\":\"%s\",\"code\":%s,\"param\":%s}}"
        .formatted(message, type, code, param);
  }

  private static String google(int code, String message, String status, String details) {
    return "{\"error\":{\"code\":%d,\"message\":\"%s\",\"status\":\"%s\",\"details\":[%s]}}"
        .formatted(code, message, status, details);
  }

  /** Every word that says something of the account or the provider, as a client may write it. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "invalid_api_key",
        "api_key_invalid",
        "API key not valid. Please pass a valid API key.",
        "API key expired",
        "Incorrect API key provided",
        "ExpiredTokenException",
        "UnrecognizedClientException",
        "InvalidSignature",
        "SignatureDoesNotMatch",
        "authentication_error",
        "insufficient_quota",
        "Insufficient Balance",
        "insufficient_balance",
        "insufficient credits",
        "billing_hard_limit_reached",
        "billing_not_active",
        "billing_error",
        "Your credit balance is too low",
        "You exceeded your current quota, please check your plan and billing details. For more"
            + " information on this error, read the docs",
        "rainPerDay",
        "used all available credits",
        "spending limit",
        "payment required",
        "list_overloaded_nodes",
        "Overloaded",
        "model is currently loading",
        "capacity exceeded",
        "no_capacity"
      })
  void badRequest_thatQuotesTheClient_isTheClients(String word) {
    String[] bodies = {
      openAi(
          "Invalid value: '" + word + "'. Supported values are: 'json_object' and 'text'.",
          "invalid_request_error",
          "\"invalid_value\"",
          "\"response_format.type\""),
      openAi(
          "Invalid schema for function '" + word + "': schema must be a JSON Schema.",
          "invalid_request_error",
          "\"invalid_function_parameters\"",
          "\"tools[0].function.parameters\""),
      openAi("Unknown parameter: '" + word + "'.", "invalid_request_error", "null", "null"),
      // What begins with the client's words is told apart by what the provider says of the case.
      openAi(word, "invalid_request_error", "\"invalid_value\"", "null"),
      openAi(word, "invalid_request_error", "null", "\"messages[0].content\""),
      openAi(word, "BadRequestError", "400", "null"),
      "{\"object\":\"error\",\"message\":\""
          + word
          + "\",\"type\":\"BadRequestError\",\"code\":400}",
      "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":\""
          + word
          + ": Extra inputs are not permitted\"}}",
      "{\"type\":\"error\",\"error\":{\"type\":\"invalid_request_error\",\"message\":"
          + "\"tools.0.custom.name: '"
          + word
          + "' is not allowed\"}}",
      "{\"detail\":[{\"type\":\"literal_error\",\"loc\":[\"body\",\"x\"],\"msg\":\"Input should be"
          + " 'text'\",\"input\":\""
          + word
          + "\"}]}",
      google(
          400,
          "Invalid value at 'tools[0]' (type.googleapis.com/Type), \\\"" + word + "\\\"",
          "INVALID_ARGUMENT",
          "{\"@type\":\"type.googleapis.com/google.rpc.BadRequest\",\"fieldViolations\":[{\"field\":\"tools[0]\",\"description\":\"Invalid"
              + " value "
              + word
              + "\"}]}"),
      "{\"message\":\"1 validation error: Value '" + word + "' at 'x' failed\"}",
      "{\"error\":\"invalid format: '" + word + "'\"}",
      "Bad format: " + word
    };
    for (String body : bodies) {
      for (int status : new int[] {400, 404, 422}) {
        assertThat(of(status, body).kind())
            .as(status + " " + body)
            .isEqualTo(FailureKind.BAD_REQUEST);
      }
      assertThat(of(413, body).kind()).as("413 " + body).isEqualTo(FailureKind.BAD_REQUEST);
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        // OpenAI
        "400|{'error':{'code':'billing_hard_limit_reached','message':'Billing hard limit has been"
            + " reached','param':null,'type':'invalid_request_error'}}|QUOTA",
        "400|{'error':{'message':'x','type':'invalid_request_error','param':null,'code':'invalid_api_key'}}|CREDENTIALS",
        "429|{'error':{'message':'You exceeded your current quota, please check your plan and"
            + " billing details. For more information on this error, read the docs:"
            + " https://platform.openai.com/docs/guides/error-codes/api-errors.','type':'insufficient_quota','param':null,'code':'insufficient_quota'}}|QUOTA",
        "429|{'error':{'message':'Your account is not active, please check your billing details on"
            + " our website.','type':'billing_not_active','param':null,'code':'billing_not_active'}}|QUOTA",
        "429|{'error':{'message':'Rate limit reached for insufficient_quota in organization org-x"
            + " on requests per day"
            + " (RPD)','type':'requests','param':null,'code':'rate_limit_exceeded'}}|RATE_LIMITED",
        // Anthropic
        "400|{'type':'error','error':{'type':'invalid_request_error','message':'Your credit balance"
            + " is too low to access the Anthropic API. Please go to Plans & Billing to upgrade or"
            + " purchase credits.'},'request_id':'req_1'}|QUOTA",
        "400|{'error':{'code':'invalid_request_error','message':'Your credit balance is too low to"
            + " access the Anthropic API. Please go to Plans & Billing to upgrade or purchase"
            + " credits.','type':'invalid_request_error','param':null}}|QUOTA",
        "401|{'type':'error','error':{'type':'authentication_error','message':'invalid"
            + " x-api-key'}}|CREDENTIALS",
        "403|{'type':'error','error':{'type':'permission_error','message':'Your API key does not"
            + " have permission to use the specified resource.'}}|CREDENTIALS",
        "400|{'type':'error','error':{'type':'overloaded_error','message':'Overloaded'}}|OVERLOADED",
        // Google
        "400|{'error':{'code':400,'message':'API key not valid. Please pass a valid API"
            + " key.','status':'INVALID_ARGUMENT','details':[{'@type':'type.googleapis.com/google.rpc.ErrorInfo','reason':'API_KEY_INVALID','domain':'googleapis.com'}]}}|CREDENTIALS",
        "400|{'error':{'code':400,'message':'API Key not found. Please pass a valid API"
            + " key.','status':'INVALID_ARGUMENT'}}|CREDENTIALS",
        "400|{'error':{'code':400,'message':'API key expired. Please renew the API"
            + " key.','status':'INVALID_ARGUMENT'}}|CREDENTIALS",
        "403|{'error':{'code':403,'message':'The caller does not have"
            + " permission','status':'PERMISSION_DENIED'}}|CREDENTIALS",
        "429|{'error':{'code':429,'message':'You exceeded your current quota, please check your"
            + " plan and billing details. For more information on this error, head to:"
            + " https://ai.google.dev/gemini-api/docs/rate-limits.','status':'RESOURCE_EXHAUSTED','details':[{'@type':'type.googleapis.com/google.rpc.QuotaFailure','violations':[{'quotaId':'GenerateRequestsPerDayPerProjectPerModel-FreeTier'}]}]}}|QUOTA",
        "429|{'error':{'code':429,'message':'You exceeded your current quota, please check your"
            + " plan and billing details. For more information on this error, head to:"
            + " https://ai.google.dev/gemini-api/docs/rate-limits.','status':'RESOURCE_EXHAUSTED'}}|QUOTA",
        "429|{'error':{'code':429,'message':'Resource exhausted. Please try again later."
            + " rainPerDay','status':'RESOURCE_EXHAUSTED'}}|RATE_LIMITED",
        // xAI
        "400|{'code':'Client specified an invalid argument','error':'Incorrect API key provided:"
            + " ba***na. You can obtain an API key from https://console.x.ai.'}|CREDENTIALS",
        "400|{'code':'invalid-argument','error':'Incorrect API key provided. You can obtain an API"
            + " key from https://console.x.ai.'}|CREDENTIALS",
        "429|{'code':'Some resource has been exhausted','error':'Your team 16f2151a-40f4 has either"
            + " used all available credits or reached its monthly spending limit. To continue"
            + " making API requests, please purchase more credits or raise your spending"
            + " limit.'}|QUOTA",
        "403|{'code':'The caller does not have permission to execute the specified"
            + " operation','error':'Your team 16f2151a-40f4 has either used all available credits"
            + " or reached its monthly spending limit.'}|QUOTA",
        // DeepSeek, Z.ai, Moonshot, Mistral, Groq, TGI
        "402|{'error':{'message':'Insufficient"
            + " Balance','type':'unknown_error','param':null,'code':'invalid_request_error'}}|QUOTA",
        "429|{'error':{'code':'1113','message':'Insufficient balance or no resource package. Please"
            + " recharge.'}}|QUOTA",
        "429|{'error':{'message':'Your account org-x is suspended due to insufficient balance,"
            + " please recharge your account','type':'exceeded_current_quota_error'}}|QUOTA",
        "429|{'error':{'message':'The engine is currently overloaded, please try again"
            + " later','type':'engine_overloaded_error'}}|OVERLOADED",
        "429|{'object':'error','message':'Service tier capacity exceeded for this"
            + " model.','type':'invalid_request_error','param':null,'code':null}|OVERLOADED",
        "429|{'error':{'message':'That model is currently overloaded with other"
            + " requests.','type':'server_error','param':null,'code':null}}|OVERLOADED",
        "429|{'error':'Model is overloaded','error_type':'overloaded'}|OVERLOADED",
        "413|{'error':{'message':'Request too large for model `x` on tokens per minute"
            + " (TPM)','type':'tokens','code':'rate_limit_exceeded'}}|RATE_LIMITED",
        "413|{'error':{'message':'Bad name:"
            + " rate_limit','type':'invalid_request_error','code':'x'}}|BAD_REQUEST",
        "400|{'error':{'message':'Insufficient"
            + " Balance','type':'invalid_request_error','param':null,'code':null}}|BAD_REQUEST",
        "400|{'error':'Insufficient balance, please recharge'}|QUOTA",
        "498|{'error':{'message':'Flex tier capacity exceeded','type':'x','code':null}}|OVERLOADED",
        // Azure
        "400|{'error':{'message':'The response was"
            + " filtered','type':null,'param':'prompt','code':'content_filter','status':400,'innererror':{'code':'ResponsibleAIPolicyViolation'}}}|CONTENT_POLICY",
        "400|{'error':{'message':'x','code':'BadRequest','innererror':{'code':'ResponsibleAIPolicyViolation'}}}|CONTENT_POLICY"
      })
  void error_asProvidersSendIt_isKnown(int status, String body, FailureKind kind) {
    assertThat(of(status, body.replace('\'', '"')).kind()).isEqualTo(kind);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ExpiredTokenException", "UnrecognizedClientException:http://aws/x"})
  void amazonsType_ofABadRequest_isACode(String type) {
    ByteBuf bytes = Unpooled.copiedBuffer("{\"message\":\"The security token\"}", UTF_8);
    Failure failure = Failures.of(400, Map.of("x-amzn-errortype", type)::get, bytes);
    bytes.release();
    assertThat(failure.kind()).isEqualTo(FailureKind.CREDENTIALS);
  }

  /** Google says that a file is another's, or older than 48 hours, as if the key were bad. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "You do not have permission to access the File abc123 or it may not exist.",
        "CachedContent not found (or permission denied)",
        "svc@gcp-sa-aiplatform.iam.gserviceaccount.com does not have storage.objects.get access to"
            + " the Google Cloud Storage object."
      })
  void forbiddenFile_isTheClients_inTheProvidersWords(String message) {
    Failure failure = of(403, google(403, message, "PERMISSION_DENIED", ""));

    assertThat(failure.kind()).isEqualTo(FailureKind.FORBIDDEN);
    assertThat(failure.status()).isEqualTo(403);
    assertThat(failure.message()).isEqualTo(message);
  }

  @Test
  void forbiddenFile_ofAKeyThatIsBlocked_isTheKeys() {
    String reason =
        "{\"@type\":\"type.googleapis.com/google.rpc.ErrorInfo\",\"reason\":\"API_KEY_INVALID\"}";
    String message = "You do not have permission to access the File abc123 or it may not exist.";

    assertThat(of(403, google(403, message, "PERMISSION_DENIED", reason)).kind())
        .isEqualTo(FailureKind.CREDENTIALS);
  }

  /** Quota ids tell a limit of the day from one of the minute; the message is the same. */
  @Test
  void quotaOfAMinute_isARate() {
    String violations =
        "{\"@type\":\"type.googleapis.com/google.rpc.QuotaFailure\",\"violations\":[{\"quotaId\":"
            + "\"GenerateContentInputTokensPerModelPerMinute-FreeTier\"}]}";
    String message =
        "You exceeded your current quota, please check your plan and billing details. For more"
            + " information on this error, head to: https://ai.google.dev/gemini-api/docs.";

    assertThat(of(429, google(429, message, "RESOURCE_EXHAUSTED", violations)).kind())
        .isEqualTo(FailureKind.RATE_LIMITED);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'error':{'message':'Invalid value:"
            + " invalid_api_key','type':'invalid_request_error'}}|BAD_REQUEST",
        "{'error':{'message':'no permission for"
            + " Overloaded','type':'invalid_request_error'}}|BAD_REQUEST",
        "{'error':{'message':'Overloaded','type':'overloaded_error'}}|OVERLOADED",
        "{'error':{'message':'overloaded'}}|OVERLOADED",
        "{'error':{'message':'x','type':'permission_error'}}|CREDENTIALS",
        "{'error':{'message':'x','type':'authentication_error'}}|CREDENTIALS",
        "{'error':{'message':'x','status':'UNAVAILABLE'}}|OVERLOADED",
        "{'error':{'message':'Service temporarily unavailable'}}|OVERLOADED",
        "{'error':{'message':'Too Many Requests'}}|RATE_LIMITED",
        "{'error':{'message':'the tool permission_check broke'}}|SERVER_ERROR",
        "{'error':{'message':'boom','type':'server_error'}}|SERVER_ERROR"
      })
  void errorInsideAStream_isKnownByItsType(String body, FailureKind kind) {
    ByteBuf bytes = Unpooled.copiedBuffer(body.replace('\'', '"'), UTF_8);
    Failure failure = Failures.inside(JsonTrees.read(bytes));
    bytes.release();
    assertThat(failure.kind()).isEqualTo(kind);
  }

  @Test
  void refusedKey_beforeATypeOfAnyBadRequest_isTheGateways() {
    String key = "Incorrect API key provided: corp-gat****9f2c";
    assertThat(of(400, openAi(key, "invalid_request_error", "null", "null")).kind())
        .isEqualTo(FailureKind.CREDENTIALS);
    assertThat(of(400, openAi(key, "invalid_request_error", "null", "\"tools\"")).kind())
        .isEqualTo(FailureKind.BAD_REQUEST);
  }

  @Test
  void usedUpQuota_ofViolationsWithoutIds_isToldByItsSentence() {
    String spent =
        "You exceeded your current quota, please check your plan and billing details. For more"
            + " information on this error, head to the docs.";
    assertThat(
            of(
                    429,
                    google(
                        429, spent, "RESOURCE_EXHAUSTED", "{\"violations\":[{\"subject\":\"x\"}]}"))
                .kind())
        .isEqualTo(FailureKind.QUOTA);
  }
}
