// The Anthropic SDK for Node against a running gateway, whose providers speak OpenAI's dialect: node anthropic.mjs BASE_URL KEY.
import assert from "node:assert/strict";
import Anthropic from "@anthropic-ai/sdk";
import { collect, run } from "./checks.mjs";

const [base, apiKey] = process.argv.slice(2);
const baseURL = base.replace(/\/v1$/, "/anthropic");
const client = new Anthropic({ baseURL, apiKey, maxRetries: 0, timeout: 30_000 });
const ask = { model: "gpt-4o-mini", max_tokens: 200, messages: [{ role: "user", content: "What is a penstock?" }] };

await run({
  async "message, priced"() {
    const { data, response } = await client.messages.create(ask).withResponse();
    assert.match(data.content[0].text, /penstock/);
    assert.equal(data.stop_reason, "end_turn");
    assert.ok(data.usage.input_tokens > 0 && data.usage.output_tokens > 0);
    assert.ok(Number(response.headers.get("x-penstock-cost-usd")) > 0, "x-penstock-cost-usd");
    assert.ok(response.headers.get("request-id"), "request-id");
  },

  async "stream in full event order"() {
    const events = await collect(await client.messages.create({ ...ask, stream: true }));
    const types = events.map((event) => event.type).filter((type, i, all) => type !== "ping" && type !== all[i - 1]);
    const order = ["message_start", "content_block_start", "content_block_delta", "content_block_stop", "message_delta", "message_stop"];
    assert.deepEqual(types, order);
    assert.match((await client.messages.stream(ask).finalMessage()).content[0].text, /penstock/);
  },

  async "tool call and its result"() {
    const tools = [{ name: "read_file", description: "Reads a file", input_schema: { type: "object", properties: { path: { type: "string" } } } }];
    const messages = [{ role: "user", content: "What does /etc/turbine.txt say?" }];
    const first = await client.messages.create({ model: "agent-model", max_tokens: 200, tools, messages });
    assert.equal(first.stop_reason, "tool_use");
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual(call.input, { path: "/etc/turbine.txt" });
    const result = { role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "375 rpm" }] };
    const second = await client.messages
      .stream({ model: "agent-model", max_tokens: 200, tools, messages: [...messages, { role: "assistant", content: first.content }, result] })
      .finalMessage();
    assert.equal(second.content[0].text, "The file says: 375 rpm");
  },

  async "count of tokens"() {
    const { input_tokens } = await client.messages.countTokens({ model: ask.model, messages: ask.messages });
    assert.ok(input_tokens > 3 && input_tokens < 60, `${input_tokens}`);
  },

  async "models"() {
    const names = (await collect(client.models.list())).map((model) => model.id);
    assert.ok(names.includes("gpt-4o-mini"), names.join(" "));
  },

  async "a wrong key is an AuthenticationError"() {
    const stranger = new Anthropic({ baseURL, apiKey: "pk-wrong", maxRetries: 0 });
    await assert.rejects(stranger.messages.create(ask), (error) => {
      assert.ok(error instanceof Anthropic.AuthenticationError, error.name);
      assert.equal(error.error.error.type, "authentication_error");
      return true;
    });
  },

  async "an unknown model is a NotFoundError"() {
    await assert.rejects(client.messages.create({ ...ask, model: "unheard-of" }), (error) => {
      assert.ok(error instanceof Anthropic.NotFoundError, error.name);
      assert.equal(error.error.error.type, "not_found_error");
      return true;
    });
  },
});
