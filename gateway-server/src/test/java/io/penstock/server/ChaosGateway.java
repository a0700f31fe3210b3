package io.penstock.server;

import io.penstock.core.Ticker;
import io.penstock.server.command.ConfigOption;
import io.penstock.server.config.load.LoadResult;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A gateway in a process of its own, led by its standard input: {@code jump MILLIS} moves its wall
 * clock, {@code stop} ends it in order; the end of the input ends it at once. Prints {@code ready
 * PORT ADMIN_PORT}.
 */
public final class ChaosGateway {
  private ChaosGateway() {}

  /** The machine's clock, and a jump. */
  private record JumpingTicker(AtomicLong jump) implements Ticker {
    @Override
    public long nanoTime() {
      return System.nanoTime();
    }

    @Override
    public long epochMillis() {
      return System.currentTimeMillis() + jump.get();
    }
  }

  /**
   * Serves.
   *
   * @param args the configuration file
   */
  public static void main(String[] args) throws IOException {
    Path file = Path.of(args[0]);
    LoadResult result = ConfigOption.loader(Map.of()).load(file);
    if (!(result instanceof LoadResult.Loaded loaded)) {
      throw new IllegalArgumentException(result.toString());
    }
    AtomicLong jump = new AtomicLong();
    Gateway gateway =
        Gateway.start(
            loaded.config(), file, ConfigOption.loader(Map.of())::load, new JumpingTicker(jump));
    System.out.println("ready " + gateway.port() + " " + gateway.adminPort());
    try (BufferedReader orders =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
      for (String order = orders.readLine(); order != null; order = orders.readLine()) {
        if (order.equals("stop")) {
          gateway.close();
          break;
        }
        jump.addAndGet(Long.parseLong(order.substring("jump ".length())));
      }
    }
    Runtime.getRuntime().halt(0);
  }
}
