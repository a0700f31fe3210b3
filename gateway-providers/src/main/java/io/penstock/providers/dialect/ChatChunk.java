package io.penstock.providers.dialect;

import org.jspecify.annotations.Nullable;

/**
 * What the chunks of a chat or text completion stream say, read one after the other by their keys.
 * A key counts where the protocol has it: filters, tools and breakdowns have an {@code error} or a
 * {@code usage} of their own. Confined to one thread.
 */
final class ChatChunk {
  private final JsonKeys keys;
  private final RelayedText relayed;
  private final Choices choices = new Choices();

  private String id = "";
  private long created;
  private @Nullable String model;
  private @Nullable String tier;
  private String finish = "";
  private boolean toolCalls;

  private boolean content;
  private boolean noChoices;
  private boolean finishes;
  private boolean failed;
  private boolean inChoices;
  private int usageStart;
  private int usageEnd;

  /**
   * Creates the reader.
   *
   * @param keys used while a chunk is read
   * @param relayed takes the output
   */
  ChatChunk(JsonKeys keys, RelayedText relayed) {
    this.keys = keys;
    this.relayed = relayed;
  }

  /**
   * Reads the next chunk.
   *
   * @return false when it is an error
   */
  boolean read(byte[] chunk, int from, int to) {
    content = false;
    noChoices = false;
    finishes = false;
    failed = false;
    inChoices = false;
    usageStart = -1;
    usageEnd = -1;
    keys.reset(chunk, from, to);
    while (keys.next()) {
      switch (keys.depth()) {
        case 1 -> ofChunk();
        case 2 -> ofGroq();
        case 3 -> {
          if (inChoices) {
            ofChoice();
          }
        }
        default -> {
          if (inChoices) {
            ofMessage();
          }
        }
      }
    }
    choices.chunkRead();
    return !failed;
  }

  private void ofChunk() {
    inChoices = false;
    switch (keys.keyLength()) {
      case 2 -> {
        if (id.isEmpty() && keys.is("id") && keys.isText()) {
          id = keys.identifier();
        }
      }
      case 5 -> {
        if (keys.is("usage")) {
          usage();
        } else if (keys.is("error")) {
          error();
        } else if (keys.is("model") && model == null && keys.isText()) {
          model = keys.identifier();
        }
      }
      case 7 -> {
        if (keys.is("choices")) {
          inChoices = true;
          noChoices = !keys.isFilled();
        } else if (keys.is("created") && created == 0) {
          created = keys.number();
        }
      }
      case 12 -> {
        if (keys.is("service_tier") && keys.isText()) {
          tier = keys.identifier();
        }
      }
      default -> {
        // Not ours.
      }
    }
  }

  /** Groq says some things in an object of its own; what the chunk itself says goes before. */
  private void ofGroq() {
    if (keys.is("usage") && usageStart < 0 && keys.under("x_groq")) {
      usage();
    } else if (keys.is("error") && keys.under("x_groq")) {
      error();
    }
  }

  private void ofChoice() {
    choices.in(keys.element());
    switch (keys.keyLength()) {
      case 4 -> {
        if (keys.is("text")) {
          output();
        }
      }
      case 5 -> {
        if (keys.is("index")) {
          choices.index(keys.number());
        } else if (keys.is("error")) {
          error();
        }
      }
      case 13 -> {
        if (keys.is("finish_reason") && keys.isText()) {
          String said = keys.identifier();
          // Some say an empty one in every chunk.
          if (!said.isEmpty()) {
            choices.ends();
            finishes = true;
            finish = finish(said);
          }
        }
      }
      default -> {
        // Not ours.
      }
    }
  }

  private void ofMessage() {
    switch (keys.keyLength()) {
      case 4 -> {
        if (keys.is("text")) {
          output();
        }
      }
      case 5 -> content |= keys.is("audio") && keys.isFilled();
      case 7 -> {
        if (keys.is("content") || keys.is("refusal")) {
          output();
        }
      }
      case 9 -> {
        if (keys.is("reasoning") || keys.is("arguments")) {
          output();
        }
      }
      case 10 -> call(keys.is("tool_calls"));
      case 13 -> call(keys.is("function_call"));
      case 17 -> {
        if (keys.is("reasoning_content")) {
          output();
        }
      }
      default -> {
        // Not ours.
      }
    }
  }

  private void usage() {
    if (keys.first() == '{') {
      usageStart = keys.valueStart();
      usageEnd = keys.skipValue();
    }
  }

  private void error() {
    failed |= keys.first() == '{' || keys.isText();
  }

  private void call(boolean named) {
    if (named && keys.isFilled()) {
      toolCalls = true;
      content = true;
    }
  }

  private void output() {
    if (keys.isText()) {
      content = true;
      keys.relay(relayed);
    }
  }

  private static String finish(String reason) {
    return reason.equals("function_call") ? "tool_calls" : reason;
  }

  /** Returns the stream's first id, or "". */
  String id() {
    return id;
  }

  /** Returns when the answer was begun, in seconds since 1970; 0 when nobody said it. */
  long created() {
    return created;
  }

  /** Returns the model that the stream first named. */
  @Nullable String model() {
    return model;
  }

  /** Returns the service tier that the stream last named. */
  @Nullable String tier() {
    return tier;
  }

  /** Returns why the choice stopped that stopped last, or "". */
  String finish() {
    return finish;
  }

  /** Returns whether the stream called a tool. */
  boolean toolCalls() {
    return toolCalls;
  }

  Choices choices() {
    return choices;
  }

  /** Returns whether this chunk has output. */
  boolean content() {
    return content;
  }

  /** Returns whether this chunk has an empty list of choices. */
  boolean noChoices() {
    return noChoices;
  }

  /** No chunk follows: an answer of which some choice is not finished has no finish. */
  void done() {
    if (!choices.isWhole()) {
      finish = "";
    }
  }

  /** Returns whether this chunk finishes a choice. */
  boolean finishes() {
    return finishes;
  }

  /** Returns where this chunk's usage begins; -1 for none. */
  int usageStart() {
    return usageStart;
  }

  /** Returns where this chunk's usage ends; -1 for none. */
  int usageEnd() {
    return usageEnd;
  }
}
