package io.penstock.server.chaos;

import io.penstock.testkit.PostgresServer;
import io.penstock.testkit.RedisServer;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** One Redis behind an address that a failover moves, its replica, and a PostgreSQL database. */
final class Backends implements AutoCloseable {
  private static final String PREFIX = "{penstock}:p1";
  private static final Pattern RUN = Pattern.compile("run_id:(\\w+)");

  private final String ledger = PostgresServer.shared().newDatabase();
  private RedisServer primary = RedisServer.start();
  private final Forwarder address = new Forwarder(primary.port());

  /** The first life of the data begins open, as that of a Redis which has been in use. */
  Backends() {
    Matcher run = RUN.matcher(primary.command("INFO", "server"));
    if (!run.find()) {
      throw new AssertionError("no run_id");
    }
    String now = Long.toString(System.currentTimeMillis());
    String epoch = Long.toString(System.currentTimeMillis() / 64);
    primary.command(
        "HSET", PREFIX + ":epoch", "E", epoch, "run", run.group(1), "open", "1", "born", now);
  }

  String redis() {
    return address.uri();
  }

  /** The JDBC address of the ledger. */
  String ledger() {
    return ledger;
  }

  void forgetScripts() {
    primary.command("SCRIPT", "FLUSH");
  }

  void pause(long millis) {
    primary.command("CLIENT", "PAUSE", Long.toString(millis));
  }

  /** Ends it as a crash would and starts it empty. */
  void lose() {
    primary.restart();
    address.to(primary.port());
  }

  /** Ends the primary as a crash would and promotes a replica that had caught up. */
  void failOver(Runnable beforeTheCrash) {
    RedisServer replica = RedisServer.start();
    replica.command("REPLICAOF", "127.0.0.1", Integer.toString(primary.port()));
    Patience.until(
        "the replica has caught up",
        () -> replica.command("INFO", "replication").contains("master_link_status:up"));
    beforeTheCrash.run();
    primary.kill();
    replica.command("REPLICAOF", "NO", "ONE");
    address.to(replica.port());
    primary.close();
    primary = replica;
  }

  /** What is neither spent nor free, by budget; "" when there is none. */
  String withheld() {
    return primary.command(
        "EVAL",
        """
        local E, out = redis.call('HGET', KEYS[1] .. ':epoch', 'E'), ''
        for _, id in ipairs(redis.call('SMEMBERS', KEYS[1] .. ':' .. E .. ':all')) do
          local c = redis.call('HMGET', KEYS[1] .. ':' .. E .. ':c:' .. id, 'used', 'spent', 'n')
          if c[1] ~= c[2] then out = out .. c[3] .. ' used ' .. c[1] .. ' spent ' .. c[2] .. '; ' end
        end
        return out\
        """,
        "1",
        PREFIX);
  }

  @Override
  public void close() {
    address.close();
    primary.close();
  }
}
