package io.penstock.server;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.testkit.Await;
import io.penstock.testkit.FakeProvider;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.openqa.selenium.Keys;

/** The dashboard in a real browser. */
class DashboardTest {
  private static final String MORE =
      """
      budgets:
        - { name: org, limit: 50 USD, every: total }
        - { name: team, per: team, limit: 12 USD, every: month }
        - { name: user, per: user, limit: 3 USD, every: month }
      cache: { exact: { ttl: 1h, scope: team } }
      prices: { unknown: free }
      """;

  private static @Nullable Browser installed;
  private static FakeProvider provider;
  private static RunningGateway sample;

  @TempDir static Path shared;
  @TempDir Path directory;

  private Browser browser;

  @BeforeAll
  static void start() throws Exception {
    installed = Browser.start();
    Assumptions.assumeTrue(
        installed != null,
        "SKIPPED: the dashboard is not tested, because chromium and chromedriver are not on the"
            + " PATH. Install them (Debian: chromium chromium-driver).");
    provider = FakeProvider.start();
    String yaml = RunningGateway.yaml(shared, provider, MORE);
    SampleLedger.fill(shared, yaml, 25, 1_200, 40);
    sample = RunningGateway.start(shared, yaml);
  }

  @AfterAll
  static void stop() {
    if (installed != null) {
      installed.close();
      sample.close();
      provider.close();
    }
  }

  @BeforeEach
  void fresh() {
    browser = java.util.Objects.requireNonNull(installed);
    browser.size(1280, 900);
    browser.theme("light");
    browser.errors();
  }

  private void open(RunningGateway gateway, String hash) {
    browser.open("about:blank");
    browser.open("http://127.0.0.1:" + gateway.gateway().adminPort() + "/ui" + hash);
  }

  private static String withToken(Path directory) {
    return RunningGateway.yaml(directory, provider, "")
        .replace("admin: { listen: 127.0.0.1:0 }", "admin: { listen: 127.0.0.1:0, token: sesame }");
  }

  @Test
  void spend_ofAMonth_isChartedListedAndNarrowedDown() {
    open(sample, "");
    browser.awaitText("Cost per day by team");
    assertThat(browser.find("canvas").getAttribute("aria-label")).contains("Dearest: engineering");
    assertThat(browser.all("tbody tr")).hasSize(6);
    browser.picture("spend");
    browser.all("tbody a").getFirst().click();
    browser.awaitText("Cost per day by model");
    assertThat(browser.text()).contains("team: engineering");
    assertThat(browser.errors()).isEmpty();
  }

  /** Views, and words that are there when they have been filled. */
  private static final Map<String, String> VIEWS =
      Map.of(
          "#/spend?by=user", "Cost per day by user",
          "#/budgets", "Will not last",
          "#/budgets/org?subject=", "Burn-down",
          "#/requests", "Answered by",
          "#/health", "Where calls go",
          "#/advisor", "Top teams",
          "#/config", "In force");

  @Test
  void everyView_hasNoBarrierAndNoErrorInLightAndDark() {
    for (String theme : new String[] {"light", "dark"}) {
      browser.theme(theme);
      open(sample, "");
      VIEWS.forEach((hash, words) -> {
        browser.goTo(hash);
        browser.awaitText(words);
        String name = hash.replaceAll("[^a-z]", "") + "-" + theme;
        browser.picture(name);
        assertThat(browser.barriers()).as(name).isEmpty();
        assertThat(browser.errors()).as(name).isEmpty();
      });
    }
  }

  @Test
  void budget_burnDown_saysWhatIsLeftAndWhenItEnds() {
    open(sample, "#/budgets?budget=org");
    browser.awaitText("everyone");
    browser.find("tbody a").click();
    browser.awaitText("Burn-down");
    assertThat(browser.find("canvas").getAttribute("aria-label")).contains("of $50.00 is left");
    assertThat(browser.text()).contains("50.00 USD every total", "At this pace");
  }

  @Test
  void request_appearsByItselfAndTellsItsLife() {
    try (RunningGateway gateway =
        RunningGateway.start(directory, RunningGateway.yaml(directory, provider, MORE))) {
      open(gateway, "#/requests");
      browser.awaitText("No request yet");
      String id =
          gateway
              .post(
                  "/v1/chat/completions",
                  "{\"model\":\"gpt-4o-mini\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]}")
              .headers()
              .firstValue("x-penstock-request-id")
              .orElse("");
      gateway.awaitRecorded();
      browser.awaitText("fake/gpt-4o-mini");
      browser.find("tbody a").click();
      browser.awaitText("The life of a request");
      assertThat(browser.text())
          .contains(id, "k-test", "engineering", "ada")
          .contains("1. fake/gpt-4o-mini", "of engineering", "reported");
      assertThat(browser.barriers()).isEmpty();
      assertThat(browser.errors()).isEmpty();
    }
  }

  @Test
  void configuration_thatWasRefused_isShownWithItsProblem() throws Exception {
    String yaml = RunningGateway.yaml(directory, provider, "");
    try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
      Files.writeString(gateway.file(), yaml + "budgtes: []\n");
      Await.until(
          "the change is refused",
          () -> !gateway.gateway().reloader().status().problems().isEmpty());
      open(gateway, "#/config");
      browser.awaitText("the last change was refused");
      assertThat(browser.text()).contains("budgtes");
      browser.find("input[type=search]").sendKeys("whisper-1");
      assertThat(browser.all("details[open]")).hasSize(1);
    }
  }

  @Test
  void advisor_namesWhatIsUnpricedUnownedWastedAndRepeated() {
    open(sample, "#/advisor");
    browser.awaitText("Top users");
    assertThat(browser.text())
        .contains("fake/nobody-knows-this-price", "k-legacy", "aborted", "repeat an earlier one")
        .contains("Changed most against the 30 days before");
  }

  @Test
  void keyboard_reachesTheViewAndSortsATable() {
    open(sample, "#/spend");
    browser.awaitText("Cost per day by team");
    browser.press(Keys.TAB);
    assertThat(browser.focused()).isEqualTo("Skip to content");
    browser.press(Keys.ENTER);
    browser.tabTo("Requests");
    browser.press(Keys.ENTER);
    assertThat(browser.find("th[aria-sort=descending]").getText()).startsWith("Requests");
    browser.press(Keys.ENTER);
    assertThat(browser.find("th[aria-sort=ascending]").getText()).startsWith("Requests");
  }

  @Test
  void token_isAskedForAndASecondTimeWhenItIsWrong() {
    try (RunningGateway gateway = RunningGateway.start(directory, withToken(directory))) {
      open(gateway, "");
      browser.await("the token is asked for", () -> !browser.all("dialog").isEmpty());
      assertThat(browser.barriers()).isEmpty();
      browser.press("wrong", Keys.ENTER);
      browser.awaitDialog("That token is not the one");
      browser.press("sesame", Keys.ENTER);
      browser.awaitText("No calls in this period");
      browser.picture("empty");
    }
  }

  @Test
  void gatewayGone_isSaidWithAWayToTryAgain() {
    RunningGateway gateway =
        RunningGateway.start(directory, RunningGateway.yaml(directory, provider, ""));
    open(gateway, "#/spend");
    browser.awaitText("No calls in this period");
    gateway.close();
    browser.goTo("#/spend?by=model");
    browser.awaitText("The gateway does not answer");
    assertThat(browser.find("main [role=alert] button").getText()).isEqualTo("Try again");
    assertThat(browser.barriers()).isEmpty();
    browser.picture("error");
    browser.errors();
  }

  @Test
  void readThatFails_isSaidOnceAndReadAnew() {
    open(sample, "#/spend");
    browser.awaitText("Cost per day by team");
    browser.run(
        "window.kept = window.fetch; window.fetch = () => Promise.reject(new TypeError('gone'))");
    browser.goTo("#/spend?by=model");
    browser.awaitText("The gateway does not answer");
    assertThat(browser.all("main [role=alert]")).hasSize(1);
    browser.run("window.fetch = window.kept");
    browser.find("main [role=alert] button").click();
    browser.awaitText("Cost per day by model");
    assertThat(browser.all("main [role=alert]")).isEmpty();
  }

  @Test
  void answerThatTakesTime_isSaidToBeLoading() {
    open(sample, "#/spend");
    browser.awaitText("Cost per day by team");
    browser.run("window.fetch = () => new Promise(() => {})");
    browser.goTo("#/health");
    browser.await("it says that it reads", () -> browser.text().contains("Loading…"));
    assertThat(browser.all("[aria-busy=true]")).isNotEmpty();
    assertThat(browser.barriers()).isEmpty();
  }

  @Test
  void tenThousandSubjects_areSearchedAndPagedAtOnce() throws Exception {
    String yaml = RunningGateway.yaml(directory, provider, MORE);
    SampleLedger.fill(directory, yaml, 10_000, 12_000, 25);
    try (RunningGateway gateway = RunningGateway.start(directory, yaml)) {
      open(gateway, "#/spend?by=user");
      browser.awaitText("1–50 of ");
      browser.picture("ten-thousand");
      assertThat(browser.all("tbody tr")).hasSize(50);
      assertThat(browser.text()).contains("The 500 dearest of 9,").contains("1–50 of 500");
      assertThat(browser.find("tfoot").getText()).startsWith("9,").contains("others");
      assertThat(browser.barriers()).isEmpty();
      browser.find("input[type=search]").sendKeys("user-09999");
      browser.await("one row is left", () -> browser.all("tbody tr").size() == 1);
    }
  }

  @Test
  void narrow_showsEverythingWithoutScrollingThePageSideways() {
    browser.size(500, 900);
    open(sample, "#/spend");
    browser.awaitText("Cost per day by team");
    browser.picture("narrow");
    assertThat(browser.run("return document.documentElement.scrollWidth <= innerWidth"))
        .isEqualTo(true);
  }
}
