package io.penstock.providers;

import io.netty.buffer.ByteBuf;
import org.jspecify.annotations.Nullable;

/**
 * Reads a streamed answer and gives the client's bytes to its {@link Sink}. Any split of the
 * provider's bytes gives the same client bytes and the same usage.
 */
public interface StreamReader extends AutoCloseable {
  /** Where a reader's findings go. All methods are called on the attempt's event loop. */
  interface Sink {
    /**
     * Client bytes, whole events.
     *
     * @param bytes owned by the sink
     * @param content whether they carry output of the model; the first such event commits the
     *     answer to the client, what came before it is held so that another target can still answer
     */
    void emit(ByteBuf bytes, boolean content);

    /**
     * The answer is complete and its usage known: called once, before the last bytes are emitted.
     *
     * @return the JSON object that says cost and savings, for the client's last event; null to say
     *     nothing
     */
    @Nullable String settle(AnswerSummary summary);

    /** The stream is broken or reports an error: called once, nothing follows. */
    void fail(Failure failure);
  }

  /**
   * Reads a chunk of the provider's stream.
   *
   * @param chunk borrowed
   */
  void read(ByteBuf chunk);

  /** The provider closed the stream. Without a finish before it this is {@code fail(CUT)}. */
  void end();

  /** Returns what is known so far; complete once the sink's {@code settle} was called. */
  AnswerSummary summary();

  /** Returns the length of the text relayed in bytes, or somewhat more; cheap, for each event. */
  long relayedBytes();

  /** The text will be read: all of it is kept, as far as memory goes. Call before it comes. */
  default void keepText() {}

  /**
   * Returns the text and tool arguments relayed so far, for counting tokens when usage is lost: a
   * {@link ClippedText} where not all is kept.
   */
  CharSequence relayedText();

  /**
   * Returns well-formed last events for a stream that the gateway cuts or that failed after its
   * first content, in the client's dialect.
   *
   * @param how as a shortened answer or by an error event
   * @param penstock the JSON object with the reason and cost, or null
   * @return owned by the caller
   */
  ByteBuf closing(Closing how, @Nullable String penstock);

  /** Releases what is held. Safe to call again. */
  @Override
  void close();
}
