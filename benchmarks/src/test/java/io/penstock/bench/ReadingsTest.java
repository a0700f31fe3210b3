package io.penstock.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

/** What is read from other processes' words. */
final class ReadingsTest {
  @Test
  void heap_isTheSumOfTheGenerations() {
    String serial =
        """
        4242:
         DefNew     total 59008K, used 3148K [0x00000000f4000000, 0x00000000f8000000)
          eden space 52480K,   5% used [0x00000000f4000000, 0x00000000f4313240)
         Tenured    total 131072K, used 20000K [0x00000000f8000000, 0x0000000100000000)
          the  space 131072K,  15% used [0x00000000f8000000, 0x00000000f9388000)
         Metaspace       used 40000K, committed 41000K, reserved 1114112K
        """;

    assertThat(JvmMeter.heapKib(serial)).isEqualTo(23_148);
    assertThatThrownBy(() -> JvmMeter.heapKib("4242:\nno such process"))
        .hasMessageContaining("no such process");
  }

  @Test
  void compilers_arePartOfWhatAJvmTakes() {
    ProcessMeter self = new ProcessMeter(ProcessHandle.current().pid());

    long compilers = self.compilerNanos();

    // This JVM has compiled something by now: the test framework alone suffices.
    assertThat(compilers).isPositive().isLessThan(self.cpuNanos());
  }

  @Test
  void direct_isWhatTheJvmCallsOther() {
    String summary =
        """
        -                  Internal (reserved=543KB, committed=543KB)
                                    (malloc=543KB #4382)

        -                     Other (reserved=8216KB, committed=8210KB)
                                    (malloc=8216KB #24)
        """;

    assertThat(JvmMeter.directKib(summary)).isEqualTo(8210);
    assertThatThrownBy(() -> JvmMeter.directKib("Native memory tracking is not enabled"))
        .hasMessageContaining("not enabled");
  }

  @Test
  void redis_commandsSince_perRequest() {
    RedisStats before =
        RedisStats.of(
            "# Commandstats\r\ncmdstat_get:calls=10,usec=5\r\ncmdstat_info:calls=1,usec=9");
    RedisStats after =
        RedisStats.of(
            "cmdstat_get:calls=30,usec=5\r\n"
                + "cmdstat_evalsha:calls=5,usec=5\r\n"
                + "cmdstat_info:calls=2,usec=9");

    RedisStats added = after.since(before);

    assertThat(added.total()).isEqualTo(25);
    assertThat(added.scripts()).isEqualTo(5);
    assertThat(added.perRequest(10)).isEqualTo("get 2.000, evalsha 0.500");
  }

  @Test
  void thisProcess_hasDescriptorsThreadsAndALimit() {
    ProcessMeter meter = new ProcessMeter(ProcessHandle.current().pid());

    assertThat(meter.descriptors()).isPositive().isLessThan(meter.maxDescriptors());
    assertThat(meter.threads()).isPositive();
  }

  @Test
  void table_isAlignedMarkdown() {
    Table table = new Table("a", "long title");
    table.row("x", 1.25);

    assertThat(table).hasToString("| a | long title |\n| - | ---------- |\n| x | 1.3        |\n");
  }

  @Test
  void scrape_givesWhatWasAddedSinceTheEarlierOne() {
    String before =
        """
        jvm_allocated_bytes_total 1000000.0
        penstock_overhead_seconds_bucket{le="1.0E-4"} 0
        penstock_overhead_seconds_bucket{le="2.0E-4"} 100
        penstock_overhead_seconds_bucket{le="+Inf"} 100
        penstock_overhead_seconds_count 100
        """;
    String after =
        """
        jvm_allocated_bytes_total 1.5E7
        penstock_overhead_seconds_bucket{le="1.0E-4"} 50
        penstock_overhead_seconds_bucket{le="2.0E-4"} 200
        penstock_overhead_seconds_bucket{le="+Inf"} 200
        """;

    Scrape added = Scrape.parse(after).since(Scrape.parse(before));

    assertThat(added.allocated()).isEqualTo(14_000_000);
    assertThat(added.overheadMicros(0.25)).isEqualTo(50, within(1e-9));
    assertThat(added.overheadMicros(0.75)).isEqualTo(150, within(1e-9));
    assertThat(Scrape.parse("").overheadMicros(0.5)).isZero();
  }
}
