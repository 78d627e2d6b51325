import assert from "node:assert/strict";
import { test } from "node:test";
import { commonPrefix, describeDifference, sharedChanges, signed } from "../../public/lib/comparison.js";

const run = (...tokens) => ({ tokens: tokens.map(([id, text, logprob]) => ({ id, text, logprob })) });
const baseline = run([1, " A", -0.5], [2, " cat", 0], [3, ".", -1]);

test("the shared prefix ends at the first differing token", () => {
    assert.equal(commonPrefix(baseline, run([1, " A", -1], [9, " dog", 0])), 1);
    assert.equal(commonPrefix(baseline, baseline), 3);
    assert.equal(commonPrefix(baseline, run()), 0);
});

test("changes are taken over shared tokens only", () => {
    assert.deepEqual(sharedChanges(baseline, run([1, " A", -1], [9, " dog", 0])), [-0.5]);
});

test("the difference is told in a sentence", () => {
    assert.equal(describeDifference(baseline, baseline), "Both answers are the same.");
    assert.match(describeDifference(baseline, run([1, " A", -1], [9, " dog", 0])),
        /after 1 token: “cat” \(100 %\) became “dog” \(100 %\)\.$/);
    assert.match(describeDifference(baseline, run([1, " A", 0])), /“cat” .*became “end”\.$/);
    assert.match(describeDifference(baseline, run([7, " B", 0])), /^The first token differs/);
});

for (const [value, text] of [[1.234, "+1.23"], [-0.5, "−0.50"], [0.001, "0.00"], [-Infinity, "−∞"], [NaN, "—"],
    [null, "—"]]) {
    test(`${value} is written ${text}`, () => assert.equal(signed(value), text));
}
