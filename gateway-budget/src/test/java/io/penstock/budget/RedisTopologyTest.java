package io.penstock.budget;

import static org.assertj.core.api.Assertions.assertThat;

import io.lettuce.core.cluster.SlotHash;
import io.penstock.core.price.NanoUsd;
import io.penstock.testkit.Await;
import io.penstock.testkit.RedisServer;
import io.penstock.testkit.TestCertificate;
import io.penstock.testkit.TlsFront;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** The ways to reach a Redis: ACL user, TLS, Sentinel, Cluster; each a real one. */
class RedisTopologyTest {
  private static final long USD = NanoUsd.USD;

  /** Two replicas spend a budget to the last nano, and not more. */
  private static void spendAll(Replicas replicas) {
    Budgets a = replicas.start(20 * USD);
    Budgets b = replicas.start(20 * USD);
    Await.until("budgets are ready", () -> a.isReady() && b.isReady());
    List<Reservation> held = new ArrayList<>();
    for (int i = 0; i < 24; i++) {
      if (Replicas.reserve(i % 2 == 0 ? a : b, USD) instanceof Verdict.Granted g) {
        held.add(g.reservation());
      }
    }
    assertThat(held).hasSize(20);
    assertThat(Replicas.reserve(b, 1)).isInstanceOf(Verdict.Denied.class);
    held.get(0).settle(0, 0);
    Await.until(
        "what one gave back is there for the other",
        () -> Replicas.reserve(b, USD) instanceof Verdict.Granted);
  }

  /** After a failover the hold is known and nothing beyond the limit is granted. */
  private static void survive(Replicas replicas, Runnable failover) {
    Budgets budgets = replicas.start(10 * USD);
    Await.until("budgets are ready", budgets::isReady);
    assertThat(Replicas.reserve(budgets, 7 * USD)).isInstanceOf(Verdict.Granted.class);
    long owner = budgets.owner();
    failover.run();
    Await.until("budgets are ready again", () -> budgets.isReady() && budgets.owner() != owner);

    assertThat(Replicas.reserve(budgets, 4 * USD)).isInstanceOf(Verdict.Denied.class);
    Verdict rest = Replicas.reserve(budgets, 3 * USD);
    assertThat(rest).isInstanceOf(Verdict.Granted.class);
    ((Verdict.Granted) rest).reservation().settle(3 * USD, 0);
    Budgets other = replicas.start(10 * USD);
    Await.until("another is ready", other::isReady);
    Await.until(
        "the settlement was told",
        () ->
            other.states("", 10).toCompletableFuture().join().states().stream()
                .anyMatch(state -> state.spent() == 3 * USD));
    TestFacts ann = TestFacts.user("ann");
    Replicas.read(other);
    assertThat(other.used("org", ann)).isEqualTo(0.3);
  }

  @Test
  void aclUser_withTheRightsOfTheDocs_isEnough() {
    try (RedisServer server = RedisServer.start();
        Replicas replicas = new Replicas("redis://budgets:s3cret@127.0.0.1:" + server.port())) {
      String namespace = "{" + replicas.namespace() + "}:*";
      server.command("ACL", "SETUSER", "default", "resetpass", "on", "nopass");
      server.command(
          ("ACL SETUSER budgets on >s3cret resetchannels ~"
                  + namespace
                  + " &"
                  + namespace
                  + " -@all +@hash +@sortedset +@set +@scripting +eval +evalsha +time +info +exists"
                  + " +del +unlink +pexpire +publish +subscribe")
              .split(" "));
      spendAll(replicas);
    }
  }

  @Test
  void tls_andAnAuthorityOfOnesOwn() {
    TestCertificate certificate = TestCertificate.create();
    try (RedisServer server = RedisServer.start();
        TlsFront front = new TlsFront(certificate, server.port());
        Replicas replicas =
            new Replicas("rediss://127.0.0.1:" + front.port() + "?verifyPeer=NONE")) {
      spendAll(replicas);
      assertThat(front.connections()).isGreaterThanOrEqualTo(4);
    }
  }

  @Test
  void sentinel_namesThePrimary_andTheNextOneAfterAFailover() {
    try (RedisServer primary = RedisServer.start();
        RedisServer replica = RedisServer.start();
        RedisServer sentinel = RedisServer.sentinel("main", primary.port());
        Replicas replicas =
            new Replicas(
                "redis-sentinel://127.0.0.1:" + sentinel.port() + "?sentinelMasterId=main")) {
      replica.command("REPLICAOF", "127.0.0.1", Integer.toString(primary.port()));
      Await.until(
          "sentinel knows the replica",
          () -> sentinel.command("INFO", "sentinel").contains("slaves=1"));
      Await.until(
          "the replica has caught up",
          () -> replica.command("INFO", "replication").contains("master_link_status:up"));

      survive(replicas, primary::kill);
    }
  }

  @Test
  void cluster_serves_andAReplicaThatTakesOverIsFound() {
    try (RedisServer one = clusterNode();
        RedisServer two = clusterNode();
        RedisServer three = clusterNode();
        Replicas replicas = new Replicas(one.uri(), two.uri())) {
      slots(one, 0, 8_191);
      slots(two, 8_192, 16_383);
      meet(one, two);
      meet(one, three);
      Await.until(
          "the cluster is whole",
          () ->
              one.command("CLUSTER", "INFO").contains("cluster_state:ok")
                  && two.command("CLUSTER", "INFO").contains("cluster_known_nodes:3"));
      RedisServer primary = SlotHash.getSlot("{" + replicas.namespace() + "}") < 8_192 ? one : two;
      String id = primary.command("CLUSTER", "MYID");
      Await.until(
          "the third node knows the primary", () -> three.command("CLUSTER", "NODES").contains(id));
      three.command("CLUSTER", "REPLICATE", id);
      Await.until(
          "the replica has caught up",
          () -> three.command("INFO", "replication").contains("master_link_status:up"));

      survive(
          replicas,
          () -> {
            primary.kill();
            three.command("CLUSTER", "FAILOVER", "TAKEOVER");
          });
    }
  }

  private static RedisServer clusterNode() {
    return RedisServer.start(
        "--cluster-enabled",
        "yes",
        "--cluster-node-timeout",
        "2000",
        "--cluster-require-full-coverage",
        "no");
  }

  private static void slots(RedisServer server, int from, int to) {
    List<String> command = new ArrayList<>(List.of("CLUSTER", "ADDSLOTS"));
    IntStream.rangeClosed(from, to).mapToObj(Integer::toString).forEach(command::add);
    server.command(command.toArray(String[]::new));
  }

  private static void meet(RedisServer one, RedisServer other) {
    one.command("CLUSTER", "MEET", "127.0.0.1", Integer.toString(other.port()));
  }
}
