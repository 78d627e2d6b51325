import assert from "node:assert/strict";
import { test } from "node:test";
import { describeLayers, layerPresets, presetWindow, selectedLayers } from "../../public/lib/layers.js";

test("presets of 32 layers are the published windows", () => {
    assert.deepEqual(layerPresets.map((preset) => presetWindow(preset, 32)),
        [[0, 9], [5, 14], [11, 20], [15, 24], [21, 31]]);
});

for (const count of [1, 2, 4, 7, 80]) {
    test(`presets of ${count} layers are never empty or out of range`, () => {
        for (const preset of layerPresets) {
            const [first, last] = presetWindow(preset, count);
            assert.ok(first >= 0 && first <= last && last < count, `${preset.name}: ${first}–${last}`);
        }
    });
}

test("the selection is one layer or an ordered range, inside the model", () => {
    assert.deepEqual(selectedLayers({ layerMode: "one", layer: 40, range: [0, 1] }, 32), [31, 31]);
    assert.deepEqual(selectedLayers({ layerMode: "range", layer: 0, range: [9, 3] }, 32), [3, 9]);
});

test("a window is named as a person would", () => {
    assert.equal(describeLayers([7, 7]), "layer 7");
    assert.equal(describeLayers([4, 12]), "layers 4 to 12");
});
