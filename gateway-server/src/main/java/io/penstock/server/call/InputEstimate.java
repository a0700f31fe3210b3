package io.penstock.server.call;

import io.penstock.core.Endpoint;
import io.penstock.core.body.RequestBody;
import io.penstock.server.call.prompt.Elsewhere;
import io.penstock.server.call.prompt.InputText;
import io.penstock.server.call.prompt.Papers;
import io.penstock.server.call.prompt.Pictures;
import io.penstock.server.call.prompt.Sound;
import io.penstock.server.targets.TargetRuntime;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Input tokens before anyone has counted them. The likely number is for conditions and expected
 * cost; the upper bound is for holds and is passed by no tokeniser: a byte-level BPE never yields
 * more tokens than UTF-8 bytes, and an image in it costs what the model's dearest image costs
 * (docs/budgets.md).
 */
public final class InputEstimate {
  private static final int LIKELY_BYTES_PER_TOKEN = 4;

  /** No tokeniser has words so long that a text of any length makes fewer tokens than this. */
  private static final int MOST_BYTES_PER_TOKEN = 12;

  /** Up to here the bytes say enough: names, escapes and small media make no thousand tokens. */
  private static final int SMALL = 4_096;

  private static final long LIKELY_IMAGE = 1_000;
  private static final long OVERHEAD = 64;

  /** A base and at most eight tiles. No other model known bills as much for an image. */
  private static final long GPT_4O_MINI = 2_833L + 8 * 5_667;

  /** What Claude is told about tools, and of those that Anthropic itself describes. */
  private static final long CLAUDES_TOOLS = 2_048;

  private static final List<String> TOOLS = List.of("tools", "functions");

  /** Where the model's name says nothing. */
  private static final long UNKNOWN_IMAGE = GPT_4O_MINI;

  /** The most tokens of one image by what the name of the model has in it; the first that fits. */
  private static final Map<String, Long> IMAGES = new LinkedHashMap<>();

  static {
    IMAGES.put("gpt-4o-mini", GPT_4O_MINI);
    IMAGES.put("gpt-4o", 85L + 8 * 170);
    // Patches: at most 1,536, times 2.46.
    IMAGES.put("gpt-4.1-", 3_779L);
    IMAGES.put("gpt-4.1", 85L + 8 * 170);
    IMAGES.put("o4-mini", 3_779L);
    // 10,000 patches, the most that any model looks at, at the dearest multiplier.
    IMAGES.put("gpt-5", 24_600L);
    IMAGES.put("claude", 4_784L);
    IMAGES.put("gemini-3", 2_240L);
  }

  private InputEstimate() {}

  public static long likely(Call call) {
    int bytes = call.bytes().length;
    Pictures pictures = call.wants().pictures();
    long text = bytes > SMALL ? call.facts().inputText().all() : bytes - pictures.bytes();
    return tokens(text, pictures);
  }

  /** Returns the same of so many bytes of plain text. */
  public static long likely(int bytes) {
    return (long) bytes / LIKELY_BYTES_PER_TOKEN + 1;
  }

  private static long tokens(long text, Pictures pictures) {
    return text / LIKELY_BYTES_PER_TOKEN + pictures.count() * LIKELY_IMAGE + 1;
  }

  /** Returns whether the input is likely more than a context, tokens, takes. */
  public static boolean isLikelyOver(Call call, long context) {
    Pictures pictures = call.wants().pictures();
    // Hardly any request is near: its bytes alone say so.
    if (!hasOneContext(call) || tokens(call.bytes().length, pictures) <= context) {
      return false;
    }
    InputText text = call.facts().inputText();
    return tokens(hasParts(call) ? text.longest() : text.all(), pictures) > context;
  }

  /** Returns whether no provider can take the input into a context, tokens. */
  public static boolean isSurelyOver(Call call, long context) {
    if (!hasOneContext(call) || call.bytes().length / MOST_BYTES_PER_TOKEN <= context) {
      return false;
    }
    InputText text = call.facts().inputText();
    long read = hasParts(call) ? text.longest() : text.values();
    return read / MOST_BYTES_PER_TOKEN > context;
  }

  /** Where sound, documents or a batch are sent, bytes say nothing of a context. */
  private static boolean hasOneContext(Call call) {
    return call.surface().endpoint().isConversation() || hasParts(call);
  }

  /** Each prompt has a context of its own. */
  private static boolean hasParts(Call call) {
    return call.surface().endpoint() == Endpoint.COMPLETIONS;
  }

  /**
   * Returns the bound for a target.
   *
   * @param elsewhere what the provider fetches and does for it
   */
  public static long upperBound(Call call, TargetRuntime target, Elsewhere elsewhere) {
    int added = target.parameters().length;
    RequestBody body = call.body();
    if (body != null && body.isForm()) {
      return ofForm(body) + added;
    }
    long carried = upperBound(call.bytes().length + added, call.wants().pictures(), target.model());
    if (body != null && call.surface().endpoint().isConversation()) {
      carried += tools(body, target) + pages(body, target, carried);
    }
    return carried + elsewhere.tokens(carried);
  }

  private static long tools(RequestBody body, TargetRuntime target) {
    boolean claude = target.model().contains("claude");
    return claude && TOOLS.stream().anyMatch(name -> isSent(name, body, target))
        ? CLAUDES_TOOLS
        : 0;
  }

  private static boolean isSent(String name, RequestBody body, TargetRuntime target) {
    return body.has(name) || target.set().containsKey(name) || target.defaults().containsKey(name);
  }

  /**
   * Returns the tokens of the pages of documents as images, beside their bytes: at most what fits
   * into the model's usual context, for what does not fit is refused and not billed.
   */
  private static long pages(RequestBody body, TargetRuntime target, long carried) {
    long tokens = Papers.pages(body.bytes()) * ofImage(target.model());
    long context = target.price().contextLimit();
    return context > 0 ? Math.min(tokens, Math.max(0, context - carried)) : tokens;
  }

  /** The files of a form are sound. */
  private static long ofForm(RequestBody form) {
    long files = InputText.files(form);
    return form.bytes().length - files + Sound.tokens(files) + OVERHEAD;
  }

  public static long upperBound(int bytes, Pictures pictures, String model) {
    long images = pictures.count() == 0 ? 0 : pictures.count() * ofImage(model);
    return bytes - pictures.bytes() + images + OVERHEAD;
  }

  private static long ofImage(String model) {
    for (Map.Entry<String, Long> known : IMAGES.entrySet()) {
      if (model.contains(known.getKey())) {
        return known.getValue();
      }
    }
    return UNKNOWN_IMAGE;
  }
}
