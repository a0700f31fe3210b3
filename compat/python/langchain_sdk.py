"""LangChain for Python, as OpenAI and Anthropic clients, against a running gateway: langchain_sdk.py BASE_URL KEY."""

import sys

from checks import run
from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_openai import ChatOpenAI, OpenAIEmbeddings

BASE_URL, KEY = sys.argv[1:]


def read_file(path: str) -> str:
    """Reads a file."""
    return path


def openai(model):
    return ChatOpenAI(model=model, base_url=BASE_URL, api_key=KEY, max_retries=0, stream_usage=True)


def anthropic(model):
    return ChatAnthropic(model=model, base_url=BASE_URL.removesuffix("/v1") + "/anthropic", api_key=KEY, max_retries=0, max_tokens=200)


def invoke_and_stream(make):
    answer = make("gpt-4o-mini").invoke("What is a penstock?")
    assert "penstock" in answer.text, answer
    assert answer.usage_metadata["total_tokens"] > 0
    parts = list(make("gpt-4o-mini").stream("What is a penstock?"))
    assert "penstock" in "".join(part.text for part in parts)
    assert sum((part.usage_metadata or {}).get("total_tokens", 0) for part in parts) > 0


def tool_loop(make):
    model = make("agent-model").bind_tools([read_file])
    messages = [HumanMessage("What does /etc/turbine.txt say?")]
    first = model.invoke(messages)
    assert first.tool_calls[0]["args"] == {"path": "/etc/turbine.txt"}, first.tool_calls
    messages += [first, ToolMessage("375 rpm", tool_call_id=first.tool_calls[0]["id"])]
    assert model.invoke(messages).text == "The file says: 375 rpm"


def chat_openai_invoke_and_stream():
    invoke_and_stream(openai)


def chat_openai_a_tool_call_and_its_result():
    tool_loop(openai)


def chat_anthropic_invoke_and_stream():
    invoke_and_stream(anthropic)


def chat_anthropic_a_tool_call_and_its_result():
    tool_loop(anthropic)


def openai_embeddings():
    embeddings = OpenAIEmbeddings(model="text-embedding-3-small", base_url=BASE_URL, api_key=KEY, max_retries=0, check_embedding_ctx_length=False)
    assert len(embeddings.embed_documents(["one", "two"])) == 2


run(
    chat_openai_invoke_and_stream,
    chat_openai_a_tool_call_and_its_result,
    chat_anthropic_invoke_and_stream,
    chat_anthropic_a_tool_call_and_its_result,
    openai_embeddings,
)
