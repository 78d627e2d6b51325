"""Run with `python -m unittest` in this folder: a minute on a laptop, no checkpoint needed."""

from __future__ import annotations

import tempfile
import unittest
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from transformers import AutoProcessor, LlavaForConditionalGeneration

from batches import Packer, Scenes, attention_mask, collate
from export import export
from learner import Learner
from model import IMAGE_SIDE, build, configuration
from polls import TASKS, polls
from questions import NUMBERS, Question, describe, drills, questions
from render import coverage, outline, patch_labels, render, render_with_masks
from tokenizer import train_tokenizer
from world import HELD_OUT, SIZES, TRAIN, scene


class World(unittest.TestCase):
    def test_the_same_index_is_the_same_scene_and_streams_differ(self):
        self.assertEqual(scene(TRAIN, 7), scene(TRAIN, 7))
        self.assertNotEqual(scene(TRAIN, 7), scene(HELD_OUT, 7))
        np.testing.assert_array_equal(render(scene(TRAIN, 7), 96), render(scene(TRAIN, 7), 96))

    def test_objects_keep_apart_and_inside(self):
        for index in range(300):
            objects = scene(TRAIN, index).objects
            covered = sum((coverage(o, 96) > 0).astype(int) for o in objects)
            self.assertLessEqual(covered.max(), 1)
            self.assertEqual(len({o.place for o in objects}), len(objects))
            self.assertEqual(len({o.name for o in objects}), len(objects))
            for item in objects:
                points = outline(item)
                self.assertTrue(((points >= 0) & (points <= 1)).all())
                low, high = SIZES[item.size]
                self.assertTrue(low - 1e-9 <= np.ptp(points, 0).max() <= high + 1e-9)

    def test_patch_labels_name_every_object_once_it_covers_a_patch(self):
        drawn = next(s for s in (scene(TRAIN, i) for i in range(99)) if len(s.objects) == 4)
        labels = patch_labels(drawn, render_with_masks(drawn, 96)[1], 12)
        self.assertEqual(set(labels[:, 3]) - {0}, {1 + o.cell for o in drawn.objects})


class Questions(unittest.TestCase):
    def test_polls_are_balanced_and_their_answers_true(self):
        answers = []
        for index in range(300):
            drawn = scene(TRAIN, index)
            for q in questions(drawn, np.random.default_rng(index)):
                if q.kind == "poll":
                    words = set(q.text.lower().rstrip("?").split())
                    known = any(
                        not (words - {o.size, o.colour, o.shape} - _POLL_WORDS) for o in drawn.objects
                    )
                    self.assertEqual("Yes." if known else "No.", q.answer, q.text)
                    answers.append(known)
        self.assertAlmostEqual(np.mean(answers), 0.5, delta=0.04)


    def test_drills_count_right(self):
        asked = [(d, q) for d in (scene(TRAIN, i) for i in range(200)) for q in drills(d, np.random.default_rng(1))]
        self.assertGreater(sum(q.answer in ("Two.", "Three.", "Four.") for _, q in asked), 100)
        for drawn, question in asked:
            words = question.text.lower().rstrip("?").split()[2:-2]
            ends = {f"{o.shape}{'es' if o.shape == 'cross' else 's'}" for o in drawn.objects}
            matching = [
                o for o in drawn.objects
                if words == ["objects"] or o.colour in words or (words[0] in ends and words[0].startswith(o.shape))
            ]
            self.assertEqual(question.answer, f"{NUMBERS[len(matching)]}.", question.text)


_POLL_WORDS = {"is", "there", "a", "in", "this", "the", "image", "object"}


class Polls(unittest.TestCase):
    def test_of_two_questions_one_is_true_and_the_other_is_not(self):
        for index in range(100):
            drawn = scene(HELD_OUT, index)
            for task in TASKS:
                (yes, first), (no, second) = polls(drawn, task, np.random.default_rng(index))
                self.assertEqual((first, second), ("Yes", "No"))
                self.assertTrue(_holds(drawn, yes), yes)
                self.assertFalse(_holds(drawn, no), no)


def _holds(drawn, question: str) -> bool:
    words = set(question.lower().rstrip("?").split()) - _POLL_WORDS
    return any(words <= {o.size, o.colour, o.shape} for o in drawn.objects)


class Packing(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)
        self.words = train_tokenizer()
        self.model = build(configuration(self.words, 64), seed=1).eval()

    def test_a_packed_question_gets_the_logits_of_the_question_alone(self):
        learner = Learner(self.model, self.words)
        samples = [Scenes(learner.packer, i, 1)[0] for i in range(2)]
        batch = collate(samples, learner.packer.prefix)
        with torch.no_grad():
            packed, target, where = learner.answers(batch, learner.see(batch["pixels"]))
            sample, row = samples[1], where[1]
            for pair in range(sample.pair.max() + 1):
                tokens = torch.from_numpy(sample.tokens[sample.pair == pair])
                whole = torch.cat([torch.from_numpy(learner.packer.prefix), tokens])[None]
                alone = self.model(input_ids=whole, pixel_values=batch["pixels"][1:]).logits[0]
                asked = torch.from_numpy(sample.weight[sample.pair == pair] > 0)
                expected = alone[len(learner.packer.prefix) - 1 : -1][asked]
                start = int(where[0].sum() + row[: int((batch["pair"][1] < pair).logical_and(
                    batch["pair"][1] >= 0).sum())].sum())
                torch.testing.assert_close(packed[start : start + len(expected)], expected, atol=1e-4, rtol=1e-4)

    def test_the_mask_shows_the_prefix_and_the_own_pair_only(self):
        mask = attention_mask(torch.tensor([[0, 0, 1, -1]]), 2)[0, 0].int().tolist()
        self.assertEqual(mask[3], [1, 1, 1, 1, 0, 0])
        self.assertEqual(mask[4], [1, 1, 0, 0, 1, 0])
        self.assertEqual(mask[1], [1, 1, 0, 0, 0, 0])

    def test_given_words_are_not_asked(self):
        tokens, _, _, weight, _ = Packer(self.words).pack([Question("begun", "x", "It is a red star.", "It is a")])
        asked = self.words.decode(tokens[weight > 0].tolist(), skip_special_tokens=False)
        self.assertEqual(asked, " red star.</s>")


class Tokens(unittest.TestCase):
    def test_any_text_survives(self):
        words = train_tokenizer()
        for text in ("Is there a red circle in this image?", "Zürich 漢字 \x00\n🦊", ""):
            self.assertEqual(words.decode(words.encode(text).ids), text)


class Export(unittest.TestCase):
    def test_transformers_loads_it_and_sees_what_training_saw(self):
        words = train_tokenizer()
        with tempfile.TemporaryDirectory() as folder:
            model = build(configuration(words), seed=3)
            torch.save({"model": model.state_dict(), "hidden": 128}, Path(folder) / "joint.pt")
            out = Path(folder) / "model"
            export(Path(folder) / "joint.pt", out, {})
            processor = AutoProcessor.from_pretrained(out)
            loaded = LlavaForConditionalGeneration.from_pretrained(out, dtype=torch.float32)
            turns = [{"role": "user", "content": [{"type": "image"}, {"type": "text", "text": "Describe this image."}]}]
            text = processor.apply_chat_template(turns, add_generation_prompt=True)
            self.assertEqual(text, "USER: <image>\nDescribe this image. ASSISTANT:")
            drawn = scene(TRAIN, 0)
            inputs = processor(images=Image.fromarray(render(drawn, IMAGE_SIDE)), text=text, return_tensors="pt")
            packer = Packer(words)
            prompt = words.encode("\nDescribe this image. ASSISTANT:", add_special_tokens=False).ids
            self.assertEqual(inputs["input_ids"][0].tolist(), [*packer.prefix.tolist(), *prompt])
            sample = Scenes(packer, 0, 1)[0]
            torch.testing.assert_close(inputs["pixel_values"][0], torch.from_numpy(sample.pixels), atol=1e-5, rtol=0)
            for (name, a), b in zip(loaded.named_parameters(), model.parameters()):
                torch.testing.assert_close(a, b.bfloat16().float(), msg=name)
            self.assertIn(describe(drawn, "Describe this image.")[:15], "The image shows a")


if __name__ == "__main__":
    unittest.main()
