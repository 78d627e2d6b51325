import assert from "node:assert/strict";
import { test } from "node:test";
import { EventStreamReader } from "../../public/lib/sse.js";

const stream = "data: {\"a\":1}\n\n: keep-alive\n\nevent: x\ndata:two\r\ndata: lines\r\n\r\ndata: [DONE]\n\n";
const events = ["{\"a\":1}", "two\nlines", "[DONE]"];

test("a whole stream gives its events", () => assert.deepEqual(new EventStreamReader().push(stream), events));

test("every split point gives the same events", () => {
    for (let at = 0; at <= stream.length; at += 1) {
        const reader = new EventStreamReader();
        assert.deepEqual([...reader.push(stream.slice(0, at)), ...reader.push(stream.slice(at))], events,
            `split at ${at}`);
    }
});

test("character by character gives the same events", () => {
    const reader = new EventStreamReader();
    assert.deepEqual([...stream].flatMap((character) => reader.push(character)), events);
});

test("an event without its blank line is held back", () => {
    assert.deepEqual(new EventStreamReader().push("data: half\n"), []);
});
