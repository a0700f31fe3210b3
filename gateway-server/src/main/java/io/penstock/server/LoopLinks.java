package io.penstock.server;

import io.lettuce.core.cluster.api.async.RedisClusterAsyncCommands;
import io.lettuce.core.resource.EventLoopGroupProvider;
import io.lettuce.core.resource.Transports;
import io.netty.channel.EventLoop;
import io.netty.channel.EventLoopGroup;
import io.netty.util.concurrent.EventExecutor;
import io.netty.util.concurrent.EventExecutorGroup;
import io.netty.util.concurrent.Future;
import io.netty.util.concurrent.ImmediateEventExecutor;
import io.penstock.cache.RedisConnector;
import io.penstock.cache.RedisLink;
import io.penstock.server.upstream.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Redis for calls: a connection for every event loop, served by that loop, so that asking and
 * hearing wake nobody. Where Lettuce takes another kind of sockets than the gateway, all loops
 * share one connection on a thread of Lettuce's. Thread-safe.
 */
final class LoopLinks implements RedisLink, Executor {
  /**
   * Long enough to gather stores of many calls, also where replicas share them; other replicas may
   * miss them until then.
   */
  private static final long SOON_MILLIS = 40;

  private final List<EventExecutor> loops = new ArrayList<>();
  private final List<RedisLink> links = new ArrayList<>();

  /**
   * Opens the connections; they belong to the connector.
   *
   * @param group must outlive the connector
   */
  LoopLinks(RedisConnector redis, EventLoopGroup group, Transport transport) {
    boolean isOnLoops = Transports.socketChannelClass() == transport.socketChannel();
    RedisLink apart = isOnLoops ? null : redis.callLink(null);
    for (EventExecutor loop : group) {
      loops.add(loop);
      links.add(apart == null ? redis.callLink(new OneLoop((EventLoop) loop)) : apart);
    }
  }

  /**
   * Returns those of the calling loop; of any when the caller is none, or while its own is made.
   */
  @Override
  public @Nullable RedisClusterAsyncCommands<byte[], byte[]> commands() {
    RedisClusterAsyncCommands<byte[], byte[]> found = links.get(mine()).commands();
    for (int i = 0; found == null && i < links.size(); i++) {
      found = links.get(i).commands();
    }
    return found;
  }

  /** Runs the task some 40 ms later on the calling loop, or on any. */
  @Override
  public void execute(Runnable task) {
    loops.get(mine()).schedule(task, SOON_MILLIS, TimeUnit.MILLISECONDS);
  }

  private int mine() {
    for (int i = loops.size() - 1; i > 0; i--) {
      if (loops.get(i).inEventLoop()) {
        return i;
      }
    }
    return 0;
  }

  /** Lends a loop to Lettuce, which never ends it. */
  private record OneLoop(EventLoop loop) implements EventLoopGroupProvider {
    /** Lettuce asks by a class to tell kinds of sockets apart, and takes any group of that kind. */
    @Override
    @SuppressWarnings("unchecked")
    public <T extends EventLoopGroup> T allocate(Class<T> type) {
      return (T) loop;
    }

    @Override
    public int threadPoolSize() {
      return 1;
    }

    @Override
    public Future<Boolean> release(
        EventExecutorGroup lent, long quietPeriod, long timeout, TimeUnit unit) {
      return ImmediateEventExecutor.INSTANCE.newSucceededFuture(true);
    }

    @Override
    public Future<Boolean> shutdown(long quietPeriod, long timeout, TimeUnit unit) {
      return ImmediateEventExecutor.INSTANCE.newSucceededFuture(true);
    }
  }
}
