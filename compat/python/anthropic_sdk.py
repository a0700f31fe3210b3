"""The Anthropic SDK for Python against a running gateway, whose providers speak OpenAI's dialect: anthropic_sdk.py BASE_URL KEY."""

import sys

import anthropic
from checks import run

BASE_URL, KEY = sys.argv[1:]
CLIENT = anthropic.Anthropic(base_url=BASE_URL.removesuffix("/v1") + "/anthropic", api_key=KEY, max_retries=0, timeout=30)
ASK = {"model": "gpt-4o-mini", "max_tokens": 200, "messages": [{"role": "user", "content": "What is a penstock?"}]}
TOOLS = [{"name": "read_file", "description": "Reads a file", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}]


def message_priced():
    raw = CLIENT.messages.with_raw_response.create(**ASK)
    answer = raw.parse()
    assert "penstock" in answer.content[0].text
    assert answer.usage.input_tokens > 0 and answer.usage.output_tokens > 0
    assert float(raw.headers["x-penstock-cost-usd"]) > 0


def stream():
    with CLIENT.messages.stream(**ASK) as events:
        text = "".join(events.text_stream)
        final = events.get_final_message()
    assert "penstock" in text
    assert final.stop_reason == "end_turn" and final.usage.output_tokens > 0


def tool_call_and_its_result():
    messages = [{"role": "user", "content": "What does /etc/turbine.txt say?"}]
    ask = {"model": "agent-model", "max_tokens": 200, "tools": TOOLS}
    first = CLIENT.messages.create(**ask, messages=messages)
    call = next(block for block in first.content if block.type == "tool_use")
    assert call.input == {"path": "/etc/turbine.txt"}, call.input
    messages.append({"role": "assistant", "content": first.content})
    messages.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "375 rpm"}]})
    assert CLIENT.messages.create(**ask, messages=messages).content[0].text == "The file says: 375 rpm"


def count_of_tokens():
    assert 3 < CLIENT.messages.count_tokens(model=ASK["model"], messages=ASK["messages"]).input_tokens < 60


def a_wrong_key_is_an_authentication_error():
    stranger = anthropic.Anthropic(base_url=BASE_URL.removesuffix("/v1") + "/anthropic", api_key="pk-wrong", max_retries=0)
    try:
        stranger.messages.create(**ASK)
    except anthropic.AuthenticationError as error:
        assert error.body["error"]["type"] == "authentication_error"
        return
    raise AssertionError("AuthenticationError expected, nothing was raised")


run(
    message_priced,
    stream,
    tool_call_and_its_result,
    count_of_tokens,
    a_wrong_key_is_an_authentication_error,
)
