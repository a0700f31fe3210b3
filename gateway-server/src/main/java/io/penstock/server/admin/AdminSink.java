package io.penstock.server.admin;

import io.netty.buffer.Unpooled;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.http.DefaultHttpHeaders;
import io.netty.handler.codec.http.HttpHeaders;
import io.netty.handler.codec.http.HttpMethod;
import io.penstock.core.GatewayException;
import io.penstock.ledger.LedgerException;
import io.penstock.server.client.RequestHead;
import io.penstock.server.client.RequestSink;
import io.penstock.server.client.Responder;
import io.penstock.server.client.Running;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the admin port answers, and to whom. Shared by all loops. */
public final class AdminSink implements RequestSink, AutoCloseable {
  private static final String OWN = "/admin/v1/";
  private static final Logger LOG = LoggerFactory.getLogger(AdminSink.class);
  private static final int MAX_BODY = 16 * 1024 * 1024;

  /** The bytes of requests that the process holds. Thread-safe. */
  public interface HeldBytes {
    /** Takes that many more; false when they would be too many. */
    boolean hold(int bytes);

    /** Gives them back. */
    void release(long bytes);
  }

  private final Supplier<AdminAccess> access;
  private final HeldBytes heldBytes;
  private final AdminPaths paths = new AdminPaths();
  private final ExecutorService workers = Executors.newVirtualThreadPerTaskExecutor();

  /** Creates the sink; the access rule is read for each request. */
  public AdminSink(Supplier<AdminAccess> access, HeldBytes heldBytes) {
    this.access = access;
    this.heldBytes = heldBytes;
  }

  /**
   * Adds a line to the table of what is served. HEAD is served where GET is; POST alone may have a
   * body. Before the port is bound.
   *
   * @param path may hold a name in braces, for what {@link AdminRequest#rest} is then
   * @param takes the query parameters that the handler reads, with {@code ...} behind those that
   *     may stand more than once: any other is a 400. Paths outside {@code /admin/v1} are asked by
   *     tools that add parameters of their own, at which nobody looks
   */
  public AdminSink route(HttpMethod method, String path, AdminHandler handler, String... takes) {
    AdminParameters parameters = AdminParameters.of(takes);
    paths.add(
        method,
        path,
        path.startsWith(OWN)
            ? request -> {
              parameters.require(request);
              return handler.handle(request);
            }
            : handler);
    return this;
  }

  @Override
  public @Nullable Admitted admit(RequestHead head, EventLoop loop, Responder responder) {
    String path = withoutSlash(head.path());
    AdminReply refusal = access.get().refusal(path, head.headers());
    if (refusal != null) {
      send(responder, refusal);
      return null;
    }
    AdminPaths.Found found = paths.find(path);
    if (found == null) {
      String served = String.join(", ", paths.all());
      send(
          responder,
          AdminReply.error(
              404, "unknown_path", path + " is not served here. Served: " + served + "."));
      return null;
    }
    AdminHandler handler = found.handler(head.method());
    if (handler == null) {
      String allowed = found.allowed();
      send(
          responder,
          AdminReply.error(
                  405,
                  "method_not_allowed",
                  head.method() + " " + path + " (expected: " + allowed + ")")
              .with("allow", allowed));
      return null;
    }
    return new Entry(handler, head, found.rest(), loop);
  }

  private static String withoutSlash(String path) {
    return path.length() > 1 && path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
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
      String key = head.headers().get("idempotency-key", "").strip();
      return handler.handle(new AdminRequest(rest, AdminRequest.parse(head.query()), key, body));
    } catch (IllegalArgumentException e) {
      return AdminReply.error(400, "invalid_request", String.valueOf(e.getMessage()));
    } catch (LedgerException e) {
      LOG.atWarn().addKeyValue("error", e.getMessage()).log("the ledger does not answer");
      return AdminReply.error(
          503, "ledger_unavailable", "The ledger does not answer; the gateway's log says why.");
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
    private long held;

    Entry(AdminHandler handler, RequestHead head, String rest, EventLoop loop) {
      this.handler = handler;
      this.head = head;
      this.rest = rest;
      this.loop = loop;
    }

    @Override
    public long maxBody() {
      return head.method().equals(HttpMethod.POST) ? MAX_BODY : 0;
    }

    @Override
    public boolean holdBytes(int bytes) {
      if (!heldBytes.hold(bytes)) {
        return false;
      }
      held += bytes;
      return true;
    }

    @Override
    public Running start(byte[] body, Responder responder) {
      workers.execute(() -> {
        try {
          AdminReply reply = answer(handler, head, rest, body);
          loop.execute(() -> send(responder, reply));
        } finally {
          heldBytes.release(held);
        }
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
      heldBytes.release(held);
      if (why != null && responder != null) {
        AdminSink.refuse(why, responder);
      }
    }
  }
}
