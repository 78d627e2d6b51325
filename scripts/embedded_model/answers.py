"""Right answers on held-out scenes: descriptions, and every kind of question."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from questions import Question, questions
from render import render
from scoring import answers_exactly, object_f1, share, told_names, told_objects, true_names, true_objects
from server import Server, chat
from world import HELD_OUT, Scene, scene

PROMPT = "Describe this image."
# The side that the model's towers see: pictures of this size pass preprocessing unchanged.
SIDE = 96
# The longest description has some forty tokens; an answer that rambles is cut here.
DESCRIPTION_TOKENS, ANSWER_TOKENS = 64, 48


@dataclass(frozen=True)
class HeldOut:
    """A held-out scene whose picture the server keeps."""

    index: int
    drawn: Scene
    image: str

    @cached_property
    def asked(self) -> list[Question]:
        """The scene's own dozen questions."""
        return questions(self.drawn, np.random.default_rng((HELD_OUT, self.index, 1)))


def held_out(server: Server, count: int) -> list[HeldOut]:
    """The first `count` held-out scenes, always the same."""

    def kept(index: int) -> HeldOut:
        drawn = scene(HELD_OUT, index)
        return HeldOut(index, drawn, server.keep(render(drawn, SIDE)))

    return server.map(kept, range(count))


def answer(server: Server, image: str, question: str, given: str = "", tokens: int = ANSWER_TOKENS) -> str:
    """The greedy answer's text."""
    body = chat(image, question, given, max_tokens=tokens)
    return server.post("/v1/chat/completions", body)["choices"][0]["message"]["content"]


def description_scores(scenes: list[HeldOut], texts: list[str]) -> dict:
    """Object F1 (colour and shape) averaged over scenes, and the objects right in all four attributes."""
    f1 = [object_f1(told_names(text), true_names(s.drawn)) for s, text in zip(scenes, texts)]
    pairs = [(told_objects(text), true_objects(s.drawn)) for s, text in zip(scenes, texts)]
    objects = sum(len(true) for _, true in pairs)
    return {
        "object_f1": round(float(np.mean(f1)), 4),
        "full_attributes": share(sum(len(told & true) for told, true in pairs), objects),
        "whole_descriptions": share(sum(told == true for told, true in pairs), len(scenes)),
        "scenes": len(scenes), "objects": objects,
    }  # fmt: skip


def describe(server: Server, scenes: list[HeldOut]) -> dict:
    texts = server.map(lambda s: answer(server, s.image, PROMPT, tokens=DESCRIPTION_TOKENS), scenes)
    return description_scores(scenes, texts)


def question_scores(asked: list[Question], texts: list[str]) -> dict:
    """Share of exact answers by kind of question; polls also by their true answer."""
    count, right = Counter(), Counter()
    for question, text in zip(asked, texts):
        names = [question.kind]
        if question.kind == "poll":
            names.append("poll_yes" if question.answer == "Yes." else "poll_no")
        for name in names:
            count[name] += 1
            right[name] += answers_exactly(text, question.answer, question.given)
    return {name: {"accuracy": share(right[name], count[name]), "asked": count[name]} for name in sorted(count)}


def chosen(scenes: list[HeldOut], polls: int, others: int) -> list[tuple[str, Question]]:
    """(picture, question): the polls of all scenes, at most so many, and the other kinds of the first `others`."""
    asked = [(s.image, q) for s in scenes for q in s.asked if q.kind == "poll"][:polls]
    return asked + [(s.image, q) for s in scenes[:others] for q in s.asked if q.kind != "poll"]


def ask(server: Server, asked: list[tuple[str, Question]]) -> dict:
    """Accuracy by kind of question."""
    texts = server.map(lambda pair: answer(server, pair[0], pair[1].text, pair[1].given), asked)
    return question_scores([question for _, question in asked], texts)
