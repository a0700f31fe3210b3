package io.penstock.server.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.GatewayException;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.RequestSink;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The paths of the admin port and who may ask for them. Shared by all loops. */
public final class AdminSink implements RequestSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(AdminSink.class);
  private static final int MAX_BODY = 16 * 1024 * 1024;

  /**
   * Who may ask.
   *
   * @param token "" for anyone (loopback only)
   * @param metricsOpen whether {@code /metrics} needs no token
   */
  public record Access(String token, boolean metricsOpen) {
    @Override
    public String toString() {
      return "Access[token=****, metricsOpen=" + metricsOpen + "]";
    }
  }

  private final Supplier<Access> access;
  private final TreeMap<String, AdminHandler> routes = new TreeMap<>();
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();

  /** Creates the sink; the access rule is read for each request. */
  public AdminSink(Supplier<Access> access) {
    this.access = access;
  }

  /** Adds a path; it also serves what is below it. Before the port is bound. */
  public AdminSink route(String path, AdminHandler handler) {
    routes.put(path, handler);
    return this;
  }

  @Override
  public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
    String path = head.path();
    Map.Entry<String, AdminHandler> route = find(path);
    boolean probe = path.equals("/healthz") || path.equals("/readyz");
    if (!probe && !isAllowed(path, head.headers())) {
      send(
          responder,
          AdminReply.error(
              401,
              "invalid_admin_token",
              "Send the admin token as \"Authorization: Bearer TOKEN\"."));
      return null;
    }
    if (route == null) {
      send(
          responder,
          AdminReply.error(
              404,
              "unknown_path",
              path + " is not served here. Served: " + String.join(", ", routes.keySet()) + "."));
      return null;
    }
    String rest = path.substring(route.getKey().length());
    return new Entry(route.getValue(), head, rest.startsWith("/") ? rest.substring(1) : rest, loop);
  }

  private Map.@Nullable Entry<String, AdminHandler> find(String path) {
    Map.Entry<String, AdminHandler> route = routes.floorEntry(path);
    while (route != null) {
      String key = route.getKey();
      if (path.equals(key) || path.startsWith(key.endsWith("/") ? key : key + "/")) {
        return route;
      }
      route = routes.lowerEntry(key);
    }
    return null;
  }

  private boolean isAllowed(String path, HttpHeaders headers) {
    Access rule = access.get();
    if (rule.token().isEmpty() || (rule.metricsOpen() && path.equals("/metrics"))) {
      return true;
    }
    // The dashboard's own files hold no data; its calls carry the token.
    if (path.equals("/ui") || path.startsWith("/ui/")) {
      return true;
    }
    String sent = headers.get("authorization", "");
    return MessageDigest.isEqual(
        ("Bearer " + rule.token()).getBytes(StandardCharsets.UTF_8),
        sent.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void turnAway(
      RequestHead head, GatewayException why, EventLoop loop, Responder responder) {
    refuse(why, responder);
  }

  private static void refuse(GatewayException why, Responder responder) {
    send(responder, AdminReply.error(why.code().status(), why.code().code(), why.message()));
  }

  private static void send(Responder to, AdminReply reply) {
    HttpHeaders headers = new DefaultHttpHeaders().set("content-type", reply.contentType());
    headers.set("x-content-type-options", "nosniff");
    headers.set("cache-control", "no-store");
    reply.headers().forEach(headers::set);
    to.reply(reply.status(), headers, Unpooled.wrappedBuffer(reply.body()));
  }

  private static AdminReply answer(
      AdminHandler handler, RequestHead head, String rest, byte[] body) {
    try {
      return handler.handle(
          new AdminRequest(head.method().name(), rest, AdminRequest.parse(head.query()), body));
    } catch (IllegalArgumentException e) {
      return AdminReply.error(400, "invalid_request", String.valueOf(e.getMessage()));
    } catch (RuntimeException e) {
      LOG.atError().setCause(e).log("an admin request failed");
      return AdminReply.error(500, "internal_error", "The gateway failed; its log has the cause.");
    }
  }

  @Override
  public void close() {
    workers.shutdown();
  }

  private final class Entry implements Admitted {
    private final AdminHandler handler;
    private final RequestHead head;
    private final String rest;
    private final EventLoop loop;

    Entry(AdminHandler handler, RequestHead head, String rest, EventLoop loop) {
      this.handler = handler;
      this.head = head;
      this.rest = rest;
      this.loop = loop;
    }

    @Override
    public long maxBody() {
      return MAX_BODY;
    }

    @Override
    public boolean holdBytes(int bytes) {
      return true;
    }

    @Override
    public Running start(byte[] body, Responder responder) {
      workers.execute(() -> {
        AdminReply reply = answer(handler, head, rest, body);
        loop.execute(() -> send(responder, reply));
      });
      return new Running() {
        @Override
        public void clientGone() {
          // The handler goes on; its answer finds nobody.
        }

        @Override
        public void writabilityChanged(boolean writable) {
          // One whole answer: nothing to hold back.
        }
      };
    }

    @Override
    public void refuse(@Nullable GatewayException why, @Nullable Responder responder) {
      if (why != null && responder != null) {
        AdminSink.refuse(why, responder);
      }
    }
  }
}
