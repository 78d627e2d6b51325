"""Run with `python -m unittest test_measure` in this folder: no model, no server, no torch."""

from __future__ import annotations

import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import experiments
from ablations import WINDOWS, Tally, ablation_variants, tasks, token_sets, window_variants
from answers import SIDE, HeldOut, chosen, description_scores, question_scores
from card import model_card, targets
from findings import findings
from knockouts import PRESETS, selectors
from looking import fractions, localization
from questions import Question, describe
from regions import Regions
from scoring import (
    answers_exactly,
    dilated,
    naming_rows,
    object_f1,
    patch_cover,
    patches_in_box,
    peaks_inside,
    share,
    told_names,
    told_objects,
    true_objects,
)
from server import Server, ServerError, chat
from world import HELD_OUT, Background, Scene, SceneObject, scene

GRID = 12
BOXES = np.array([[8 * x, 8 * y, 8 * x + 8, 8 * y + 8] for y in range(GRID) for x in range(GRID)])


def square(x: float, y: float, colour: str = "red") -> SceneObject:
    """An upright square whose box is two patches wide where it lies on the grid's lines."""
    return SceneObject("square", colour, "small", x, y, 2 / GRID, 0.0, (214, 38, 38))


def held(*objects: SceneObject, index: int = 0) -> HeldOut:
    return HeldOut(index, Scene(objects, Background("plain", (128,) * 3, (128,) * 3, 0)), "img_0")


class Texts(unittest.TestCase):
    def test_reads_every_description_of_the_world_back(self):
        for index in range(200):
            drawn = scene(HELD_OUT, index)
            self.assertEqual(told_objects(describe(drawn, "Describe this image.")), true_objects(drawn))

    def test_place_is_the_whole_place(self):
        told = told_objects("The image shows a small red circle at the top left and a large blue ring at the top.")
        self.assertEqual(told, {("small", "red", "circle", "top left"), ("large", "blue", "ring", "top")})

    def test_names_need_colour_and_shape_side_by_side(self):
        self.assertEqual(told_names("a red circle, a blue and a star"), {("red", "circle")})
        self.assertEqual(told_names("a colored circle, a red circlet"), set())

    def test_f1(self):
        for told, true, expected in (("ab", "ab", 1), ("a", "ab", 2 / 3), ("cd", "ab", 0), ("", "ab", 0), ("", "", 1)):
            self.assertAlmostEqual(object_f1(set(told), set(true)), expected)

    def test_an_answer_continues_what_is_given(self):
        self.assertTrue(answers_exactly(" red circle.", "It is a red circle.", "It is a"))
        self.assertTrue(answers_exactly("Yes.", "Yes."))
        self.assertFalse(answers_exactly("Yes. Yes.", "Yes."))
        self.assertFalse(answers_exactly("It is a red circle.", "It is a red circle.", "It is a"))

    def test_share_of_nothing_is_nothing(self):
        self.assertIsNone(share(0, 0))
        self.assertEqual(share(1, 3), 0.3333)


class Places(unittest.TestCase):
    def test_cover_is_the_share_of_each_patch(self):
        cover = patch_cover(square(0.5, 0.5), SIDE, GRID)
        self.assertEqual(sorted(map(tuple, np.argwhere(cover > 0.9))), [(5, 5), (5, 6), (6, 5), (6, 6)])

    def test_dilation_takes_all_eight_neighbours_and_stops_at_the_edge(self):
        corner = np.zeros((4, 5), bool)
        corner[0, 0] = True
        self.assertEqual(dilated(corner, 0).sum(), 1)
        self.assertEqual(dilated(corner, 1).sum(), 4)
        self.assertEqual(dilated(corner, 2).sum(), 9)

    def test_touching_edges_do_not_overlap(self):
        self.assertEqual(np.flatnonzero(patches_in_box(BOXES, (8, 0, 16, 8))).tolist(), [1])
        self.assertEqual(np.flatnonzero(patches_in_box(BOXES, (8, 0, 16.1, 8))).tolist(), [1, 2])

    def test_peaks_are_judged_layer_by_layer(self):
        inside = np.array([False, True, False])
        self.assertEqual(peaks_inside(np.array([[0.1, 0.7, 0.2], [0.5, 0.3, 0.2]]), inside).tolist(), [True, False])

    def test_naming_rows_are_those_of_this_object(self):
        tokens = [" a", " small", " red", " circle", " and", " a", " red", " square"]
        self.assertEqual(naming_rows(tokens, square(0.5, 0.5)), [6, 7])
        self.assertEqual(naming_rows(tokens, square(0.5, 0.5, "blue")), [])

    def test_object_positions_start_at_the_image(self):
        places = Regions(3, GRID, BOXES, ((), (), (), (), ()))
        self.assertEqual(places.object(square(1 / GRID, 1 / GRID)), [3, 4, 15, 16])
        self.assertEqual(len(places.object(square(1 / GRID, 1 / GRID), 1)), 9)

    def test_large_norm_tokens_avoid_the_object_and_take_the_highest_bound_that_suffices(self):
        places = Regions(3, GRID, BOXES, ((3,), (3, 40), (3, 40, 41, 42), (3, 40, 41, 42, 50), (3, 40, 41, 42, 50)))
        random = np.random.default_rng(0)
        self.assertEqual(places.large_norm_elsewhere(1, [3], random), [40])
        self.assertEqual(places.large_norm_elsewhere(3, [3], random), [40, 41, 42])
        self.assertEqual(places.large_norm_elsewhere(99, [3], random), [40, 41, 42, 50])


class Studies(unittest.TestCase):
    places = Regions(3, GRID, BOXES, ((), (), (), (), (7, 8, 9, 10)))

    def test_tasks_ask_about_one_object_that_the_question_singles_out(self):
        for index in range(200):
            drawn = scene(HELD_OUT, index)
            found = tasks(HeldOut(index, drawn, "img_0"))
            self.assertEqual(len({id(t.item) for t in found}), 1)
            for task in found:
                if task.kind == "colour":
                    self.assertEqual([o.shape for o in drawn.objects].count(task.item.shape), 1)
                if task.kind == "shape":
                    self.assertEqual([o.colour for o in drawn.objects].count(task.item.colour), 1)

    def test_random_sets_have_as_many_tokens_as_the_object_and_empty_sets_are_left_out(self):
        sets = token_sets(self.places, square(0.5, 0.5), 0)
        for buffer in range(3):
            self.assertEqual(sets[f"random, as object+{buffer}"]["random"], len(sets[f"object+{buffer}"]))
        self.assertEqual(len(sets["large norm elsewhere, as object+0"]), 4)
        self.assertNotIn("register", sets)
        self.assertEqual(len(ablation_variants(sets)), len(sets))

    def test_there_are_36_window_conditions_24_of_which_end_at_the_last_token(self):
        variants = window_variants(self.places, square(0.5, 0.5))
        self.assertEqual(len({v["name"] for v in variants}), 36)
        self.assertEqual(sum(v["interventions"][0]["to"] == "last" for v in variants), 24)

    def test_the_sweep_starts_at_every_layer_and_keeps_llavas_middle(self):
        self.assertEqual(selectors(32)[-1], {"except": [4, 20]})
        self.assertEqual(selectors(8), [{"from": layer} for layer in range(8)] + [{"except": [1, 5]}])

    def test_a_tally_counts_only_answers_that_were_right_before(self):
        tally = Tally()
        tally.add(True, {"object": False, "random": True}, {"object": -4.0})
        tally.add(False, {"object": False, "random": False}, {"object": -9.0})
        summary = tally.summary()
        self.assertEqual((summary["asked"], summary["right"]), (2, 1))
        self.assertEqual(summary["lost"]["object"], {"share": 1.0, "of": 1})
        self.assertEqual(summary["lost"]["random"], {"share": 0.0, "of": 1})
        self.assertEqual(summary["delta_logprob"], {"object": -4.0})

    def test_a_given_answer_is_a_last_assistant_message(self):
        body = chat("img_0", "What is this?", "It is a", max_tokens=0)
        self.assertEqual(body["messages"][-1], {"role": "assistant", "content": "It is a"})
        self.assertEqual(len(chat("img_0", "What is this?")["messages"]), 1)


class Scores(unittest.TestCase):
    def test_descriptions(self):
        scenes = [held(square(0.5, 0.5)), held(square(0.1, 0.1), square(0.9, 0.9, "blue"))]
        texts = [
            "The image shows a small red square at the center.",
            "The image shows a large red square at the top left and a small blue ring at the bottom right.",
        ]
        scores = description_scores(scenes, texts)
        self.assertEqual(scores["object_f1"], 0.75)
        self.assertEqual(scores["full_attributes"], 0.3333)
        self.assertEqual(scores["whole_descriptions"], 0.5)

    def test_polls_are_counted_as_a_whole_and_by_answer(self):
        polls = [Question("poll", "?", "Yes."), Question("poll", "?", "No.")]
        asked = [*polls, Question("begun", "?", "It is a x.", "It is a")]
        scores = question_scores(asked, ["Yes.", "Yes.", "x."])
        self.assertEqual(scores["poll"], {"accuracy": 0.5, "asked": 2})
        self.assertEqual(scores["poll_yes"]["accuracy"], 1.0)
        self.assertEqual(scores["poll_no"]["accuracy"], 0.0)
        self.assertEqual(scores["begun"]["accuracy"], 1.0)

    def test_polls_come_from_all_scenes_and_the_rest_from_the_first(self):
        scenes = [HeldOut(i, scene(HELD_OUT, i), f"img_{i}") for i in range(20)]
        asked = chosen(scenes, polls=50, others=3)
        self.assertEqual(sum(q.kind == "poll" for _, q in asked), 50)
        self.assertEqual({image for image, q in asked if q.kind != "poll"}, {"img_0", "img_1", "img_2"})

    def test_localization_takes_the_rows_that_name_each_object(self):
        scenes = [held(square(0.5, 0.5))]
        maps = np.zeros((3, 2, GRID * GRID))
        maps[1, 0, 5 * GRID + 5] = maps[2, 0, 4 * GRID + 4] = 1
        maps[:, 1, 0] = 1
        answer = {
            "attention": {"maps": maps.tolist(), "rows": [{"token": t} for t in (" small", " red", " square")]},
            "layout": {"images": [{"patch_boxes": BOXES.tolist()}]},
        }
        found = localization(scenes, [answer])
        self.assertEqual((found["tokens"], found["by_layer"]), (2, [1.0, 0.0]))
        self.assertAlmostEqual(found["chance"], 16 / 144, places=3)

    def test_fractions_are_averaged_over_tokens_and_pictures(self):
        def answer(*image):
            return {"attention": {"fractions": {"image": [[v] for v in image], "bos": [[1 - v] for v in image]}}}

        found = fractions([answer(0.2, 0.4), answer(0.9)])
        self.assertEqual((found["rows"], found["mean"]["image"], found["mean"]["bos"]), (3, [0.5], [0.5]))
        self.assertLess(found["sum_error"], 1e-9)


class Servers(unittest.TestCase):
    def test_a_binary_that_ends_early_is_an_error_and_not_a_wait(self):
        with self.assertRaisesRegex(RuntimeError, "ended before it listened"):
            with Server(Path(sys.executable), Path("nowhere")):
                pass

    def test_only_missing_probes_are_skipped(self):
        self.assertTrue(ServerError(422, "no such span").is_unsupported)
        self.assertFalse(ServerError(500, "broken").is_unsupported)


def _lost(by_object: float, by_random: float) -> dict:
    shares = {"object+1": by_object, "random, as object+0": by_random}
    return {name: {"share": share_lost, "of": 4} for name, share_lost in shares.items()}


class Card(unittest.TestCase):
    def test_says_what_was_missed(self):
        described = {"object_f1": 0.98, "full_attributes": 0.9, "whole_descriptions": 0.8, "scenes": 5, "objects": 9}
        asked = {
            name: {"accuracy": value, "asked": 100}
            for name, value in (("poll", 0.97), ("poll_no", 0.99), ("poll_yes", 0.95), ("what", 0.5))
        }
        rows = {row[0]: row[-1] for row in targets({"answers": {"description": described, "questions": asked}})}
        self.assertEqual(rows["description: object f1"], "yes")
        self.assertEqual(rows["description: full attributes"], "**missed**")
        self.assertEqual(rows["poll"], "yes")
        self.assertEqual(rows["what"], "")
        self.assertEqual(rows["poll: yes against no"], "**missed**")

    def test_says_which_phenomena_appear(self):
        found = {
            "knockouts": {
                "scenes": 1, "baseline_f1": 1.0, "middle": [1, 2],
                "against_truth": {p: [0.1, 1.0] for p in PRESETS},
                "except_middle_against_truth": {p: 1.0 for p in PRESETS},
                "against_baseline": {"img->gen": [0.5, 1.0], "img->txt": [0.0, 1.0], "img->txt+gen": [0.0, 0.4]},
                "except_middle_against_baseline": {p: 1.0 for p in PRESETS},
            },
            "fractions": {"scenes": 1, "rows": 9, "mean": {"image": [0.5, 0.5], "bos": [0.5, 0.5]}},
            "localization": {"tokens": 2, "by_layer": [0.1, 0.2, 0.9, 0.3], "chance": 0.1},
            "ablation": {
                "what": {"asked": 4, "right": 4, "lost": _lost(0.9, 0.1)},
                "poll": {"asked": 4, "right": 4, "lost": _lost(0.5, 0.3)},
            },
            "registers": {"scenes": 1, "tokens": 0},
            "windows": {"right": 4, "lost": {f"object → last@{w}": {"share": len(w) / 10, "of": 4} for w in WINDOWS}},
            "lens": {
                "object_patches": 9, "object_share": [0.1, 0.5], "background_patches": 9, "background_share": [0, 0.45],
            },
        }  # fmt: skip
        knocked, _, located, ablated, windows, lens = findings(found)
        self.assertIn("much of it; this appears (0.000 and 0.500", knocked)
        self.assertIn("need the picture; this does not appear", knocked)
        self.assertIn("this appears: layer 2", located)
        self.assertIn("this appears in: what; not in: poll. As many random", ablated)
        self.assertIn("this appears in: what; not in: poll.", ablated.split("As many")[1])
        self.assertIn("this does not appear: early-mid", windows)
        self.assertIn("this does not appear (most after layer 1", lens)

    def test_a_model_that_was_not_measured_says_so(self):
        self.assertIn("Not measured yet.", model_card(2_600_000, {}))

    def test_a_run_of_experiments_is_told_with_what_does_not_appear(self):
        with tempfile.TemporaryDirectory() as folder:
            run = Path(folder)
            (run / "knockout-sweep").mkdir()
            (run / "knockout-sweep/settings.json").write_text('{"settings":{"max_tokens":64}}')
            (run / "knockout-sweep/items.jsonl").write_text("{}\n{}\n")
            head = "experiment,number,n,mean,se\r\n"
            number = 'knockout-sweep,"object F1, img->txt from layer 0",2,0.99,0.01\r\n'
            (run / "summary.csv").write_text(head + number)
            text = experiments.section(experiments.read(run))
        self.assertIn("| knockout-sweep | object F1, img->txt from layer 0 | 0.990 ± 0.010 | 2 |", text)
        self.assertIn("on 2 held-out scenes", text)
        self.assertIn("--max-tokens 64 --out OUT", text)
        self.assertIn("does not carry the picture", text)


if __name__ == "__main__":
    unittest.main()
