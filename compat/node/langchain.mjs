// LangChain for Node, as OpenAI and Anthropic clients, against a running gateway: node langchain.mjs BASE_URL KEY.
import assert from "node:assert/strict";
import { ChatAnthropic } from "@langchain/anthropic";
import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI, OpenAIEmbeddings } from "@langchain/openai";
import { collect, run } from "./checks.mjs";

const [baseURL, apiKey] = process.argv.slice(2);
const configuration = { baseURL };
const clients = {
  ChatOpenAI: (model) => new ChatOpenAI({ model, apiKey, configuration, maxRetries: 0 }),
  ChatAnthropic: (model) =>
    new ChatAnthropic({ model, apiKey, anthropicApiUrl: baseURL.replace(/\/v1$/, "/anthropic"), maxTokens: 200, maxRetries: 0 }),
};
const schema = { type: "object", properties: { path: { type: "string" } } };
const readFile = { type: "function", function: { name: "read_file", description: "Reads a file", parameters: schema } };

const checks = {};
for (const [name, make] of Object.entries(clients)) {
  checks[`${name}: invoke and stream`] = async () => {
    const answer = await make("gpt-4o-mini").invoke("What is a penstock?");
    assert.match(answer.text, /penstock/);
    assert.ok(answer.usage_metadata.total_tokens > 0, "usage_metadata");
    const parts = await collect(await make("gpt-4o-mini").stream("What is a penstock?"));
    assert.match(parts.map((part) => part.text).join(""), /penstock/);
  };
  checks[`${name}: a tool call and its result`] = async () => {
    const model = make("agent-model").bindTools([readFile]);
    const messages = [new HumanMessage("What does /etc/turbine.txt say?")];
    const first = await model.invoke(messages);
    assert.deepEqual(first.tool_calls[0].args, { path: "/etc/turbine.txt" });
    messages.push(first, new ToolMessage({ content: "375 rpm", tool_call_id: first.tool_calls[0].id }));
    assert.match((await model.invoke(messages)).text, /^The file says: 375 rpm/);
  };
}
checks["OpenAIEmbeddings"] = async () => {
  const embeddings = new OpenAIEmbeddings({ model: "text-embedding-3-small", apiKey, configuration, maxRetries: 0 });
  assert.equal((await embeddings.embedDocuments(["one", "two"])).length, 2);
};

await run(checks);
