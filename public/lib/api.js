import { EventStreamReader } from "./sse.js";
import { decodeArray } from "./arrays.js";
import { withoutHeadAxis } from "./maps.js";

/** An error answer of the server, or a failure to reach it. `status` is 0 when no answer came. */
export class ServerError extends Error {
    constructor(message, status = 0, code = null, param = null) {
        super(message);
        Object.assign(this, { status, code, param });
    }
}

/** The routes that the viewer uses. Addresses are relative, so a prefix set by a proxy is kept. */
export class Server {
    key = null;

    async model(signal) {
        const body = await this.#json("v1/models", { signal });
        const [model] = body.data ?? [];
        if (!model) throw new ServerError("The server lists no model. Start fovea with --model DIR.");
        const meta = model.meta ?? {};
        return {
            name: model.id, random: meta.random === true, notice: meta.notice ?? null,
            layers: meta.layers ?? 0, heads: meta.heads ?? 0,
        };
    }

    /** Routes that answer event streams, as the server lists them. */
    async streaming() {
        const body = await this.#json("v1/capabilities");
        return Array.isArray(body.streaming) ? body.streaming.map(String) : [];
    }

    /** Example pictures beside this page; none when the server ships none. */
    async examples() {
        try {
            const response = await fetch("examples/index.json");
            const list = response.ok ? await response.json() : [];
            return Array.isArray(list) ? list.filter((entry) => typeof entry.file === "string") : [];
        } catch {
            return [];
        }
    }

    async upload(blob) {
        const headers = { "Content-Type": blob.type || "application/octet-stream" };
        return await this.#json("v1/images", { method: "POST", body: blob, headers });
    }

    /** Streams a chat answer; calls `onText` with each piece of text. */
    async chat(body, onText, signal) {
        const request = { ...body, stream: true };
        await this.#stream("v1/chat/completions", request, signal, (event) => {
            const text = event.choices?.[0]?.delta?.content;
            if (text) onText(text);
        });
    }

    async attention(body, signal) {
        return readAttention(await this.#post("v1/attention", body, signal));
    }

    /** Runs attention as an event stream; calls `onEvent` for all but the result, which is returned. */
    async streamAttention(body, onEvent, signal) {
        let result = null;
        await this.#stream("v1/attention", { ...body, stream: true }, signal, (event) => {
            if (event.type === "result") result = event.result ?? event;
            else onEvent(event);
        });
        if (!result) throw new ServerError("The stream ended without a result. Ask again.");
        return readAttention(result);
    }

    async knockout(body, signal) {
        return await this.#post("v1/knockout", body, signal);
    }

    async #post(path, body, signal) {
        const headers = { "Content-Type": "application/json" };
        return await this.#json(path, { method: "POST", body: JSON.stringify(body), headers, signal });
    }

    async #json(path, options) {
        return await (await this.#answer(path, options)).json();
    }

    async #stream(path, body, signal, onEvent) {
        const headers = { "Content-Type": "application/json" };
        const response = await this.#answer(path, { method: "POST", body: JSON.stringify(body), headers, signal });
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        const events = new EventStreamReader();
        for (;;) {
            const { value, done } = await reader.read();
            if (done) return;
            for (const data of events.push(value)) {
                if (data === "[DONE]") return;
                const event = JSON.parse(data);
                if (event.error) throw new ServerError(event.error.message, response.status, event.error.code);
                onEvent(event);
            }
        }
    }

    async #answer(path, options = {}) {
        const headers = { ...options.headers, ...(this.key ? { Authorization: `Bearer ${this.key}` } : {}) };
        let response;
        try {
            response = await fetch(path, { ...options, headers });
        } catch (error) {
            if (error.name === "AbortError") throw error;
            throw new ServerError("The server did not answer. Check that fovea is still running, then try again.");
        }
        if (response.ok) return response;
        const body = await response.json().catch(() => null);
        const { message, code, param } = body?.error ?? {};
        throw new ServerError(message ?? `The server answered with status ${response.status}.`, response.status, code,
            param);
    }
}

/** `/v1/attention`'s answer with its arrays decoded. */
export function readAttention(body) {
    const { rows, layers, maps, fractions } = body.attention;
    const decoded = Object.entries(fractions ?? {}).map(([kind, values]) => [kind, decodeArray(values)]);
    return {
        text: body.text, tokens: rows.map((entry) => entry.token), layout: body.layout, layers,
        maps: withoutHeadAxis(decodeArray(maps)), fractions: Object.fromEntries(decoded), warnings: body.warnings ?? [],
    };
}
