import assert from "node:assert/strict";
import { test } from "node:test";
import { colormapNames, colormapTable } from "../../public/lib/colormaps.js";

const luminance = (table, i) => 0.2126 * table[4 * i] + 0.7152 * table[4 * i + 1] + 0.0722 * table[4 * i + 2];

for (const name of colormapNames) {
    test(`${name} has 256 colours`, () => assert.equal(colormapTable(name).length, 1024));
}

for (const name of colormapNames.filter((n) => n !== "spotlight")) {
    test(`${name} never gets darker as values rise`, () => {
        const table = colormapTable(name);
        for (let i = 1; i < 256; i += 1) assert.ok(luminance(table, i) >= luminance(table, i - 1) - 1, `at ${i}`);
    });
}

test("the spotlight is clear where attention is greatest", () => {
    assert.equal(colormapTable("spotlight")[1023], 0);
    assert.equal(colormapTable("spotlight")[3], 255);
});
