package io.penstock.providers.translate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.core.Dialect;
import io.penstock.core.Endpoint;
import io.penstock.providers.ProviderCall;
import io.penstock.providers.translate.Wiring.Operation;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Embeddings between OpenAI, Gemini, Vertex AI and Cohere, as floats or as base64 of little-endian
 * floats.
 */
final class Embeddings {
  /**
   * What is to be embedded.
   *
   * @param task Google's word for its purpose, or ""
   * @param title of the document, or ""
   */
  private record Input(String text, String task, String title) {}

  private static final Set<String> OPENAI =
      Set.of("model", "input", "dimensions", "encoding_format", "user");
  private static final Set<String> GEMINI =
      Set.of("model", "content", "taskType", "title", "outputDimensionality");

  private final ProviderCall call;
  private final Fit fit;
  private final List<Input> inputs = new ArrayList<>();
  private @Nullable JsonNode dimensions;
  private boolean base64;

  Embeddings(ProviderCall call, Fit fit) {
    this.call = call;
    this.fit = fit;
  }

  static boolean serves(Endpoint endpoint, Dialect to) {
    boolean asked =
        endpoint == Endpoint.EMBEDDINGS
            || endpoint == Endpoint.EMBED_CONTENT
            || endpoint == Endpoint.BATCH_EMBED_CONTENTS;
    return asked && (to == Dialect.OPENAI || to == Dialect.GEMINI || to == Dialect.COHERE);
  }

  /**
   * Returns whether Vertex AI takes this model by {@code predict}, many texts at once; it embeds
   * one content at a time with every Gemini model after the first and with open models.
   */
  static boolean isPredicted(String model) {
    boolean later = model.contains("gemini") && !model.equals("gemini-embedding-001");
    return !later && !model.contains("maas");
  }

  /** Returns how the provider is asked. */
  Operation operation() {
    return call.target().dialect() == Dialect.VERTEX && isPredicted(call.target().model())
        ? Operation.PREDICT
        : Operation.EMBED;
  }

  ObjectNode request(ObjectNode body, Dialect to) {
    switch (call.endpoint()) {
      case EMBED_CONTENT -> content(GenerateNames.camel(body), "");
      case BATCH_EMBED_CONTENTS -> {
        JsonNode requests = RequestReader.list(body, "requests", "requests");
        for (int i = 0; i < requests.size(); i++) {
          ObjectNode request = RequestReader.object(requests.get(i), "requests." + i);
          content(GenerateNames.camel(request), "requests." + i + ".");
        }
      }
      default -> input(body);
    }
    if (inputs.isEmpty()) {
      throw fit.refusal("input", "there is nothing to embed");
    }
    return switch (to) {
      case GEMINI ->
          operation() == Operation.PREDICT
              ? toPredict()
              : call.target().dialect() == Dialect.VERTEX ? toOneContent() : toGemini();
      case COHERE -> toCohere();
      default -> toOpenAi();
    };
  }

  private void unknown(ObjectNode body, String path, Set<String> known) {
    body.fieldNames()
        .forEachRemaining(name -> {
          if (!known.contains(name)) {
            fit.unsupported(path + name, "Penstock knows no counterpart of it");
          }
        });
  }

  private void input(ObjectNode body) {
    unknown(body, "", OPENAI);
    if (Trees.present(body.get("user"))) {
      fit.dropped("user");
    }
    JsonNode input = body.path("input");
    JsonNode list = input.isArray() ? input : Trees.array().add(input);
    for (JsonNode text : list) {
      if (!text.isTextual()) {
        throw fit.refusal("input", "tokens of OpenAI mean nothing there; send text");
      }
      inputs.add(new Input(text.textValue(), "", ""));
    }
    dimensions = body.get("dimensions");
    base64 = Trees.textOr(body, "encoding_format").equals("base64");
  }

  private void content(ObjectNode request, String path) {
    unknown(request, path, GEMINI);
    StringBuilder text = new StringBuilder();
    for (JsonNode part : request.path("content").path("parts")) {
      if (!part.path("text").isTextual()) {
        throw fit.refusal(path + "content.parts", "only text can be embedded there");
      }
      text.append(text.isEmpty() ? "" : "\n").append(part.path("text").textValue());
    }
    JsonNode wanted = request.get("outputDimensionality");
    if (!inputs.isEmpty() && !Objects.equals(wanted, dimensions)) {
      throw fit.refusal(path + "outputDimensionality", "it must be the same for all requests");
    }
    dimensions = wanted;
    inputs.add(
        new Input(
            text.toString(), Trees.textOr(request, "taskType"), Trees.textOr(request, "title")));
  }

  private ObjectNode toOpenAi() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    ArrayNode list = body.putArray("input");
    inputs.forEach(input -> list.add(input.text()));
    body.put("encoding_format", "float");
    if (Trees.present(dimensions)) {
      body.set("dimensions", dimensions);
    }
    if (!task().isEmpty()) {
      fit.dropped("taskType");
    }
    dropTitles();
    return body;
  }

  private ObjectNode toGemini() {
    ObjectNode body = Trees.object();
    for (Input input : inputs) {
      ObjectNode request = Trees.arrayIn(body, "requests").addObject();
      content(request.put("model", "models/" + call.target().model()), input);
    }
    return body;
  }

  private ObjectNode toOneContent() {
    if (inputs.size() > 1) {
      throw fit.refusal(
          call.endpoint() == Endpoint.EMBEDDINGS ? "input" : "requests",
          "this model embeds one text at a time, and there are " + inputs.size());
    }
    return content(Trees.object(), inputs.getFirst());
  }

  private ObjectNode content(ObjectNode request, Input input) {
    request.putObject("content").putArray("parts").addObject().put("text", input.text());
    if (Trees.present(dimensions)) {
      request.set("outputDimensionality", dimensions);
    }
    put(request, "taskType", input.task());
    put(request, "title", input.title());
    return request;
  }

  private static void put(ObjectNode into, String name, String value) {
    if (!value.isEmpty()) {
      into.put(name, value);
    }
  }

  private ObjectNode toPredict() {
    ObjectNode body = Trees.object();
    ArrayNode instances = body.putArray("instances");
    for (Input input : inputs) {
      ObjectNode instance = instances.addObject().put("content", input.text());
      put(instance, "task_type", input.task());
      put(instance, "title", input.title());
    }
    if (Trees.present(dimensions)) {
      body.putObject("parameters").set("outputDimensionality", dimensions);
    }
    return body;
  }

  /** Returns the purpose of the first input: elsewhere there is one for all. */
  private String task() {
    return inputs.getFirst().task();
  }

  private void dropTitles() {
    if (inputs.stream().anyMatch(input -> !input.title().isEmpty())) {
      fit.dropped("title");
    }
  }

  private ObjectNode toCohere() {
    ObjectNode body = Trees.object().put("model", call.target().model());
    ArrayNode list = body.putArray("texts");
    inputs.forEach(input -> list.add(input.text()));
    dropTitles();
    if (inputs.stream().anyMatch(input -> !input.task().equals(task()))) {
      throw fit.refusal("requests", "one taskType must go for all of them");
    }
    String type =
        switch (task()) {
          case "RETRIEVAL_QUERY", "QUESTION_ANSWERING", "CODE_RETRIEVAL_QUERY" -> "search_query";
          case "CLASSIFICATION" -> "classification";
          case "CLUSTERING", "SEMANTIC_SIMILARITY" -> "clustering";
          default -> "search_document";
        };
    body.put("input_type", type).putArray("embedding_types").add("float");
    if (Trees.present(dimensions)) {
      body.set("output_dimension", dimensions);
    }
    return body;
  }

  /** Returns the provider's answer as the client wants it. */
  UnaryAttempt.Result answer(ObjectNode answer, Dialect from) {
    return EmbeddingVectors.read(answer, from, inputs.size()).asAnswer(call, base64);
  }
}
