package io.penstock.server.client;

import io.netty.channel.EventLoop;
import io.penstock.core.GatewayException;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** Where requests go. Shared by all connections; called on each request's event loop. */
public interface RequestSink {
  /** What becomes of a request whose head was not answered at once. */
  sealed interface Admission {}

  /** A request of which nobody can say yet whether it is accepted. */
  non-sealed interface Later extends Admission {
    /** Returns what completes soon, on any thread: then the head is to be looked at again. */
    CompletionStage<?> until();

    /** Answers it: it has waited, and still nobody can say. */
    void refuse();
  }

  /** A request whose head was accepted. */
  non-sealed interface Admitted extends Admission {
    /** Returns the largest body accepted, in bytes. */
    long maxBody();

    /** Reserves memory for the body; false when the process holds too much already. */
    boolean holdBytes(int bytes);

    /**
     * Starts the request.
     *
     * @param body the whole body; owned by the request from now on
     * @return null when it was answered at once
     */
    @Nullable Running start(byte[] body, Responder responder);

    /**
     * Answers a request whose body was refused (too large, too slow, cut): everything held for it
     * is given back.
     *
     * @param responder null when the client has left
     */
    void refuse(@Nullable GatewayException why, @Nullable Responder responder);
  }

  /**
   * Looks at a request's head, before its body is read.
   *
   * @return null when it was answered at once
   */
  @Nullable Admission admit(RequestHead head, EventLoop loop, Responder responder);

  /**
   * Answers a request that cannot be read, or not now.
   *
   * @param head what there is of it; its path is {@code /} or {@code /bad-request} when unknown
   */
  void turnAway(RequestHead head, GatewayException why, EventLoop loop, Responder responder);
}
