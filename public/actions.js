import { activeRun, canAsk } from "./state.js";
import { attentionBody, chatBody, intervention, knockoutBody } from "./lib/requests.js";

/** What a person can make the page do beyond changing its state: everything here talks to the server. */
export class Actions {
    #running = null;
    #knocking = null;
    #blobs = new Map();
    #count = 0;

    constructor(server, state, dispatch) {
        this.server = server;
        this.state = state;
        this.dispatch = dispatch;
    }

    /** Waits for the model and reads what the server can do. */
    async connect() {
        for (;;) {
            try {
                const model = await this.server.model();
                this.dispatch({ type: "modelFound", model });
                break;
            } catch (error) {
                if (error.status === 401) {
                    return this.dispatch({ type: "keyNeeded", problem: this.server.key ? error.message : null });
                }
                this.dispatch({ type: "modelWaiting", message: error.message });
                await new Promise((resume) => setTimeout(resume, 2000));
            }
        }
        const [streaming, examples] = await Promise.all([
            this.server.streaming().catch(() => []), this.server.examples(),
        ]);
        this.dispatch({ type: "streamingFound", streaming });
        this.dispatch({ type: "examplesFound", examples });
    }

    useKey(key) {
        this.server.key = key;
        this.connect();
    }

    /** Uploads pictures. The first replaces what is there unless `add` is set. */
    async openImages(blobs, { add = false } = {}) {
        this.stop();
        for (const [index, blob] of [...blobs].entries()) {
            const image = {
                key: `image-${this.#count += 1}`, name: blob.name ?? "picture",
                url: URL.createObjectURL(blob), status: "uploading", imageId: null, error: null,
            };
            if (index === 0 && !add) this.#forgetImages();
            this.dispatch({ type: index === 0 && !add ? "imagesReplaced" : "imageAdded", image });
            this.#blobs.set(image.key, blob);
            await this.#upload(image.key);
        }
    }

    async openExample(example) {
        const response = await fetch(`examples/${example.file}`).catch(() => null);
        if (!response?.ok) {
            const problem = `The example ${example.file} could not be read. Choose another picture.`;
            return this.dispatch({ type: "problemRaised", problem });
        }
        const blob = new File([await response.blob()], example.file.replace(/\.\w+$/, ""), {
            type: response.headers.get("Content-Type") ?? "",
        });
        if (example.question) this.dispatch({ type: "questionChanged", question: example.question });
        await this.openImages([blob]);
    }

    /** Asks the question about all pictures on the page, then fetches the answer's attention. */
    async ask() {
        const state = this.state();
        if (!canAsk(state)) return;
        const run = {
            id: `run-${this.#count += 1}`, question: state.question.trim(), images: state.images,
            maxTokens: state.maxTokens,
        };
        this.dispatch({ type: "runStarted", ...run });
        const running = new AbortController();
        this.#running = running;
        try {
            const probe = await this.#answerAndProbe(run, running.signal);
            this.dispatch({ type: "runProbed", id: run.id, probe });
        } catch (error) {
            if (error.name === "AbortError") this.dispatch({ type: "runStopped", id: run.id });
            else this.dispatch({ type: "runFailed", id: run.id, error: error.message });
            if (error.status === 0) this.#reconnect();
        }
    }

    stop() {
        this.#running?.abort();
        this.#running = null;
    }

    /** Shows another head reduction, fetching its maps the first time. */
    async chooseHead(head) {
        this.dispatch({ type: "viewChanged", view: { head } });
        const run = activeRun(this.state());
        if (run?.status !== "ready") return;
        const { knockout } = run;
        if (knockout?.status === "ready" && !knockout.probe?.maps[head]) {
            this.#probeKnockout(run, knockout.interventions, head);
        }
        if (run.maps[head] || run.loadingHead === head) return;
        this.dispatch({ type: "mapsLoading", id: run.id, head });
        try {
            const probe = await this.server.attention(attentionBody(run, head));
            this.dispatch({ type: "mapsLoaded", id: run.id, head, maps: probe.maps });
        } catch (error) {
            this.dispatch({ type: "mapsFailed", id: run.id, error: error.message });
        }
    }

    async runKnockout() {
        const state = this.state();
        const run = activeRun(state);
        if (run?.status !== "ready") return;
        const choice = { ...state.knockout };
        const interventions = [intervention(run, choice, state.region)];
        this.stopKnockout();
        const knocking = new AbortController();
        this.#knocking = knocking;
        this.dispatch({ type: "knockoutStarted", id: run.id,
            knockout: { choice, region: state.region, interventions } });
        try {
            const answer = await this.server.knockout(knockoutBody(run, choice.source, interventions), knocking.signal);
            const [variant] = answer.variants;
            this.dispatch({
                type: "knockoutFinished", id: run.id,
                result: { baseline: answer.baseline, variant: variant.run, layers: variant.layers,
                    compare: variant.compare },
            });
        } catch (error) {
            if (error.name === "AbortError") return this.dispatch({ type: "knockoutDismissed", id: run.id });
            this.dispatch({ type: "knockoutFailed", id: run.id, error: error.message });
            if (error.status === 0) this.#reconnect();
            return;
        }
        await this.#probeKnockout(run, interventions, state.view.head, knocking.signal);
    }

    stopKnockout() {
        this.#knocking?.abort();
        this.#knocking = null;
    }

    // The attention of the answer under a knockout, so that its words have heat maps too.
    async #probeKnockout(run, interventions, head, signal) {
        try {
            const probe = await this.server.attention(attentionBody(run, head, interventions), signal);
            this.dispatch({ type: "knockoutProbed", id: run.id, interventions, head, probe });
        } catch (error) {
            if (error.name === "AbortError") return;
            this.dispatch({ type: "knockoutProbeFailed", id: run.id, error: error.message });
        }
    }

    // One stream gives tokens and maps where the server can do so; elsewhere the answer streams first.
    async #answerAndProbe(run, signal) {
        const onText = (text) => this.dispatch({ type: "runToken", id: run.id, text });
        if (this.state().streaming.some((route) => route.endsWith("/v1/attention"))) {
            return await this.server.streamAttention(attentionBody(run, "mean"), (event) => {
                if (event.type === "token") onText(event.text ?? event.token ?? "");
                if (event.type === "meta" && event.layout) {
                    this.dispatch({ type: "runLayout", id: run.id, layout: event.layout });
                }
                if (event.type === "progress") this.dispatch({ type: "runProgress", id: run.id, progress: event });
            }, signal);
        }
        await this.server.chat(chatBody(run), onText, signal);
        this.dispatch({ type: "runProbing", id: run.id });
        return await this.server.attention(attentionBody(run, "mean"), signal);
    }

    // A server that was started anew has forgotten its pictures, so they are sent again.
    async #reconnect() {
        await this.connect();
        for (const { key } of this.state().images) {
            this.dispatch({ type: "imageSentAgain", key });
            await this.#upload(key);
        }
    }

    async #upload(key) {
        try {
            const answer = await this.server.upload(this.#blobs.get(key));
            this.dispatch({ type: "imageUploaded", key, imageId: answer.image_id });
        } catch (error) {
            this.dispatch({ type: "imageFailed", key, error: error.message });
        }
    }

    #forgetImages() {
        for (const image of this.state().images) URL.revokeObjectURL(image.url);
        this.#blobs.clear();
    }
}
