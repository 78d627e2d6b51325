import assert from "node:assert/strict";
import { test } from "node:test";
import { activeRun, canAsk, initialState, layerCount, reduce, shownProbe, shownToken } from "../../public/state.js";

const play = (events, state = initialState) => events.reduce(reduce, state);
const image = { key: "a", name: "a.png", url: "blob:a", status: "uploading", imageId: null };
const model = { type: "modelFound", model: { name: "m", layers: 32, heads: 8, random: false } };
const ready = play([model, { type: "imagesReplaced", image }, { type: "imageUploaded", key: "a", imageId: "img_1" },
    { type: "questionChanged", question: "What?" }]);
const array = (...shape) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) });
const probe = {
    text: "a b", tokens: ["a", " b"], layout: {}, layers: [], maps: array(2, 32, 4), fractions: { image: array(2, 32) },
};
const start = { type: "runStarted", id: "r", question: "What?", images: [image], maxTokens: 8 };
const answered = play([start, { type: "runProbed", id: "r", probe }], ready);

test("unknown events change nothing", () => assert.equal(reduce(ready, { type: "nothing" }), ready));
test("transitions leave the old state alone", () => {
    const before = structuredClone(ready);
    play([start, { type: "runToken", id: "r", text: "x" }], ready);
    assert.deepEqual(ready, before);
});

test("a question can be asked once model, picture and words are there", () => {
    assert.equal(canAsk(ready), true);
    assert.equal(canAsk({ ...ready, question: "  " }), false);
    assert.equal(canAsk({ ...ready, images: [] }), false);
    assert.equal(canAsk(reduce(ready, { type: "imageFailed", key: "a", error: "no" })), false);
    assert.equal(canAsk(reduce(ready, start)), false);
    assert.equal(canAsk(answered), true);
});

test("the view starts in the middle layers and is not reset by a reconnection", () => {
    assert.equal(ready.view.layer, 15);
    const moved = play([{ type: "layersChosen", first: 3, last: 3 }, model], ready);
    assert.equal(moved.view.layer, 3);
});

test("a server that does not tell its layers is measured by the first answer", () => {
    const silent = play([{ ...model, model: { name: "m", layers: 0, heads: 0 } }, start], initialState);
    assert.equal(silent.view.layer, null);
    const state = reduce(silent, { type: "runProbed", id: "r", probe });
    assert.deepEqual([state.view.layer, state.view.range, layerCount(state)], [15, [11, 20], 32]);
});

test("a refused key is told, and forgotten once the model is found", () => {
    const asked = reduce(initialState, { type: "keyNeeded", problem: "wrong key" });
    assert.deepEqual([asked.needsKey, asked.problem], [true, "wrong key"]);
    const found = reduce(asked, model);
    assert.deepEqual([found.needsKey, found.problem], [false, null]);
});

test("tokens stream into their own run only", () => {
    const state = play([start, { type: "runToken", id: "r", text: "a" }, { type: "runToken", id: "other", text: "b" }],
        ready);
    assert.deepEqual(activeRun(state).tokens, ["a"]);
});

test("stepping tokens stays inside the answer; before the first is the whole answer", () => {
    const step = (by) => ({ type: "tokenStepped", step: by });
    assert.equal(play([step(1)], answered).view.token, 0);
    assert.equal(play([step(1), step(1), step(1)], answered).view.token, 1);
    assert.equal(play([step(1), step(-1)], answered).view.token, null);
    assert.equal(play([step(1)], ready).view.token, null);
});

test("hovering previews, clicking keeps, clicking again lets go", () => {
    const hovered = reduce(answered, { type: "tokenHovered", token: 1 });
    assert.equal(shownToken(hovered), 1);
    const chosen = play([{ type: "tokenChosen", token: 1 }, { type: "tokenHovered", token: null }], hovered);
    assert.equal(shownToken(chosen), 1);
    assert.equal(shownToken(reduce(chosen, { type: "tokenChosen", token: 1 })), null);
});

test("stepping layers moves a range as a whole and stops at the ends", () => {
    const range = play([{ type: "layerModeChosen", mode: "range" }, { type: "layersChosen", first: 28, last: 30 }],
        answered);
    assert.deepEqual(reduce(range, { type: "layerStepped", step: 5 }).view.range, [29, 31]);
    assert.deepEqual(reduce(range, { type: "layerStepped", step: -40 }).view.range, [0, 2]);
});

test("choosing a region selects it for the knockout, in order", () => {
    const state = reduce(answered, { type: "regionChosen", image: 0, columns: [5, 2, 11] });
    assert.deepEqual(state.region, { image: 0, columns: [2, 5, 11] });
    assert.equal(state.knockout.source, "region");
});

const interventions = [{ kind: "attention_knockout" }];
const knocked = play([
    { type: "knockoutStarted", id: "r", knockout: { choice: {}, interventions } },
    { type: "knockoutFinished", id: "r", result: { variant: { tokens: [] } } },
], answered);
const probed = (head, from = interventions) =>
    ({ type: "knockoutProbed", id: "r", interventions: from, head,
        probe: { maps: `maps ${head}`, fractions: "shares" } });

test("a word of the knocked-out answer shows that answer's attention", () => {
    const state = play([probed("mean"), probed(3), { type: "variantHovered", token: 1 }], knocked);
    assert.deepEqual(shownProbe(state), { maps: { mean: "maps mean", 3: "maps 3" }, fractions: "shares", token: 1 });
    assert.equal(shownProbe(reduce(state, { type: "variantHovered", token: null })).maps, activeRun(state).maps);
});

test("attention of an earlier knockout, or of one that was stopped, is dropped", () => {
    assert.equal(activeRun(reduce(knocked, probed("mean", [{}]))).knockout.probe, null);
    const stopped = reduce(knocked, { type: "knockoutDismissed", id: "r" });
    assert.equal(activeRun(play([probed("mean"), { type: "knockoutFailed", id: "r", error: "late" }],
        stopped)).knockout, null);
});

test("removing the last picture clears the answers", () => {
    const state = reduce(answered, { type: "imageRemoved", key: "a" });
    assert.deepEqual([state.images, state.runs, state.activeImage, activeRun(state)], [[], [], null, null]);
});

test("only the latest answers are kept", () => {
    const runs = Array.from({ length: 9 }, (_, i) => ({ ...start, id: `r${i}` }));
    const state = play(runs, ready);
    assert.deepEqual(state.runs.map((run) => run.id), ["r3", "r4", "r5", "r6", "r7", "r8"]);
});

test("the token limit stays within the server's", () => {
    const limit = (maxTokens) => reduce(ready, { type: "maxTokensChanged", maxTokens }).maxTokens;
    assert.deepEqual([limit(-4), limit(NaN), limit(12.4), limit(1e9)], [1, 1, 12, 1024]);
});
