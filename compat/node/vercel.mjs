// The Vercel AI SDK, as OpenAI, Anthropic and Google clients, against a running gateway: node vercel.mjs BASE_URL KEY.
import assert from "node:assert/strict";
import { createAnthropic } from "@ai-sdk/anthropic";
import { createGoogleGenerativeAI } from "@ai-sdk/google";
import { createOpenAI } from "@ai-sdk/openai";
import { embed, generateText, isStepCount, jsonSchema, streamText, tool } from "ai";
import { run } from "./checks.mjs";

globalThis.AI_SDK_LOG_WARNINGS = false;

const [baseURL, apiKey] = process.argv.slice(2);
const openai = createOpenAI({ baseURL, apiKey });
const anthropic = createAnthropic({ baseURL: baseURL.replace(/\/v1$/, "/anthropic/v1"), apiKey });
const google = createGoogleGenerativeAI({ baseURL: baseURL.replace(/\/v1$/, "/v1beta"), apiKey });

const clients = {
  "OpenAI chat": (model) => openai.chat(model),
  "OpenAI Responses": (model) => openai.responses(model),
  Anthropic: (model) => anthropic(model),
  Google: (model) => google(model),
};
const schema = { type: "object", properties: { path: { type: "string" } }, required: ["path"], additionalProperties: false };
const tools = {
  read_file: tool({ description: "Reads a file", inputSchema: jsonSchema(schema), execute: async ({ path }) => `${path} holds 375 rpm` }),
};

const checks = {};
for (const [name, model] of Object.entries(clients)) {
  checks[`${name}: text and stream`] = async () => {
    const whole = await generateText({ model: model("gpt-4o-mini"), prompt: "What is a penstock?", maxRetries: 0 });
    assert.match(whole.text, /penstock/);
    assert.ok(whole.usage.totalTokens > 0, "usage");
    const stream = streamText({ model: model("gpt-4o-mini"), prompt: "What is a penstock?", maxRetries: 0 });
    let text = "";
    for await (const part of stream.textStream) text += part;
    assert.match(text, /penstock/);
    assert.ok((await stream.usage).outputTokens > 0, "usage of the stream");
  };
  checks[`${name}: a loop over a tool`] = async () => {
    const prompt = "What does /etc/turbine.txt say?";
    const options = { model: model("agent-model"), prompt, tools, stopWhen: isStepCount(3), maxRetries: 0 };
    const whole = await generateText(options);
    assert.match(whole.text, /^The file says: .*\/etc\/turbine.txt holds 375 rpm/);
    assert.equal(whole.steps.length, 2);
    const stream = streamText(options);
    await stream.consumeStream();
    assert.match(await stream.text, /^The file says: .*375 rpm/);
  };
}
checks["embedding"] = async () => {
  const { embedding } = await embed({ model: openai.embedding("text-embedding-3-small"), value: "one" });
  assert.ok(embedding.length > 0, `${embedding.length} values`);
};

await run(checks);
