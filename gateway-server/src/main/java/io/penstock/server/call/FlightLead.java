package io.penstock.server.call;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.penstock.cache.CacheEntry;
import io.penstock.cache.SingleFlight;
import io.penstock.core.GatewayException;
import io.penstock.core.price.NanoUsd;
import io.penstock.server.targets.TargetRuntime;
import java.nio.charset.StandardCharsets;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A call that calls upstream for others too: what its client is sent goes to those who follow.
 * Confined to the call's loop.
 */
public final class FlightLead {
  /** How a stream tells its cost in every dialect; inside a text the quotes would be escaped. */
  private static final Pattern COST = Pattern.compile("\"cost_usd\":[^}]*\\}");

  private final Call call;
  private final SingleFlight.Lead<StreamPiece> lead;
  private @Nullable GatewayException why;

  public FlightLead(Call call, SingleFlight.Lead<StreamPiece> lead) {
    this.call = call;
    this.lead = lead;
  }

  /** Returns what hands a call's answer to others; null when nobody can follow it. */
  public static @Nullable FlightLead of(Call call) {
    CachePart part = call.cache();
    return part == null ? null : part.lead();
  }

  /** Notes what the call's own client is told of a stream that breaks off. */
  public static void brokeOff(Call call, GatewayException why) {
    FlightLead of = of(call);
    if (of != null) {
      of.why = why;
    }
  }

  /**
   * Hands on a piece of the stream; the bytes are read, not consumed.
   *
   * @param leftOut the fields of the request that the target could not take, or ""
   * @param paid what the answer cost, once that is known: from then on the stream tells it, and
   *     those who follow are told what they saved instead
   */
  public void piece(
      TargetRuntime target, String leftOut, ByteBuf bytes, CacheEntry.@Nullable Paid paid) {
    byte[] copy = ByteBufUtil.getBytes(bytes);
    byte[] told = paid == null ? copy : retold(copy, paid);
    StreamPiece piece = new StreamPiece(target, leftOut, told);
    lead.piece(piece, piece.weight());
  }

  private static byte[] retold(byte[] tail, CacheEntry.Paid paid) {
    String said = "\"cost_usd\":0.00,\"saved_usd\":" + NanoUsd.format(paid.costNanos()) + "}";
    String text = new String(tail, StandardCharsets.ISO_8859_1);
    return COST.matcher(text).replaceFirst(said).getBytes(StandardCharsets.ISO_8859_1);
  }

  /** The answer is whole. */
  public void complete(CacheEntry answer) {
    lead.complete(answer);
  }

  /** The stream is at its end, but was too large to keep. */
  public void end(CacheEntry answer) {
    lead.end(answer);
  }

  /** Returns whether others wait for what this call reads. */
  public boolean isFollowed() {
    return lead.isFollowed();
  }

  /**
   * Returns whether the call goes on for others though its client has left.
   *
   * @param stop runs on the call's loop when the last of them has left too
   */
  public boolean goesOn(Runnable stop) {
    lead.onAbandoned(() -> call.guard().execute(stop));
    return lead.isFollowed();
  }

  /** The call ends; without an answer another one leads. */
  public void over() {
    lead.handOver(why);
  }
}
