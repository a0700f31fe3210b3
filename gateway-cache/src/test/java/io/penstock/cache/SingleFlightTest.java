package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import io.penstock.core.ErrorCode;
import io.penstock.core.GatewayException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

final class SingleFlightTest {
  private static final CacheKey KEY = Samples.key("q");
  private final SingleFlight<String> flights = new SingleFlight<>(1_000);

  private static final class Log implements SingleFlight.Follower<String> {
    final List<String> news = new ArrayList<>();
    final String shape;
    SingleFlight.@Nullable Lead<String> lead;

    Log(String shape) {
      this.shape = shape;
    }

    @Override
    public String shape() {
      return shape;
    }

    @Override
    public void onPiece(String piece) {
      news.add(piece);
    }

    @Override
    public void onComplete(CacheEntry answer) {
      news.add("complete");
    }

    @Override
    public void onLead(SingleFlight.Lead<String> newLead) {
      lead = newLead;
      news.add("lead");
    }

    @Override
    public void onCut(@Nullable GatewayException why) {
      news.add(why == null ? "cut" : why.code().code());
    }

    SingleFlight.Lead<String> lead() {
      assertThat(lead).isNotNull();
      return lead;
    }
  }

  private SingleFlight.Lead<String> lead() {
    return (SingleFlight.Lead<String>) flights.join(KEY, new Log("sse"));
  }

  private SingleFlight.Waiting<String> follow(Log log) {
    return (SingleFlight.Waiting<String>) flights.join(KEY, log);
  }

  private static CacheEntry answer() {
    return Samples.entry(KEY, 0, "a");
  }

  @Test
  void chunk_lateStreamAndUnary_eachGetTheirShape() {
    Log early = new Log("sse");
    Log late = new Log("sse");
    Log unary = new Log("");
    SingleFlight.Lead<String> lead = lead();
    follow(early);
    lead.piece("1", 1);
    follow(late);
    follow(unary);
    lead.piece("2", 1);

    lead.complete(answer());

    assertThat(early.news).containsExactly("1", "2", "complete");
    assertThat(late.news).containsExactly("1", "2", "complete");
    assertThat(unary.news).containsExactly("complete");
    assertThat(flights.size()).isZero();
  }

  @Test
  void handOver_nextThatSawNothingLeads_othersAreCut() {
    Log streaming = new Log("sse");
    Log first = new Log("");
    Log second = new Log("");
    SingleFlight.Lead<String> lead = lead();
    follow(streaming);
    follow(first);
    follow(second);
    lead.piece("1", 1);

    lead.handOver(null);

    assertThat(streaming.news).containsExactly("1", "cut");
    assertThat(first.news).containsExactly("lead");
    assertThat(second.news).isEmpty();
    first.lead().complete(answer());
    lead.complete(answer());
    assertThat(second.news).containsExactly("complete");
  }

  @Test
  void handOver_whoWasCut_hearsWhy() {
    Log streaming = new Log("sse");
    SingleFlight.Lead<String> lead = lead();
    follow(streaming);
    lead.piece("1", 1);

    lead.handOver(new GatewayException(ErrorCode.UPSTREAM_TIMEOUT, "late"));

    assertThat(streaming.news).containsExactly("1", "upstream_timeout");
  }

  @Test
  void handOver_nobodyLeft_endsTheFlight() {
    lead().handOver(null);

    assertThat(flights.join(KEY, new Log("sse"))).isInstanceOf(SingleFlight.Lead.class);
  }

  @Test
  void handOver_secondFailure_everyoneGoesOnAlone() {
    Log first = new Log("");
    Log second = new Log("");
    Log third = new Log("sse");
    SingleFlight.Lead<String> lead = lead();
    follow(first);
    follow(second);
    follow(third);

    lead.handOver(null);
    first.lead().handOver(null);

    assertThat(second.news).containsExactly("lead");
    assertThat(third.news).containsExactly("lead");
    assertThat(flights.size()).isZero();
    second.lead().complete(answer());
    assertThat(third.news).containsExactly("lead");
  }

  @Test
  void piece_ofAnotherShape_waitsForTheWhole() {
    Log other = new Log("sse with usage");
    SingleFlight.Lead<String> lead = lead();
    follow(other);
    lead.piece("1", 1);

    lead.complete(answer());

    assertThat(other.news).containsExactly("complete");
  }

  @Test
  void end_withoutAWholeAnswer_whoTookPiecesIsDone_theOthersGoOnAlone() {
    Log streaming = new Log("sse");
    Log unary = new Log("");
    SingleFlight.Lead<String> lead = lead();
    follow(streaming);
    follow(unary);
    lead.piece("1", 1);

    lead.end(answer());

    assertThat(streaming.news).containsExactly("1", "complete");
    assertThat(unary.news).containsExactly("lead");
  }

  @Test
  void leave_othersGoOn_theLastOneAbandons() {
    Log one = new Log("");
    Log two = new Log("");
    AtomicInteger abandoned = new AtomicInteger();
    SingleFlight.Lead<String> lead = lead();
    SingleFlight.Waiting<String> first = follow(one);
    SingleFlight.Waiting<String> second = follow(two);
    lead.onAbandoned(abandoned::incrementAndGet);

    first.leave();
    assertThat(lead.isFollowed()).isTrue();
    assertThat(abandoned).hasValue(0);
    second.leave();

    assertThat(lead.isFollowed()).isFalse();
    assertThat(abandoned).hasValue(1);
    lead.complete(answer());
    assertThat(one.news).isEmpty();
  }

  @Test
  void join_pastTheBuffer_leadsForItself() {
    Log follower = new Log("sse");
    SingleFlight.Lead<String> lead = lead();
    follow(follower);
    lead.piece("large", 1_001);

    SingleFlight.Role<String> late = flights.join(KEY, new Log("sse"));

    assertThat(late).isInstanceOf(SingleFlight.Lead.class);
    ((SingleFlight.Lead<String>) late).complete(answer());
    lead.complete(answer());
    assertThat(follower.news).hasSize(2).endsWith("complete");
    assertThat(flights.size()).isZero();
  }

  /** Threads join, leave, fail and complete at random: everyone hears exactly one ending. */
  @Test
  void join_fromManyThreads_everyCallEndsOnce() throws Exception {
    int threads = 4;
    int rounds = 3_000;
    AtomicInteger endings = new AtomicInteger();
    CountDownLatch waiting = new CountDownLatch(threads * rounds);
    try (ExecutorService pool = Executors.newFixedThreadPool(threads)) {
      List<Future<?>> done = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        done.add(
            pool.submit(() -> {
              for (int i = 0; i < rounds; i++) {
                call(i, endings, waiting);
              }
            }));
      }
      for (Future<?> each : done) {
        each.get(30, TimeUnit.SECONDS);
      }
      assertThat(waiting.await(30, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(endings).hasValue(threads * rounds);
    assertThat(flights.size()).isZero();
  }

  private void call(int i, AtomicInteger endings, CountDownLatch waiting) {
    SingleFlight.Follower<String> follower =
        new SingleFlight.Follower<>() {
          @Override
          public String shape() {
            return i % 2 == 0 ? "sse" : "";
          }

          @Override
          public void onPiece(String piece) {}

          @Override
          public void onComplete(CacheEntry answer) {
            ended();
          }

          @Override
          public void onLead(SingleFlight.Lead<String> lead) {
            drive(lead);
          }

          @Override
          public void onCut(@Nullable GatewayException why) {
            ended();
          }

          private void drive(SingleFlight.Lead<String> lead) {
            lead.piece("x", 1);
            if (i % 3 == 0) {
              lead.handOver(null);
            } else {
              lead.complete(answer());
            }
            ended();
          }

          private void ended() {
            endings.incrementAndGet();
            waiting.countDown();
          }
        };
    if (flights.join(KEY, follower) instanceof SingleFlight.Lead<String> lead) {
      follower.onLead(lead);
    }
  }
}
