// A scripted OpenAI-compatible provider on loopback, for agents that loop over tools, which streams as Gemini, too: node upstream.mjs. Prints its base URL; GET /log tells what
// it was asked. A prompt that names a .txt file is answered with a call of the tool that can read it, a tool's result with its text.
import { createServer } from "node:http";

const log = [];

// How to read a file with the tools that agents bring, by the tool's name.
const readers = {
  Read: (path) => ({ file_path: path }),
  exec_command: (path) => ({ cmd: `cat ${path}` }),
  shell: (path) => ({ command: ["cat", path] }),
  read_file: (path) => ({ path }),
};

function text(content) {
  return typeof content === "string" ? content : (content ?? []).map((part) => part.text ?? "").join("\n");
}

function answer({ messages, tools = [] }) {
  const last = messages.at(-1);
  if (last.role === "tool") return { content: `The file says: ${text(last.content).trim()}` };
  const path = messages.filter((m) => m.role === "user").map((m) => text(m.content).match(/\/\S+\.txt/)?.[0]).findLast(Boolean);
  const name = Object.keys(readers).find((known) => tools.some((tool) => tool.function?.name === known));
  if (!path || !name) return { content: "Hello from the scripted provider." };
  const call = { id: `call_${log.length}`, type: "function", function: { name, arguments: JSON.stringify(readers[name](path)) } };
  return { content: null, tool_calls: [call] };
}

function chunks(message) {
  const deltas = [{ role: "assistant", content: "" }];
  if (message.tool_calls) {
    message.tool_calls.forEach(({ id, type, function: { name, arguments: all } }, index) => {
      deltas.push({ tool_calls: [{ index, id, type, function: { name, arguments: "" } }] });
      for (const part of all.match(/.{1,7}/gs)) deltas.push({ tool_calls: [{ index, function: { arguments: part } }] });
    });
  } else {
    for (const part of message.content.match(/.{1,9}/gs)) deltas.push({ content: part });
  }
  return deltas;
}

// Gemini's own stream: its lines end with CR LF, and every part has a signature, as Gemini 3's may.
function generate(response) {
  response.writeHead(200, { "content-type": "text/event-stream" });
  const texts = ["A penstock ", "feeds ", "a turbine."];
  texts.forEach((text, at) => {
    const last = at === texts.length - 1;
    const candidate = { content: { parts: [{ text, thoughtSignature: Buffer.from(`s${at}`).toString("base64") }], role: "model" }, index: 0, ...(last && { finishReason: "STOP" }) };
    const usageMetadata = { promptTokenCount: 7, candidatesTokenCount: 3 * (at + 1), totalTokenCount: 7 + 3 * (at + 1) };
    response.write(`data: ${JSON.stringify({ candidates: [candidate], usageMetadata, modelVersion: "gemini-2.5-flash" })}\r\n\r\n`);
  });
  response.end();
}

function read(request) {
  return new Promise((resolve, reject) => {
    const parts = [];
    request.on("data", (part) => parts.push(part)).on("end", () => resolve(Buffer.concat(parts).toString())).on("error", reject);
  });
}

const server = createServer(async (request, response) => {
  if (request.url === "/log") {
    response.end(JSON.stringify(log));
    return;
  }
  const body = JSON.parse(await read(request));
  if (request.url.includes(":streamGenerateContent")) {
    generate(response);
    return;
  }
  log.push({ path: request.url, model: body.model, tools: (body.tools ?? []).length, roles: body.messages.map((m) => m.role) });
  const message = answer(body);
  const usage = { prompt_tokens: 40, completion_tokens: 12, total_tokens: 52 };
  const finish_reason = message.tool_calls ? "tool_calls" : "stop";
  const head = { id: `chatcmpl-${log.length}`, created: 1, model: body.model };
  if (!body.stream) {
    response.setHeader("content-type", "application/json");
    const choices = [{ index: 0, message: { role: "assistant", ...message }, finish_reason }];
    response.end(JSON.stringify({ ...head, object: "chat.completion", choices, usage }));
    return;
  }
  response.setHeader("content-type", "text/event-stream");
  const send = (data) => response.write(`data: ${typeof data === "string" ? data : JSON.stringify({ ...head, object: "chat.completion.chunk", ...data })}\n\n`);
  for (const delta of chunks(message)) send({ choices: [{ index: 0, delta, finish_reason: null }] });
  send({ choices: [{ index: 0, delta: {}, finish_reason }] });
  if (body.stream_options?.include_usage) send({ choices: [], usage });
  send("[DONE]");
  response.end();
});
server.listen(Number(process.argv[2] ?? 0), "127.0.0.1", () => console.log(`http://127.0.0.1:${server.address().port}/v1`));
