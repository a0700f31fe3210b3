package io.penstock.server.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.server.config.load.LoadResult;
import io.penstock.server.config.load.Problem;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Providers that cannot work, and keys as those write them who begin. */
final class ProviderProblemsTest {
  @TempDir private Path directory;

  private LoadResult load(String provider, Map<String, String> environment) {
    String yaml = "providers:\n  p: { " + provider + " }\nmodels: { m: p/m }\n";
    return Loads.load(Loads.write(directory, "penstock.yaml", yaml), environment);
  }

  private List<String> errors(String provider) {
    return Loads.lines(Loads.problems(load(provider, Map.of())));
  }

  /** Without those of a configuration that nobody may use. */
  private List<String> warnings(String provider) {
    return warnings(Loads.loaded(load(provider, Map.of())));
  }

  private static List<String> warnings(LoadResult.Loaded loaded) {
    List<Problem> all = loaded.warnings();
    return Loads.lines(
        all.stream().filter(warning -> warning.path().startsWith("providers")).toList());
  }

  private boolean isUsable(String provider) {
    return Loads.at(Loads.loaded(load(provider, Map.of())).config().providers(), "p").isUsable();
  }

  @Test
  void vertex_withoutProject_isRefusedWithItsPlace() {
    assertThat(errors("dialect: vertex"))
        .containsExactly(
            "penstock.yaml:2:6: providers.p.project: (none) (expected: the Google Cloud project"
                + " that calls are made in)");
  }

  @Test
  void vertex_withAnEmptyProject_isSkippedWithAWarning() {
    String provider = "dialect: vertex, project: \"${GOOGLE_CLOUD_PROJECT:-}\"";
    assertThat(warnings(provider))
        .containsExactly(
            "penstock.yaml:2:34: providers.p.project: no value in ${GOOGLE_CLOUD_PROJECT:-}"
                + " (expected: the Google Cloud project that calls are made in; targets of p are"
                + " skipped)");
    assertThat(isUsable(provider)).isFalse();
  }

  @Test
  void azure_tenantWithAnEmptySecret_isSkipped_andNotAManagedIdentity() {
    String provider =
        "dialect: azure, base_url: https://r.openai.azure.com, credentials: { tenant: t,"
            + " client_id: c, client_secret: \"${AZURE_CLIENT_SECRET:-}\" }";
    assertThat(warnings(provider))
        .containsExactly(
            "penstock.yaml:2:117: providers.p.credentials.client_secret: no value in"
                + " ${AZURE_CLIENT_SECRET:-} (expected: client_secret or token_file beside tenant;"
                + " targets of p are skipped)");
    assertThat(isUsable(provider)).isFalse();
  }

  @Test
  void azure_tenantAlone_isRefused_aManagedIdentityHasNone() {
    assertThat(
            errors(
                "dialect: azure, base_url: https://r.openai.azure.com, credentials: { tenant: t,"
                    + " client_id: c }"))
        .containsExactly(
            "penstock.yaml:2:85: providers.p.credentials.tenant: t (expected: client_secret or"
                + " token_file beside it; a managed identity has client_id alone)");
  }

  @Test
  void azure_secretOfTenant_besideAKey_isNotNeeded() {
    assertThat(
            warnings(
                "dialect: azure, base_url: https://r.openai.azure.com, keys: [k], credentials: {"
                    + " tenant: t, client_id: c, client_secret: \"\" }"))
        .isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "dialect: azure, base_url: https://r.openai.azure.com, credentials: { client_secret: s,"
            + " client_id: c } | providers.p.credentials.tenant: (none) (expected: one beside"
            + " client_secret)",
        "dialect: azure, base_url: https://r.openai.azure.com, credentials: { client_secret: s,"
            + " tenant: c } | providers.p.credentials.client_id: (none) (expected: one beside"
            + " tenant)",
        "dialect: bedrock, region: r, credentials: { access_key_id: s } |"
            + " providers.p.credentials.secret_access_key: (none) (expected: one beside"
            + " access_key_id)",
        "dialect: vertex, project: r, credentials: { service_account: /etc/sa.json } |"
            + " providers.p.credentials.service_account: **** (expected: file:PATH where it is a"
            + " file, else JSON with client_email and an RSA private_key)",
        "dialect: vertex, project: r, credentials: { service_account: '{}' } |"
            + " providers.p.credentials.service_account: **** (expected: JSON with client_email and"
            + " an RSA private_key)"
      })
  void credentials_thatCannotBeUsed_areToldWithTheirPlace(String provider, String expected) {
    assertThat(errors(provider))
        .singleElement()
        .asString()
        .startsWith("penstock.yaml:2:")
        .endsWith(expected);
  }

  @Test
  void key_variableInBracketsWithoutQuotes_isToldOfQuotes() {
    assertThat(
            errors("dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [${OPENAI_API_KEY}]"))
        .singleElement()
        .asString()
        .contains("quotes around it, as in [\"${NAME}\"]");
  }

  @ParameterizedTest
  @CsvSource({
    "$OPENAI_API_KEY, $OPENAI_API_KEY, OPENAI_API_KEY",
    "os.environ/OPENAI_API_KEY, os.environ/OPENAI_API_KEY, OPENAI_API_KEY",
    "{{ OPENAI_API_KEY }}, {{ OPENAI_API_KEY }}, OPENAI_API_KEY",
    "'$(OPENAI_API_KEY)', $(OPENAI_API_KEY), OPENAI_API_KEY"
  })
  void key_placeholderOfOtherTools_isRefusedWithTheRightSpelling(
      String key, String shown, String name) {
    assertThat(
            errors("dialect: openai, base_url: http://127.0.0.1:1/v1, keys: ['%s']".formatted(key)))
        .containsExactly(
            "penstock.yaml:2:65: providers.p.keys[0].secret: %s (expected: \"${%s}\")"
                .formatted(shown, name));
  }

  @Test
  void key_thatLooksLikeOne_inAVariable_isAKey() {
    LoadResult read =
        load(
            "dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [\"${K}\"]",
            Map.of("K", "$ABC_123"));
    assertThat(Loads.at(Loads.loaded(read).config().providers(), "p").liveKeys()).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {"$ecret-1", "$Ab3cdE", "os.environ", "sk-{{x}}"})
  void key_thatOnlyResemblesOne_isAKey(String key) {
    assertThat(
            warnings(
                "dialect: openai, base_url: http://127.0.0.1:1/v1, keys: ['%s']".formatted(key)))
        .isEmpty();
  }

  @Test
  void keys_asOneText_areAListOfOne_whetherSetOrNot() {
    String provider = "dialect: openai, base_url: http://127.0.0.1:1/v1, keys: \"${K:-}\"";
    assertThat(warnings(provider))
        .containsExactly(
            "penstock.yaml:2:64: providers.p.keys[0].secret: no value in ${K:-} (expected: an API"
                + " key; targets of p are skipped)");
    ProviderConfig set =
        Loads.at(Loads.loaded(load(provider, Map.of("K", "sk-1"))).config().providers(), "p");
    assertThat(set.liveKeys()).hasSize(1);
    assertThat(set.keys().getFirst().secret().reveal()).isEqualTo("sk-1");
  }

  @Test
  void key_whoseFileIsMissing_isToldByName() {
    assertThat(
            warnings(
                "dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [\"file:/nope/key\"]"))
        .containsExactly(
            "penstock.yaml:2:65: providers.p.keys[0].secret: no value in file:/nope/key (expected:"
                + " a readable file (no such file); targets of p are skipped)");
  }

  @Test
  void key_whoseVariableIsNotSet_isToldByName() {
    assertThat(
            warnings("dialect: openai, base_url: http://127.0.0.1:1/v1, keys: [\"${K}\", \"k\"]"))
        .containsExactly(
            "penstock.yaml:2:65: providers.p.keys[0].secret: no value in ${K} (expected: the"
                + " environment variable K, or ${K:-default}; this key is skipped)");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dialect: anthropic",
        "dialect: gemini, keys: []",
        "dialect: openai, base_url: https://api.openai.com/v1",
        "dialect: azure, base_url: https://r.openai.azure.com"
      })
  void cloudWithoutKeys_isAWarning(String provider) {
    assertThat(warnings(provider))
        .singleElement()
        .asString()
        .contains("providers.p.keys: none (expected: a key: ");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "dialect: anthropic, base_url: http://127.0.0.1:1",
        "dialect: anthropic, base_url: https://proxy.example.com",
        "dialect: anthropic, headers: { x-api-key: k }",
        "dialect: bedrock, region: r",
        "dialect: vertex, project: p",
        "dialect: demo"
      })
  void noKeys_whereNoneMayBeNeeded_isNoWarning(String provider) {
    assertThat(warnings(provider)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "openai | https://h.example.com/v1/chat/completions | /chat/completions",
        "openai | https://h.example.com/v1/embeddings/ | /embeddings",
        "anthropic | https://api.anthropic.com/v1 | /v1/messages",
        "anthropic | https://api.anthropic.com/v1/messages | /v1/messages",
        "gemini | https://generativelanguage.googleapis.com/v1beta | /v1beta/models",
        "azure | https://r.openai.azure.com/openai/v1/ | /openai/v1",
        "azure | https://r.openai.azure.com/openai | /openai/v1",
        "azure | https://r.openai.azure.com/openai/deployments/d | /openai/v1",
        "cohere | https://api.cohere.com/v2 | /v2/chat",
        "vertex | https://aiplatform.googleapis.com/v1 | /v1/projects"
      })
  void baseUrl_withWhatTheDialectAppends_isAWarning(String dialect, String url, String adds) {
    assertThat(
            warnings(
                "dialect: %s, project: p, base_url: \"%s\", keys: [k]".formatted(dialect, url)))
        .singleElement()
        .asString()
        .contains("providers.p.base_url: " + url + " (expected: ", "adds " + adds);
  }

  @ParameterizedTest
  @CsvSource({
    "https://api.openai.com, https://api.openai.com/v1",
    "https://api.mistral.ai/, https://api.mistral.ai/v1",
    "https://api.groq.com, https://api.groq.com/openai/v1",
    "https://openrouter.ai, https://openrouter.ai/api/v1",
    "https://generativelanguage.googleapis.com/v1beta,"
        + " https://generativelanguage.googleapis.com/v1beta/openai"
  })
  void baseUrl_withoutTheVersion_isAWarning(String url, String meant) {
    assertThat(warnings("dialect: openai, base_url: \"%s\", keys: [k]".formatted(url)))
        .singleElement()
        .asString()
        .contains("providers.p.base_url: " + url + " (expected: " + meant + ")");
  }

  @ParameterizedTest
  @CsvSource({
    "openai, https://api.deepseek.com",
    "openai, https://api.openai.com/v1/",
    "openai, http://127.0.0.1:8000",
    "openai, https://api.groq.com/openai/v1",
    "anthropic, https://api.deepseek.com/anthropic",
    "azure, https://apim.example.com/openai",
    "azure, https://r.openai.azure.com",
    "gemini, https://generativelanguage.googleapis.com/"
  })
  void baseUrl_thatMayBeRight_isNoWarning(String dialect, String url) {
    assertThat(warnings("dialect: %s, base_url: \"%s\", keys: [k]".formatted(dialect, url)))
        .isEmpty();
  }
}
