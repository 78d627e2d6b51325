import assert from "node:assert/strict";
import { test } from "node:test";
import { readAttention, Server, ServerError } from "../../public/lib/api.js";

/** Runs `body` with `fetch` answering `response`, and gives the requests made. */
async function served(response, body) {
    const real = globalThis.fetch;
    const requests = [];
    globalThis.fetch = async (path, options) => {
        requests.push({ path, ...options });
        return response();
    };
    try {
        await body();
    } finally {
        globalThis.fetch = real;
    }
    return requests;
}

const json = (body, status = 200) => () => new Response(JSON.stringify(body), { status });

test("the server client", async (t) => {
    await t.test("an error answer keeps the server's words", async () => {
        const error = { message: "Too long. Shorten it.", code: "context_length_exceeded", param: "messages" };
        await served(json({ error }, 400), async () => {
            await assert.rejects(new Server().attention({}), (thrown) =>
                thrown instanceof ServerError && thrown.message === error.message && thrown.status === 400
                    && thrown.code === error.code);
        });
    });

    await t.test("an error without a body names the status", async () => {
        await served(() => new Response("gateway", { status: 502 }), async () => {
            await assert.rejects(new Server().attention({}), /502/);
        });
    });

    await t.test("chat pieces arrive in order and an error event is thrown", async () => {
        const chunk = (content) => `data: ${JSON.stringify({ choices: [{ delta: { content } }] })}\n\n`;
        const texts = [];
        await served(() => new Response(`${chunk("")}${chunk("A")}${chunk(" cat")}data: [DONE]\n\n${chunk("late")}`),
            async () => {
            await new Server().chat({}, (text) => texts.push(text));
        });
        assert.deepEqual(texts, ["A", " cat"]);
        await served(() => new Response("data: {\"type\":\"error\",\"error\":{\"message\":\"gone\"}}\n\n"),
            async () => {
            await assert.rejects(new Server().chat({}, () => {}), /gone/);
        });
    });

    await t.test("a stream without a result is an error", async () => {
        await served(() => new Response("data: [DONE]\n\n"), async () => {
            await assert.rejects(new Server().streamAttention({}, () => {}), /without a result/);
        });
    });

    await t.test("the key is sent once it is set", async () => {
        const server = new Server();
        server.key = "secret";
        const [request] = await served(json({ data: [{ id: "m" }] }), () => server.model());
        assert.equal(request.headers.Authorization, "Bearer secret");
    });

    await t.test("a model's meta says whether its weights are random", async () => {
        await served(json({ data: [{ id: "m", meta: { layers: 2, heads: 4, random: true, notice: "n" } }] }),
            async () => {
            assert.deepEqual(await new Server().model(), { name: "m", random: true, notice: "n", layers: 2, heads: 4 });
        });
    });

    await t.test("missing examples are none", async () => {
        await served(json({}, 404), async () => assert.deepEqual(await new Server().examples(), []));
    });
});

test("attention is decoded with its tokens and fractions", () => {
    const read = readAttention({
        text: "a", layout: {},
        attention: { rows: [{ position: 3, token: "a" }], layers: [0], maps: [[[[0.5, 0.25]]]],
            fractions: { image: [[0.75]] } },
    });
    assert.deepEqual(read.tokens, ["a"]);
    assert.deepEqual(read.maps.shape, [1, 1, 2]);
    assert.deepEqual([...read.fractions.image.data], [0.75]);
});
