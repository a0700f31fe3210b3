"""The Google GenAI SDK for Python against a running gateway, whose providers speak OpenAI's dialect: google_sdk.py BASE_URL KEY."""

import sys

from checks import run
from google import genai
from google.genai import errors, types

BASE_URL, KEY = sys.argv[1:]
OPTIONS = types.HttpOptions(base_url=BASE_URL.removesuffix("/v1"), timeout=30_000)
CLIENT = genai.Client(api_key=KEY, http_options=OPTIONS)
ASK = {"model": "gpt-4o-mini", "contents": "What is a penstock?"}
READ_FILE = {"name": "read_file", "parameters_json_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}


def content():
    answer = CLIENT.models.generate_content(**ASK)
    assert "penstock" in answer.text
    assert answer.usage_metadata.prompt_token_count > 0 and answer.usage_metadata.candidates_token_count > 0


def stream():
    parts = list(CLIENT.models.generate_content_stream(**ASK))
    assert len(parts) > 1
    assert "penstock" in "".join(part.text or "" for part in parts)
    assert parts[-1].usage_metadata.total_token_count > 0


def function_call():
    tools = [types.Tool(function_declarations=[types.FunctionDeclaration(**READ_FILE)])]
    automatic = types.AutomaticFunctionCallingConfig(disable=True)
    config = types.GenerateContentConfig(tools=tools, automatic_function_calling=automatic)
    answer = CLIENT.models.generate_content(model="agent-model", contents="What does /etc/turbine.txt say?", config=config)
    assert answer.function_calls[0].args == {"path": "/etc/turbine.txt"}, answer.function_calls


def automatic_function_calling():
    asked = []

    def read_file(path: str) -> str:
        """Reads a file."""
        asked.append(path)
        return "375 rpm"

    config = types.GenerateContentConfig(tools=[read_file])
    answer = CLIENT.models.generate_content(model="agent-model", contents="What does /etc/turbine.txt say?", config=config)
    assert asked == ["/etc/turbine.txt"], asked
    assert answer.text == "The file says: 375 rpm", answer.text


def function_response_without_an_id():
    tools = [types.Tool(function_declarations=[types.FunctionDeclaration(**READ_FILE)])]
    automatic = types.AutomaticFunctionCallingConfig(disable=True)
    chat = CLIENT.chats.create(
        model="agent-model", config=types.GenerateContentConfig(tools=tools, automatic_function_calling=automatic)
    )
    call = chat.send_message("What does /etc/turbine.txt say?").function_calls[0]
    answer = chat.send_message(types.Part.from_function_response(name=call.name, response={"result": "375 rpm"}))
    assert answer.text == "The file says: 375 rpm", answer.text


def count_of_tokens():
    assert 3 < CLIENT.models.count_tokens(**ASK).total_tokens < 60


def embedding():
    answer = CLIENT.models.embed_content(model="text-embedding-3-small", contents=["one", "two"])
    assert len(answer.embeddings) == 2 and answer.embeddings[0].values


def a_wrong_key_is_a_401():
    stranger = genai.Client(api_key="pk-wrong", http_options=OPTIONS)
    try:
        stranger.models.generate_content(**ASK)
    except errors.ClientError as error:
        assert error.code == 401, error.code
        return
    raise AssertionError("ClientError expected, nothing was raised")


run(
    content,
    stream,
    function_call,
    automatic_function_calling,
    function_response_without_an_id,
    count_of_tokens,
    embedding,
    a_wrong_key_is_a_401,
)
