// The OpenAI SDK for Node against a running gateway: node openai.mjs BASE_URL KEY.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { collect, run } from "./checks.mjs";

const [baseURL, apiKey] = process.argv.slice(2);
const client = new OpenAI({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const messages = [{ role: "user", content: "What is a penstock?" }];
const chat = { model: "gpt-4o-mini", messages };

const checks = {
  async "chat completion, priced"() {
    const { data, response } = await client.chat.completions.create(chat).withResponse();
    assert.match(data.choices[0].message.content, /penstock/);
    assert.ok(data.usage.prompt_tokens > 0 && data.usage.completion_tokens > 0);
    assert.ok(Number(response.headers.get("x-penstock-cost-usd")) > 0, "x-penstock-cost-usd");
    assert.equal(response.headers.get("x-penstock-model"), "gpt-4o-mini");
    assert.ok(response.headers.get("x-request-id"), "x-request-id");
  },

  async "stream, no usage unless asked for"() {
    const chunks = await collect(await client.chat.completions.create({ ...chat, stream: true }));
    assert.match(text(chunks), /penstock/);
    assert.equal(chunks.filter((chunk) => chunk.usage).length, 0);
    assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
  },

  async "stream with usage and cost"() {
    const stream_options = { include_usage: true };
    const chunks = await collect(await client.chat.completions.create({ ...chat, stream: true, stream_options }));
    const { usage } = chunks.at(-1);
    assert.ok(usage.total_tokens > 0, "total_tokens");
    assert.ok(Number(usage.penstock.cost_usd) > 0, "usage.penstock.cost_usd");
  },

  async "stream left half-way"() {
    const stream = await client.chat.completions.create({ ...chat, stream: true });
    for await (const chunk of stream) {
      if (chunk.choices[0]?.delta.content) break;
    }
    const again = await client.chat.completions.create(chat);
    assert.ok(again.choices[0].message.content);
  },

  async "embeddings, base64 and float alike"() {
    const request = { model: "text-embedding-3-small", input: ["one", "two"] };
    const raw = await client.post("/embeddings", { body: { ...request, encoding_format: "base64" } });
    assert.equal(typeof raw.data[0].embedding, "string");
    const packed = await client.embeddings.create(request); // the SDK asks for base64 by itself
    const plain = await client.embeddings.create({ ...request, encoding_format: "float" });
    assert.equal(packed.data.length, 2);
    packed.data.forEach(({ embedding }, i) => {
      const expected = plain.data[i].embedding;
      assert.equal(embedding.length, expected.length);
      embedding.forEach((value, d) => assert.ok(Math.abs(value - expected[d]) < 1e-6, `${value} is not ${expected[d]}`));
    });
  },

  async "Responses, whole and streamed"() {
    const whole = await client.responses.create({ model: "gpt-4o-mini", input: "What is a penstock?" });
    assert.match(whole.output_text, /penstock/);
    const events = await collect(await client.responses.create({ model: "agent-model", input: "Hello", stream: true }));
    assert.equal(events[0].type, "response.created");
    assert.equal(events.at(-1).type, "response.completed");
    assert.equal(events.at(-1).response.output_text ?? events.findLast((e) => e.type === "response.output_text.done").text, "Hello from the scripted provider.");
    assert.ok(events.at(-1).response.usage.total_tokens > 0, "usage");
  },

  async "models"() {
    const names = [];
    for await (const model of client.models.list()) names.push(model.id);
    assert.ok(names.includes("gpt-4o-mini"), names.join(" "));
  },

  async "a wrong key is an AuthenticationError"() {
    const stranger = new OpenAI({ baseURL, apiKey: "pk-wrong", maxRetries: 0 });
    await assert.rejects(stranger.chat.completions.create(chat), (error) => {
      assert.ok(error instanceof OpenAI.AuthenticationError, error.name);
      assert.equal(error.status, 401);
      assert.equal(error.code, "invalid_api_key");
      return true;
    });
  },

  async "an unknown model is a NotFoundError"() {
    await assert.rejects(client.chat.completions.create({ ...chat, model: "unheard-of" }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError, error.name);
      assert.equal(error.status, 404);
      assert.equal(error.code, "model_not_found");
      return true;
    });
  },

  async "an unknown path is a NotFoundError"() {
    await assert.rejects(client.get("/nowhere"), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError, error.name);
      assert.equal(error.code, "unknown_path");
      return true;
    });
  },
};

function text(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

await run(checks);
