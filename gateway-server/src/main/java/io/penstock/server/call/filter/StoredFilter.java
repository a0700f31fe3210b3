package io.penstock.server.call.filter;

import io.penstock.core.Endpoint;
import io.penstock.core.ErrorCode;
import io.penstock.core.Filter;
import io.penstock.core.GatewayException;
import io.penstock.core.Step;
import io.penstock.core.body.RequestBody;
import io.penstock.server.call.Call;
import io.penstock.server.call.serve.StoredResponses;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/**
 * Lets a caller come back to its own stored responses and their items only, and to the provider
 * that keeps them. Refuses what would keep a conversation, or its cost, out of the gateway's sight.
 */
final class StoredFilter implements Filter<Call> {
  private final StoredResponses responses;

  StoredFilter(StoredResponses responses) {
    this.responses = responses;
  }

  @Override
  public Step apply(Call call) {
    if (call.surface().endpoint() == Endpoint.STORED_RESPONSE) {
      String id = id(call.surface().rest());
      return Step.await(responses.find(id), owner -> come(call, id, owner));
    }
    RequestBody body = call.body();
    if (!isConversation(call.surface().endpoint()) || body == null) {
      return Step.next();
    }
    if (body.flag("background", false)) {
      throw GatewayException.unsupported(
          "background",
          "Responses in the background are not served: what they cost is not known when they are"
              + " accepted. Ask for a stream.");
    }
    if (body.has("conversation")) {
      throw GatewayException.unsupported(
          "conversation",
          "Conversations kept by a provider are not served: they belong to its account, not to"
              + " your key. Send `previous_response_id` or the turns in `input`.");
    }
    List<ItemReferences.Reference> references = ItemReferences.of(body);
    return references.isEmpty()
        ? Step.next()
        : Step.await(owners(references), owners -> goOn(call, references, owners));
  }

  private static boolean isConversation(Endpoint endpoint) {
    return endpoint == Endpoint.RESPONSES || endpoint == Endpoint.RESPONSES_INPUT_TOKENS;
  }

  private CompletionStage<List<Optional<StoredResponses.Owner>>> owners(
      List<ItemReferences.Reference> references) {
    List<CompletableFuture<Optional<StoredResponses.Owner>>> asked = new ArrayList<>();
    for (ItemReferences.Reference reference : references) {
      asked.add(responses.find(reference.id()).toCompletableFuture());
    }
    return CompletableFuture.allOf(asked.toArray(CompletableFuture[]::new))
        .thenApply(all -> asked.stream().map(CompletableFuture::resultNow).toList());
  }

  private static String id(String rest) {
    int slash = rest.indexOf('/');
    return slash < 0 ? rest : rest.substring(0, slash);
  }

  private static Step come(Call call, String id, Optional<StoredResponses.Owner> owner) {
    StoredResponses.Owner own = own(call, owner);
    if (own == null) {
      throw new GatewayException(
          ErrorCode.UNKNOWN_PATH, "There is no response \"" + clip(id) + "\" of yours here.");
    }
    call.destination().keptAt(own.provider(), "");
    return Step.next();
  }

  private static Step goOn(
      Call call,
      List<ItemReferences.Reference> references,
      List<Optional<StoredResponses.Owner>> owners) {
    for (int i = 0; i < references.size(); i++) {
      ItemReferences.Reference reference = references.get(i);
      StoredResponses.Owner own = own(call, owners.get(i));
      if (own != null) {
        keepAt(call, reference, own.provider());
      } else if (reference.bare() || owners.get(i).isPresent()) {
        throw notYours(reference);
      }
    }
    return Step.next();
  }

  private static void keepAt(Call call, ItemReferences.Reference reference, String provider) {
    if (!call.destination().allows(provider)) {
      throw GatewayException.invalid(
          reference.param(),
          "\""
              + clip(reference.id())
              + "\" is kept at another provider than what stands before it; send its content.");
    }
    call.destination().keptAt(provider, reference.param());
  }

  private static GatewayException notYours(ItemReferences.Reference reference) {
    boolean response = reference.param().equals("previous_response_id");
    return GatewayException.invalid(
        reference.param(),
        "There is no "
            + (response ? "response" : "item")
            + " \""
            + clip(reference.id())
            + "\" of yours here; send "
            + (response ? "the previous turns in `input`." : "its content."));
  }

  private static StoredResponses.@Nullable Owner own(
      Call call, Optional<StoredResponses.Owner> owner) {
    return owner.filter(known -> known.is(call.principal())).orElse(null);
  }

  private static String clip(String text) {
    return text.length() <= 100 ? text : text.substring(0, 100) + "...";
  }
}
