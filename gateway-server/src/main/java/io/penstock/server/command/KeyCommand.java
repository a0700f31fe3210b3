package io.penstock.server.command;

import io.penstock.core.Suggest;
import io.penstock.core.identity.KeyRing;
import io.penstock.server.config.load.LoadResult;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.security.SecureRandom;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Base64;
import java.util.Locale;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code penstock key new}: a virtual key and the stanza that lets it in. */
@Command(
    name = "key",
    description = "Makes virtual keys.",
    mixinStandardHelpOptions = true,
    subcommands = KeyCommand.New.class)
final class KeyCommand implements Callable<Integer> {
  @Spec private @Nullable CommandSpec spec;

  @Override
  public Integer call() {
    Commands.err(spec).println("penstock: key needs a subcommand: new");
    return ExitCode.WRONG_INPUT;
  }

  private static boolean isHidden(int c) {
    return Character.isISOControl(c) || c == 0x2028 || c == 0x2029;
  }

  /** Makes one. */
  @Command(
      name = "new",
      description = "Prints a new key once, and the YAML to paste under keys.",
      mixinStandardHelpOptions = true)
  static final class New implements Callable<Integer> {
    private static final int SECRET_BYTES = 32;

    @Option(names = "--team", required = true, paramLabel = "T", description = "its team")
    private String team = "";

    @Option(names = "--app", paramLabel = "A", description = "its application")
    private @Nullable String app;

    @Option(names = "--user", paramLabel = "U", description = "its person")
    private @Nullable String user;

    @Option(names = "--expires", paramLabel = "D", description = "its last day, such as 2027-12-31")
    private @Nullable String expires;

    @CommandLine.Mixin private ConfigOption config = new ConfigOption();

    @Spec private @Nullable CommandSpec spec;

    @Override
    public Integer call() {
      requirePlain("--team", team);
      requirePlain("--app", app);
      requirePlain("--user", user);
      checkExpires();
      checkTeam();
      byte[] random = new byte[SECRET_BYTES];
      new SecureRandom().nextBytes(random);
      String secret = "pk-" + Base64.getUrlEncoder().withoutPadding().encodeToString(random);
      PrintWriter out = Commands.out(spec);
      out.println("# The key, shown this once; only its hash goes into the configuration:");
      out.println(secret);
      out.println();
      out.println("# Paste under keys: in " + config.file);
      out.println(stanza(KeyRing.hash(secret)));
      out.flush();
      return ExitCode.OK;
    }

    /** In the quotes of the stanza a line break or escape would be another text. */
    private static void requirePlain(String option, @Nullable String text) {
      if (text != null && text.chars().anyMatch(KeyCommand::isHidden)) {
        String shown =
            text.codePoints()
                .mapToObj(c -> isHidden(c) ? String.format("\\u%04x", c) : Character.toString(c))
                .collect(Collectors.joining());
        throw new IllegalArgumentException(
            option + ": " + shown + " (expected: a name without control characters)");
      }
    }

    private void checkExpires() {
      try {
        if (expires != null && LocalDate.parse(expires).isBefore(LocalDate.now(ZoneOffset.UTC))) {
          Commands.err(spec)
              .println(
                  "warning: --expires: "
                      + expires
                      + " (expected: a day to come); the key lets nobody in");
        }
      } catch (DateTimeParseException e) {
        throw new IllegalArgumentException(
            "--expires: " + expires + " (expected: a day such as 2027-12-31)");
      }
    }

    /** Only where there is a sound configuration: a key may be made before there is any. */
    private void checkTeam() {
      if (!Files.exists(config.file)
          || !(ConfigOption.loader(System.getenv()).load(config.file)
              instanceof LoadResult.Loaded loaded)) {
        return;
      }
      Set<String> teams = loaded.config().teams().keySet();
      if (!teams.contains(team)) {
        String near = Suggest.nearest(team, teams);
        Commands.err(spec)
            .println(
                "warning: --team: "
                    + team
                    + " (expected: a team of "
                    + config.file
                    + (near == null ? "" : "; did you mean " + near + "?")
                    + "); the key lets nobody in until it is there");
      }
    }

    private String stanza(String hash) {
      StringBuilder yaml = new StringBuilder("  - { id: ");
      yaml.append(quote("k-" + name() + "-" + hash.substring(0, 6)));
      yaml.append(", sha256: [\"").append(hash).append("\"], team: ").append(quote(team));
      if (app != null) {
        yaml.append(", app: ").append(quote(app));
      }
      if (user != null) {
        yaml.append(", user: ").append(quote(user));
      }
      if (expires != null) {
        yaml.append(", expires: ").append(expires);
      }
      return yaml.append(" }").toString();
    }

    private String name() {
      String base = app != null ? app : user != null ? user : team;
      return base.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9-]", "-");
    }

    /** Quotes what YAML could read as something else than this text. */
    private static String quote(String text) {
      return text.matches("[A-Za-z][A-Za-z0-9_-]*") && !text.matches("(?i)null|true|false")
          ? text
          : "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
    }
  }
}
