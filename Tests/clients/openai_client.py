"""What the official OpenAI client makes of the server at the URL given as the first argument."""

import base64
import struct
import sys
import zlib

import openai

client = openai.OpenAI(base_url=sys.argv[1] + "/v1", api_key="unused", timeout=60, max_retries=0)
CHECKS = []


def check(function):
    CHECKS.append(function)
    return function


def png(width, height):
    """A PNG file whose pixels all differ from their neighbours."""

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(
        b"\0" + bytes((x * 7 + y * 13 + c * 80) % 256 for x in range(width) for c in range(3)) for y in range(height)
    )
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


PICTURE = "data:image/png;base64," + base64.b64encode(png(60, 40)).decode()
MODEL = client.models.list().data[0].id


def messages(url=PICTURE, text="describe the image"):
    picture = {"type": "image_url", "image_url": {"url": url}}
    return [{"role": "user", "content": [picture, {"type": "text", "text": text}]}]


def ask(**options):
    return client.chat.completions.create(
        **{"model": MODEL, "messages": messages(), "max_tokens": 6, "temperature": 0, **options}
    )


def refused(kind, code=None, param=None, **options):
    try:
        ask(**options)
    except kind as error:
        assert code is None or error.code == code, error.code
        assert param is None or error.param == param, error.param
        return error
    raise AssertionError(f"no {kind.__name__}")


@check
def models_are_listed_and_retrieved():
    listed = client.models.list().data
    assert len(listed) == 1 and listed[0].object == "model"
    assert client.models.retrieve(MODEL).id == MODEL


@check
def a_picture_is_answered():
    answer = ask()
    choice = answer.choices[0]
    assert answer.object == "chat.completion" and answer.model == MODEL
    assert choice.message.role == "assistant" and isinstance(choice.message.content, str)
    assert choice.finish_reason in ("stop", "length")
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens
    assert answer.usage.prompt_tokens_details.cached_tokens is not None


@check
def plain_text_is_answered():
    answer = ask(messages=[{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}])
    assert answer.choices[0].message.content is not None


@check
def a_stream_adds_up_to_the_whole_answer():
    chunks = list(ask(stream=True))
    assert chunks[0].choices[0].delta.role == "assistant"
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")
    assert all(chunk.usage is None for chunk in chunks)
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks)
    assert text == ask().choices[0].message.content


@check
def a_stream_ends_with_usage_when_asked():
    chunks = list(ask(stream=True, stream_options={"include_usage": True}))
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens > 0
    assert all(chunk.usage is None for chunk in chunks[:-1])


@check
def the_stream_helper_accumulates():
    # The helper takes an answer that ended at its length for an error, hence the stop string.
    options = {"model": MODEL, "messages": messages(), "max_tokens": 6, "temperature": 0}
    options["stop"] = ask().choices[0].message.content[-2:]
    with client.chat.completions.stream(**options) as stream:
        final = stream.get_final_completion()
    assert final.choices[0].message.content == ask(stop=options["stop"]).choices[0].message.content


@check
def logprobs_are_parsed():
    tokens = ask(logprobs=True, top_logprobs=4).choices[0].logprobs.content
    assert tokens
    for token in tokens:
        assert token.logprob <= 0 and len(token.top_logprobs) == 4
        values = [alternative.logprob for alternative in token.top_logprobs]
        assert values == sorted(values, reverse=True) and values[0] == token.logprob


@check
def logprobs_are_streamed():
    chunks = list(ask(stream=True, logprobs=True))
    streamed = [token.logprob for chunk in chunks if chunk.choices[0].logprobs for token in chunk.choices[0].logprobs.content]
    assert streamed == [token.logprob for token in ask(logprobs=True).choices[0].logprobs.content]


@check
def a_stop_string_ends_the_answer():
    text = ask().choices[0].message.content
    stop = text[-2:]
    answer = ask(stop=[stop])
    assert answer.choices[0].finish_reason == "stop"
    assert answer.choices[0].message.content == text[: text.index(stop)]


@check
def max_completion_tokens_is_understood():
    answer = ask(max_tokens=openai.NOT_GIVEN, max_completion_tokens=2)
    assert answer.usage.completion_tokens <= 2


@check
def a_seed_repeats_a_draw():
    first, second = (ask(temperature=1.2, seed=11, max_tokens=12).choices[0].message.content for _ in range(2))
    assert first == second


@check
def interventions_travel_in_the_extra_body():
    answer = ask(extra_body={"interventions": ["img->txt+gen"], "colour": "red"})
    assert answer.choices[0].message.content is not None
    assert answer.warnings == ['unknown field "colour" was ignored']


@check
def a_wrong_model_is_not_found():
    refused(openai.NotFoundError, code="model_not_found", param="model", model="gpt-9")


@check
def bad_requests_name_their_field():
    refused(openai.BadRequestError, param="messages", messages=[])
    refused(openai.BadRequestError, param="max_tokens", max_tokens=-1)
    refused(openai.BadRequestError, param="n", n=2)
    refused(openai.BadRequestError, code="context_length_exceeded", max_tokens=100_000)
    refused(openai.BadRequestError, code="invalid_image", messages=messages("data:image/png;base64,AAAA"))


@check
def other_refusals_have_their_class():
    far = messages("https://example.org/cat.png")
    refused(openai.PermissionDeniedError, code="remote_images_disabled", messages=far)
    nowhere = {"kind": "attention_knockout", "from": "image", "to": [99_999]}
    refused(openai.UnprocessableEntityError, code="unsupported_probe", extra_body={"interventions": [nowhere]})


@check
def an_error_before_a_stream_is_an_error():
    refused(openai.BadRequestError, param="temperature", stream=True, temperature=-1)


# The other clients' checks are counted with these.
from array_client import checks  # noqa: E402

CHECKS += checks(sys.argv[1], PICTURE)


def main():
    failed = 0
    for function in CHECKS:
        try:
            function()
        except Exception as error:  # Every check is to be heard, whatever one of them meets.
            failed += 1
            print(f"FAILED {function.__name__}: {type(error).__name__}: {error}")
    print(f"{len(CHECKS) - failed} passed, {failed} failed")
    return 1 if failed else 0


sys.exit(main())
