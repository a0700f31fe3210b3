package io.penstock.cache;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
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
  private final RuntimeException cause = new RuntimeException("upstream");

  private final SingleFlight flights = new SingleFlight(1_000);

  private static final class Log implements SingleFlight.Follower {
    final List<String> news = new ArrayList<>();
    final boolean streams;
    SingleFlight.@Nullable Lead lead;

    Log(boolean streams) {
      this.streams = streams;
    }

    @Override
    public boolean streams() {
      return streams;
    }

    @Override
    public void onChunk(byte[] event) {
      news.add(new String(event, StandardCharsets.UTF_8));
    }

    @Override
    public void onComplete(CacheEntry answer) {
      news.add("complete");
    }

    @Override
    public void onLead(SingleFlight.Lead newLead) {
      lead = newLead;
      news.add("lead");
    }

    @Override
    public void onFailure(Throwable cause) {
      news.add("failed");
    }

    SingleFlight.Lead lead() {
      assertThat(lead).isNotNull();
      return lead;
    }
  }

  private SingleFlight.Lead lead() {
    return (SingleFlight.Lead) flights.join(KEY, new Log(true));
  }

  private SingleFlight.Waiting follow(Log log) {
    return (SingleFlight.Waiting) flights.join(KEY, log);
  }

  private static byte[] chunk(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static CacheEntry answer() {
    return Samples.entry(KEY, 0, "a");
  }

  @Test
  void chunk_lateStreamAndUnary_eachGetTheirShape() {
    Log early = new Log(true);
    Log late = new Log(true);
    Log unary = new Log(false);
    SingleFlight.Lead lead = lead();
    follow(early);
    lead.chunk(chunk("1"));
    follow(late);
    follow(unary);
    lead.chunk(chunk("2"));

    lead.complete(answer());

    assertThat(early.news).containsExactly("1", "2", "complete");
    assertThat(late.news).containsExactly("1", "2", "complete");
    assertThat(unary.news).containsExactly("complete");
    assertThat(flights.size()).isZero();
  }

  @Test
  void handOver_nextThatSawNothingLeads_othersFail() {
    Log streaming = new Log(true);
    Log first = new Log(false);
    Log second = new Log(false);
    SingleFlight.Lead lead = lead();
    follow(streaming);
    follow(first);
    follow(second);
    lead.chunk(chunk("1"));

    lead.handOver(cause);

    assertThat(streaming.news).containsExactly("1", "failed");
    assertThat(first.news).containsExactly("lead");
    assertThat(second.news).isEmpty();
    first.lead().complete(answer());
    lead.complete(answer());
    assertThat(second.news).containsExactly("complete");
  }

  @Test
  void handOver_nobodyLeft_endsTheFlight() {
    lead().handOver(cause);

    assertThat(flights.join(KEY, new Log(true))).isInstanceOf(SingleFlight.Lead.class);
  }

  @Test
  void failAll_everyoneFails() {
    Log follower = new Log(false);
    SingleFlight.Lead lead = lead();
    follow(follower);

    lead.failAll(cause);

    assertThat(follower.news).containsExactly("failed");
    assertThat(flights.size()).isZero();
  }

  @Test
  void leave_othersGoOn_theLastOneAbandons() {
    Log one = new Log(false);
    Log two = new Log(false);
    AtomicInteger abandoned = new AtomicInteger();
    SingleFlight.Lead lead = lead();
    SingleFlight.Waiting first = follow(one);
    SingleFlight.Waiting second = follow(two);
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
    Log follower = new Log(true);
    SingleFlight.Lead lead = lead();
    follow(follower);
    lead.chunk(new byte[1_001]);

    SingleFlight.Role late = flights.join(KEY, new Log(true));

    assertThat(late).isInstanceOf(SingleFlight.Lead.class);
    ((SingleFlight.Lead) late).complete(answer());
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
    SingleFlight.Follower follower =
        new SingleFlight.Follower() {
          @Override
          public boolean streams() {
            return i % 2 == 0;
          }

          @Override
          public void onChunk(byte[] event) {}

          @Override
          public void onComplete(CacheEntry answer) {
            ended();
          }

          @Override
          public void onLead(SingleFlight.Lead lead) {
            drive(lead);
          }

          @Override
          public void onFailure(Throwable cause) {
            ended();
          }

          private void drive(SingleFlight.Lead lead) {
            lead.chunk(chunk("x"));
            if (i % 3 == 0) {
              lead.handOver(cause);
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
    if (flights.join(KEY, follower) instanceof SingleFlight.Lead lead) {
      follower.onLead(lead);
    }
  }
}
