package io.penstock.server.content;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.handler.codec.http.HttpHeaders;
import io.penstock.core.Endpoint;
import io.penstock.server.client.Responder;
import io.penstock.server.client.TappedResponder;
import java.io.ByteArrayOutputStream;
import java.util.UUID;

/** The answer of one call as its client gets it, copied up to a bound. Confined to its loop. */
public final class Recording extends TappedResponder {
  /** Events take many times the room of the text in them. */
  static final int MOST_BYTES = 4 << 20;

  private final ContentKeeper keeper;
  private final ByteArrayOutputStream copy = new ByteArrayOutputStream();
  private String type = "";
  private long bytes;
  private boolean streamed;
  private boolean whole;
  private boolean cut;

  /**
   * What was asked.
   *
   * @param contentType of the body, "" when the client named none
   * @param body as it was sent; never changed
   * @param credential what the client presented, so that it is not kept where a prompt repeats it
   */
  @SuppressWarnings("ArrayRecordComponent") // compared by nobody; a copy would cost a body
  public record Asked(
      UUID request, Endpoint endpoint, String contentType, byte[] body, String credential) {
    @Override
    public String toString() {
      return "Asked[" + request + "]";
    }
  }

  /**
   * An answer.
   *
   * @param copy its first bytes; nothing is written to it any more
   * @param bytes how many there were
   * @param streamed whether it came in pieces
   * @param whole whether it ended well and none of it is missing here
   */
  record Answered(
      String contentType,
      ByteArrayOutputStream copy,
      long bytes,
      boolean streamed,
      boolean whole) {}

  Recording(Responder to, ContentKeeper keeper) {
    super(to);
    this.keeper = keeper;
  }

  @Override
  protected void begins(int status, HttpHeaders headers) {
    type = headers.get("content-type", "");
    streamed = true;
  }

  @Override
  protected void passes(ByteBuf data) {
    int length = data.readableBytes();
    bytes += length;
    // Once a piece is missing, what follows is of no use.
    cut = cut || copy.size() + length > MOST_BYTES || !keeper.hold(length);
    if (!cut) {
      copy.writeBytes(ByteBufUtil.getBytes(data));
    }
  }

  @Override
  protected void ends() {
    whole = true;
  }

  /** Hands over what was said; the call has ended. */
  public void ended(Asked asked) {
    keeper.release(copy.size());
    keeper.put(asked, new Answered(type, copy, bytes, streamed, whole && !cut));
  }
}
