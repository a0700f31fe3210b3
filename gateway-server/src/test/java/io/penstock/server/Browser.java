package io.penstock.server;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.testkit.Executables;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.By;
import org.openqa.selenium.Dimension;
import org.openqa.selenium.Keys;
import org.openqa.selenium.OutputType;
import org.openqa.selenium.StaleElementReferenceException;
import org.openqa.selenium.WebElement;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.interactions.Actions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/** A headless Chromium, for tests of pages. One thread. */
final class Browser implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper MAPPER = new ObjectMapper();

  private final ChromeDriver driver;

  private Browser(ChromeDriver driver) {
    this.driver = driver;
  }

  /** Starts one, or returns null where none is installed. */
  static @Nullable Browser start() {
    Path chromium = Executables.onPath("chromium");
    Path chromedriver = Executables.onPath("chromedriver");
    if (chromium == null || chromedriver == null) {
      return null;
    }
    LoggingPreferences logs = new LoggingPreferences();
    logs.enable(LogType.BROWSER, Level.ALL);
    ChromeOptions options = new ChromeOptions();
    options.setBinary(chromium.toFile());
    options.setCapability("goog:loggingPrefs", logs);
    options.addArguments(
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--hide-scrollbars");
    ChromeDriverService service =
        new ChromeDriverService.Builder()
            .usingDriverExecutable(chromedriver.toFile())
            .usingAnyFreePort()
            .build();
    ChromeDriver driver = new ChromeDriver(service, options);
    driver.manage().timeouts().pageLoadTimeout(PATIENCE).scriptTimeout(PATIENCE);
    driver.manage().window().setSize(new Dimension(1280, 900));
    return new Browser(driver);
  }

  void open(String url) {
    driver.get(url);
  }

  void size(int width, int height) {
    driver.manage().window().setSize(new Dimension(width, height));
  }

  /** Makes pages light or dark, as the system's setting does. */
  void theme(String scheme) {
    driver.executeCdpCommand(
        "Emulation.setEmulatedMedia",
        Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", scheme))));
  }

  /** Goes to a view of the page that is open. */
  void goTo(String hash) {
    driver.executeScript("location.hash = arguments[0]", hash);
  }

  /** Waits until the page's text holds this, and nothing on it is being read. */
  void awaitText(String text) {
    await(
        "the page shows " + text, () -> text().contains(text) && all("[aria-busy=true]").isEmpty());
  }

  /** Waits until a dialog holds this text. */
  void awaitDialog(String text) {
    await(
        "a dialog shows " + text,
        () -> all("dialog").stream().anyMatch(dialog -> dialog.getText().contains(text)));
  }

  void await(String what, BooleanSupplier condition) {
    new WebDriverWait(driver, PATIENCE)
        .withMessage(() -> what + "; it shows:\n" + text())
        .ignoring(StaleElementReferenceException.class)
        .until(ignored -> condition.getAsBoolean());
  }

  String text() {
    return String.valueOf(driver.executeScript("return document.body.innerText"));
  }

  WebElement find(String css) {
    return driver.findElement(By.cssSelector(css));
  }

  List<WebElement> all(String css) {
    return driver.findElements(By.cssSelector(css));
  }

  void press(CharSequence... keys) {
    new Actions(driver).sendKeys(keys).perform();
  }

  /** Presses Tab until the focus is on an element that has this text. */
  void tabTo(String text) {
    for (int i = 0; i < 60; i++) {
      if (focused().equals(text)) {
        return;
      }
      press(Keys.TAB);
    }
    throw new AssertionError("the keyboard does not reach " + text);
  }

  /** Returns the text of what has the focus, or its label where it has no text. */
  String focused() {
    return String.valueOf(
        driver.executeScript(
            "const e = document.activeElement;"
                + "return (e.innerText || e.getAttribute('aria-label') || '').trim()"));
  }

  @Nullable Object run(String script) {
    return driver.executeScript(script);
  }

  /** Returns what the page logged as wrong: script errors, refused resources, policy violations. */
  List<String> errors() {
    List<String> errors = new ArrayList<>();
    for (LogEntry entry : driver.manage().logs().get(LogType.BROWSER)) {
      if (entry.getLevel().intValue() >= Level.WARNING.intValue()) {
        errors.add(entry.getMessage());
      }
    }
    return errors;
  }

  /** Returns what axe-core finds wrong with the page as it is, WCAG 2.2 AA and good practice. */
  List<String> barriers() {
    // Through the debugger, as an extension would: the page's own policy stays as strict as it is.
    driver.executeCdpCommand("Runtime.evaluate", Map.of("expression", axe(), "silent", true));
    Object found =
        driver.executeAsyncScript(
            """
            const done = arguments[arguments.length - 1];
            axe.run(document, {resultTypes: ['violations']}).then(
                (all) => done(JSON.stringify(all.passes.length === 0
                  ? [{id: 'axe checked nothing', nodes: []}]
                  : all.violations.map((one) => ({
                    id: one.id, nodes: one.nodes.map((node) => node.html + ' ' + node.failureSummary)})))),
                (error) => done(JSON.stringify([{id: String(error), nodes: []}])));
            """);
    try {
      List<String> barriers = new ArrayList<>();
      for (JsonNode one : MAPPER.readTree(String.valueOf(found))) {
        barriers.add(one.path("id").asText() + ": " + one.path("nodes"));
      }
      return barriers;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static String axe() {
    try (InputStream in = Browser.class.getResourceAsStream("/axe.min.js")) {
      if (in == null) {
        throw new AssertionError("axe.min.js is not on the class path");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Keeps a picture of the page where {@code -Dpenstock.screenshots=DIRECTORY} says, if it does.
   */
  void picture(String name) {
    String directory = System.getProperty("penstock.screenshots");
    if (directory == null) {
      return;
    }
    try {
      Files.write(
          Path.of(directory, name.toLowerCase(Locale.ROOT) + ".png"),
          driver.getScreenshotAs(OutputType.BYTES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    driver.quit();
  }
}
