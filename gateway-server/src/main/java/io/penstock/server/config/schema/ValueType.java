package io.penstock.server.config.schema;

import io.penstock.core.identity.Cidr;
import io.penstock.core.route.Router;
import io.penstock.server.config.value.HedgeDelay;
import io.penstock.server.config.value.HostPort;
import io.penstock.server.config.value.Limit;
import io.penstock.server.config.value.PemFile;
import io.penstock.server.config.value.RouterFile;
import io.penstock.server.config.value.Secret;
import io.penstock.server.config.value.SecretUrl;
import io.penstock.server.config.value.Sha256;
import io.penstock.server.config.value.Share;
import io.penstock.server.config.value.Size;
import io.penstock.server.config.value.Values;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How one text becomes a value: for the loader, the messages and the JSON Schema alike.
 *
 * @param expected what the text should be
 * @param jsonType the type in the JSON Schema
 * @param words all valid texts, when there are few
 * @param pattern of all valid texts and perhaps some others, "" when nothing is known of them
 * @param parse throws any runtime exception on another text
 */
public record ValueType(
    String expected,
    String jsonType,
    List<String> words,
    String pattern,
    Function<String, Object> parse) {
  private static final String DURATION = "[0-9]{1,9}(ms|s|m|h|d)|forever";
  private static final String MONEY = "\\$ ?[0-9.]+|[0-9.]+ ?USD";
  private static final Map<Class<?>, ValueType> TYPES = types();

  /** Returns the type of that class, or null when it is no single value. */
  public static @Nullable ValueType of(Class<?> type) {
    if (type.isEnum()) {
      return ofEnum(type);
    }
    return TYPES.get(type);
  }

  private static ValueType ofEnum(Class<?> type) {
    Map<String, Object> constants = new HashMap<>();
    List<String> words =
        Arrays.stream(type.getEnumConstants())
            .map(constant -> Values.word((Enum<?>) constant))
            .toList();
    for (Object constant : type.getEnumConstants()) {
      constants.put(Values.word((Enum<?>) constant), constant);
    }
    return new ValueType(
        String.join(", ", words),
        "string",
        words,
        "",
        text -> {
          Object constant = constants.get(text);
          if (constant == null) {
            throw new IllegalArgumentException("no such word");
          }
          return constant;
        });
  }

  private static Map<Class<?>, ValueType> types() {
    Map<Class<?>, ValueType> types = new HashMap<>();
    types.put(String.class, text("a text", text -> text));
    ValueType bool =
        new ValueType("true or false", "boolean", List.of("true", "false"), "", ValueType::bool);
    types.put(boolean.class, bool);
    ValueType integer = new ValueType("a whole number", "integer", List.of(), "", Integer::valueOf);
    types.put(int.class, integer);
    types.put(Integer.class, integer);
    types.put(Long.class, new ValueType("a whole number", "integer", List.of(), "", Long::valueOf));
    types.put(Double.class, new ValueType("a number", "number", List.of(), "", ValueType::number));
    types.put(
        Duration.class,
        unit("a duration: 200ms 5s 10m 6h 30d forever", DURATION, Values::duration));
    types.put(Size.class, unit("a size such as 10MiB", "[0-9]+ ?([kKMGT]i?B|B)", Values::size));
    types.put(Share.class, unit("a share such as 5%", "[0-9.]+ ?%", Values::share));
    types.put(Limit.Money.class, unit("an amount such as 10 USD or $10", MONEY, Values::money));
    types.put(
        Limit.class,
        unit("10 USD, $10 or 2M tokens", MONEY + "|[0-9.]+[kMB]? tokens?", Values::limit));
    types.put(
        HedgeDelay.class,
        unit("p95 or a duration such as 800ms", "p95|" + DURATION, Values::hedgeDelay));
    types.put(HostPort.class, text("host:port such as 0.0.0.0:8080", Values::hostPort));
    types.put(ZoneId.class, text("a time zone such as Europe/Berlin", ZoneId::of));
    types.put(Instant.class, text("a day such as 2027-12-31, or an instant", Values::expiry));
    types.put(
        URI.class,
        text("an address such as https://host/path, without a password", ValueType::uri));
    types.put(Path.class, text("a file", Path::of));
    types.put(PemFile.class, text("a file", text -> new PemFile(Path.of(text), "")));
    types.put(RouterFile.class, text("shipped, or a file", ValueType::router));
    types.put(Secret.class, text("a secret: ${NAME} or file:PATH", Secret::of));
    types.put(SecretUrl.class, text("an address", ValueType::secretUrl));
    types.put(Cidr.class, text("an address or a network such as 10.0.0.0/8", Cidr::parse));
    types.put(
        Sha256.class,
        text("64 hexadecimal digits, as `penstock key new` prints them", Sha256::new));
    return types;
  }

  private static ValueType text(String expected, Function<String, Object> parse) {
    return new ValueType(expected, "string", List.of(), "", parse);
  }

  private static ValueType unit(String expected, String pattern, Function<String, Object> parse) {
    return new ValueType(expected, "string", List.of(), pattern, parse);
  }

  private static Object router(String text) {
    return text.equals(RouterFile.WORD)
        ? RouterFile.SHIPPED
        : new RouterFile(Path.of(text), Router.shipped());
  }

  private static Object bool(String text) {
    return switch (text) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException("no boolean");
    };
  }

  private static Object number(String text) {
    double value = Double.parseDouble(text);
    if (!Double.isFinite(value)) {
      throw new IllegalArgumentException("not finite");
    }
    return value;
  }

  /** It is shown with the configuration, and nobody would send what stands before the host. */
  private static Object uri(String text) {
    URI uri = http(text);
    if (uri.getUserInfo() != null) {
      throw new IllegalArgumentException("a user or password");
    }
    return uri;
  }

  private static URI http(String text) {
    URI uri = URI.create(text);
    if (uri.getHost() == null
        || uri.getPort() > 65_535
        || !("http".equals(uri.getScheme()) || isHttps(uri))) {
      throw new IllegalArgumentException("no http address");
    }
    return uri;
  }

  /** Other schemes are judged by who opens them; http is asked long after the start. */
  private static Object secretUrl(String text) {
    if (text.startsWith("http:") || text.startsWith("https:")) {
      http(text);
    }
    return SecretUrl.of(text);
  }

  private static boolean isHttps(URI uri) {
    return "https".equals(uri.getScheme());
  }
}
