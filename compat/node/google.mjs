// The Google GenAI SDK for Node against a running gateway, whose providers speak OpenAI's dialect, one its own: node google.mjs BASE_URL KEY.
import assert from "node:assert/strict";
import { ApiError, GoogleGenAI } from "@google/genai";
import { collect, run } from "./checks.mjs";

const [base, apiKey] = process.argv.slice(2);
const httpOptions = { baseUrl: base.replace(/\/v1$/, ""), timeout: 30_000 };
const client = new GoogleGenAI({ apiKey, httpOptions });
const ask = { model: "gpt-4o-mini", contents: "What is a penstock?" };

await run({
  async "content"() {
    const answer = await client.models.generateContent(ask);
    assert.match(answer.text, /penstock/);
    assert.equal(answer.candidates[0].finishReason, "STOP");
    assert.ok(answer.usageMetadata.promptTokenCount > 0 && answer.usageMetadata.candidatesTokenCount > 0);
  },

  async "stream"() {
    const parts = await collect(await client.models.generateContentStream(ask));
    assert.ok(parts.length > 1, `${parts.length} parts`);
    assert.match(parts.map((part) => part.text ?? "").join(""), /penstock/);
    assert.ok(parts.at(-1).usageMetadata.totalTokenCount > 0, "usage");
  },

  async "stream of a provider that speaks its dialect"() {
    const parts = await collect(await client.models.generateContentStream({ ...ask, model: "gemini-2.5-flash" }));
    assert.equal(parts.map((part) => part.text ?? "").join(""), "A penstock feeds a turbine.");
    assert.equal(parts.at(-1).usageMetadata.totalTokenCount, 16);
  },

  async "function call and its result"() {
    const tools = [{ functionDeclarations: [{ name: "read_file", parametersJsonSchema: { type: "object", properties: { path: { type: "string" } } } }] }];
    const contents = [{ role: "user", parts: [{ text: "What does /etc/turbine.txt say?" }] }];
    const first = await client.models.generateContent({ model: "agent-model", contents, config: { tools } });
    const [call] = first.functionCalls;
    assert.deepEqual(call.args, { path: "/etc/turbine.txt" });
    contents.push(first.candidates[0].content);
    contents.push({ role: "user", parts: [{ functionResponse: { id: call.id, name: call.name, response: { output: "375 rpm" } } }] });
    const second = await client.models.generateContent({ model: "agent-model", contents, config: { tools } });
    assert.match(second.text, /^The file says: .*375 rpm/);
  },

  async "count of tokens"() {
    const { totalTokens } = await client.models.countTokens(ask);
    assert.ok(totalTokens > 3 && totalTokens < 60, `${totalTokens}`);
  },

  async "embedding"() {
    const { embeddings } = await client.models.embedContent({ model: "text-embedding-3-small", contents: ["one", "two"] });
    assert.equal(embeddings.length, 2);
    assert.ok(embeddings[0].values.length > 0, `${embeddings[0].values.length} values`);
  },

  async "a wrong key is a 401"() {
    const stranger = new GoogleGenAI({ apiKey: "pk-wrong", httpOptions });
    await assert.rejects(stranger.models.generateContent(ask), (error) => {
      assert.ok(error instanceof ApiError, error.name);
      assert.equal(error.status, 401);
      return true;
    });
  },
});
