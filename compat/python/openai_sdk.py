"""The OpenAI SDK for Python against a running gateway: openai_sdk.py BASE_URL KEY."""

import sys

import openai
from checks import run

BASE_URL, KEY = sys.argv[1:]
CLIENT = openai.OpenAI(base_url=BASE_URL, api_key=KEY, max_retries=0, timeout=30)
CHAT = {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": "What is a penstock?"}]}


def text(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def raises(kind, code, call):
    try:
        call()
    except kind as error:
        assert error.code == code, f"code {error.code}, expected {code}"
        return
    raise AssertionError(f"{kind.__name__} expected, nothing was raised")


def chat_completion_priced():
    raw = CLIENT.chat.completions.with_raw_response.create(**CHAT)
    answer = raw.parse()
    assert "penstock" in answer.choices[0].message.content
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0
    assert float(raw.headers["x-penstock-cost-usd"]) > 0
    assert raw.headers["x-penstock-model"] == "gpt-4o-mini"
    assert raw.headers["x-request-id"]


def stream_no_usage_unless_asked_for():
    chunks = list(CLIENT.chat.completions.create(**CHAT, stream=True))
    assert "penstock" in text(chunks)
    assert not [chunk for chunk in chunks if chunk.usage]
    assert chunks[-1].choices[0].finish_reason == "stop"


def stream_with_usage_and_cost():
    usage = list(CLIENT.chat.completions.create(**CHAT, stream=True, stream_options={"include_usage": True}))[-1].usage
    assert usage.total_tokens > 0
    assert float(usage.model_extra["penstock"]["cost_usd"]) > 0


def stream_helper_puts_lists_together():
    with CLIENT.chat.completions.stream(**(CHAT | {"model": "gemini-2.5-flash"})) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.content == "A penstock feeds a turbine.", message.content
    signed = [detail["signature"] for detail in message.model_extra["reasoning_details"]]
    assert len(set(signed)) == 3, signed


def stream_left_half_way():
    with CLIENT.chat.completions.create(**CHAT, stream=True) as stream:
        next(iter(stream))
    assert CLIENT.chat.completions.create(**CHAT).choices[0].message.content


def embeddings_base64_and_float_alike():
    request = {"model": "text-embedding-3-small", "input": ["one", "two"]}
    packed = CLIENT.embeddings.create(**request)  # the SDK asks for base64 by itself
    plain = CLIENT.embeddings.create(**request, encoding_format="float")
    assert len(packed.data) == 2
    for one, other in zip(packed.data, plain.data, strict=True):
        for value, expected in zip(one.embedding, other.embedding, strict=True):
            assert abs(value - expected) < 1e-6, f"{value} is not {expected}"


def models():
    names = [model.id for model in CLIENT.models.list()]
    assert "gpt-4o-mini" in names, names


def a_wrong_key_is_an_authentication_error():
    stranger = openai.OpenAI(base_url=BASE_URL, api_key="pk-wrong", max_retries=0)
    raises(openai.AuthenticationError, "invalid_api_key", lambda: stranger.chat.completions.create(**CHAT))


def an_unknown_model_is_a_not_found_error():
    raises(
        openai.NotFoundError,
        "model_not_found",
        lambda: CLIENT.chat.completions.create(**(CHAT | {"model": "unheard-of"})),
    )


def an_unknown_path_is_a_not_found_error():
    raises(openai.NotFoundError, "unknown_path", lambda: CLIENT.get("/nowhere", cast_to=object))


run(
    chat_completion_priced,
    stream_no_usage_unless_asked_for,
    stream_with_usage_and_cost,
    stream_helper_puts_lists_together,
    stream_left_half_way,
    embeddings_base64_and_float_alike,
    models,
    a_wrong_key_is_an_authentication_error,
    an_unknown_model_is_a_not_found_error,
    an_unknown_path_is_a_not_found_error,
)
