import assert from "node:assert/strict";
import { test } from "node:test";
import { attentionBody, chatBody, intervention, knockoutBody } from "../../public/lib/requests.js";

const layoutOf = (count) => ({
    images: Array.from({ length: count },
        () => ({ tiles: [{ name: "image", rows: 2, cols: 3 }], patch_boxes: Array(6).fill([0, 0, 1, 1]) })),
    spans: { image: Array.from({ length: count }, (_, i) => [10 + 10 * i, 16 + 10 * i]) },
});
const run = { question: " What? ", images: [{ imageId: "img_1" }], maxTokens: 9, tokens: [" A", " cat"],
    layout: layoutOf(1) };
const choice = { source: "img->gen", receivers: "answer", layers: "all", from: 4, window: [9, 2] };

test("pictures come before the text, and the text is not trimmed", () => {
    assert.deepEqual(chatBody(run).messages, [{ role: "user", content: [
        { type: "image_url", image_url: { url: "img_1" } }, { type: "text", text: " What? " }] }]);
    assert.equal(chatBody(run).temperature, 0);
});

test("a head's number is sent as a list", () => {
    assert.deepEqual(attentionBody(run, 3).attention.heads, [3]);
    assert.equal(attentionBody(run, "mean").attention.heads, "mean");
});

for (const [layers, expected] of [["all", "all"], ["mid", "mid"], ["from", { from: 4 }],
    ["window", { window: [2, 9] }]]) {
    test(`layers ${layers} are selected`,
        () => assert.deepEqual(intervention(run, { ...choice, layers }, {}).layers, expected));
}

test("a preset is sent by its name, with the answer's first token scored", () => {
    const body = knockoutBody(run, "blind", [intervention(run, choice, {})]);
    assert.deepEqual(body.knockouts[0].interventions,
        [{ kind: "attention_knockout", preset: "img->gen", layers: "all" }]);
    assert.deepEqual(body.score.targets, ["A"]);
});

test("a region of one grid is sent as rows and columns", () => {
    const sent = intervention(run, { ...choice, source: "region" }, { image: 0, columns: [0, 5] });
    assert.deepEqual(sent.from, { patches: [[0, 0], [1, 2]] });
    assert.deepEqual(sent.to, { union: ["last", "generated"] });
});

test("a region among several pictures is sent as positions", () => {
    const sent = intervention({ ...run, layout: layoutOf(2) }, { ...choice, source: "region" },
        { image: 1, columns: [6, 11] });
    assert.deepEqual(sent.from, [20, 25]);
});
