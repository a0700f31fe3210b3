package io.penstock.server.metrics;

import com.sun.management.ThreadMXBean;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.netty4.NettyAllocatorMetrics;
import io.micrometer.core.instrument.binder.system.FileDescriptorMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.core.instrument.binder.system.UptimeMetrics;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.ByteBufAllocatorMetricProvider;
import java.lang.management.ManagementFactory;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What the process uses: memory, threads, descriptors, CPU. Bound by the first scrape, so that a
 * start does not pay for it. Thread-safe.
 */
public final class ProcessMetrics {
  private final MeterRegistry registry;
  private final AtomicBoolean bound = new AtomicBoolean();

  /** Creates it; registers nothing yet. */
  public ProcessMetrics(MeterRegistry registry) {
    this.registry = registry;
  }

  /** Registers the meters, the first time that it is called. */
  public void bind() {
    if (!bound.compareAndSet(false, true)) {
      return;
    }
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    new FileDescriptorMetrics().bindTo(registry);
    new UptimeMetrics().bindTo(registry);
    if (ByteBufAllocator.DEFAULT instanceof ByteBufAllocatorMetricProvider allocator) {
      new NettyAllocatorMetrics(allocator).bindTo(registry);
    }
    if (ManagementFactory.getThreadMXBean() instanceof ThreadMXBean threads) {
      FunctionCounter.builder("jvm.allocated", threads, ThreadMXBean::getTotalThreadAllocatedBytes)
          .description("Heap allocated by all threads since the start")
          .baseUnit("bytes")
          .register(registry);
    }
  }
}
