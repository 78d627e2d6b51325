/** The viewer's state and its transitions: `reduce(state, event)` is pure, so every behaviour can be tested alone. */
import { presetWindow, layerPresets, selectedLayers } from "./lib/layers.js";

export const initialState = {
    model: { status: "connecting", name: null, random: false, notice: null, layers: 0, heads: 0, message: null },
    streaming: [],
    needsKey: false,
    examples: [],
    images: [],
    activeImage: null,
    question: "",
    maxTokens: 64,
    runs: [],
    activeRun: null,
    hoveredToken: null,
    hoveredVariant: null,
    view: {
        token: null, layerMode: "one", layer: null, range: null, head: "mean", overlay: true,
        colormap: "magma", opacity: 0.8, normalise: "map", clip: true, smooth: true,
    },
    region: { image: null, columns: [] },
    selecting: false,
    knockout: { source: "img->gen", receivers: "answer", layers: "all", from: 0, window: [0, 0] },
    problem: null,
};

/** The run on show, or null. */
export const activeRun = (state) => state.runs.find((run) => run.id === state.activeRun) ?? null;

/** Number of layers that maps may be shown for. */
export const layerCount = (state) => activeRun(state)?.maps.mean?.shape[1] ?? state.model.layers;

/** The answer token whose map is on show: the hovered one, else the chosen one; null means the whole answer's mean. */
export const shownToken = (state) => state.hoveredToken ?? state.view.token;

/**
 * Whose attention is on show, as `{maps, fractions, token}`: the answer's, or the knocked-out answer's while one of
 * its words is pointed at. Null before there is an answer.
 */
export function shownProbe(state) {
    const run = activeRun(state);
    const probe = run?.knockout?.probe;
    if (probe && state.hoveredVariant !== null) return { ...probe, token: state.hoveredVariant };
    return run && { maps: run.maps, fractions: run.fractions, token: shownToken(state) };
}

/** Whether a new question can be asked now. */
export const canAsk = (state) =>
    state.model.status === "ready" && state.question.trim() !== "" && state.images.length > 0 &&
    state.images.every((image) => image.status === "ready") && !isBusy(activeRun(state));

export const isBusy = (run) => run?.status === "answering" || run?.status === "probing";

export function reduce(state, event) {
    const transition = transitions[event.type];
    return transition ? transition(state, event) : state;
}

const transitions = {
    modelFound: (state, { model }) => withStartingLayers({
        ...state, model: { ...state.model, ...model, status: "ready", message: null }, needsKey: false, problem: null,
    }, model.layers),
    modelWaiting: (state, { message }) => ({ ...state, model: { ...state.model, status: "connecting", message } }),
    keyNeeded: (state, { problem }) => ({ ...state, needsKey: true, problem }),
    streamingFound: (state, { streaming }) => ({ ...state, streaming }),
    examplesFound: (state, { examples }) => ({ ...state, examples }),

    imagesReplaced: (state, { image }) => ({
        ...state, images: [image], activeImage: image.key, runs: [], activeRun: null,
        hoveredToken: null, hoveredVariant: null,
        view: { ...state.view, token: null }, region: initialState.region, selecting: false, problem: null,
    }),
    imageAdded: (state, { image }) => ({ ...state, images: [...state.images, image], activeImage: image.key }),
    imageUploaded: (state, { key, imageId }) => withImage(state, key, { status: "ready", imageId, error: null }),
    imageSentAgain: (state, { key }) => withImage(state, key, { status: "uploading", error: null }),
    imageFailed: (state, { key, error }) => withImage(state, key, { status: "failed", error }),
    imageShown: (state, { key }) => ({ ...state, activeImage: key }),
    imageRemoved: (state, { key }) => {
        const images = state.images.filter((image) => image.key !== key);
        if (images.length === 0) return { ...state, images, activeImage: null, runs: [], activeRun: null };
        const active = state.activeImage === key ? images[0].key : state.activeImage;
        return { ...state, images, activeImage: active };
    },

    questionChanged: (state, { question }) => ({ ...state, question }),
    maxTokensChanged: (state, { maxTokens }) => ({ ...state, maxTokens: clamp(Math.round(maxTokens) || 1, 1, 1024) }),

    runStarted: (state, { id, question, images, maxTokens }) => ({
        ...state,
        runs: [...state.runs.slice(1 - maximumRuns), newRun(id, question, images, maxTokens)],
        activeRun: id, hoveredToken: null, hoveredVariant: null, view: { ...state.view, token: null, head: "mean" },
        region: initialState.region, selecting: false, problem: null,
    }),
    runToken: (state, { id, text }) => withRun(state, id, (run) => ({ ...run, tokens: [...run.tokens, text] })),
    runLayout: (state, { id, layout }) => withRun(state, id, (run) => ({ ...run, layout })),
    runProgress: (state, { id, progress }) => withRun(state, id, (run) => ({ ...run, progress })),
    runProbing: (state, { id }) => withRun(state, id, (run) => ({ ...run, status: "probing" })),
    runProbed: (state, { id, probe }) => withRun(withStartingLayers(state, probe.maps.shape[1]), id, (run) => ({
        ...run, status: "ready", text: probe.text, tokens: probe.tokens, layout: probe.layout, layers: probe.layers,
        fractions: probe.fractions, maps: { mean: probe.maps }, warnings: probe.warnings ?? [],
    })),
    runFailed: (state, { id, error }) => withRun(state, id, (run) => ({ ...run, status: "failed", error })),
    runStopped: (state, { id }) => withRun(state, id, (run) => ({ ...run, status: "stopped" })),
    runChosen: (state, { id }) => ({
        ...state, activeRun: id, hoveredToken: null, hoveredVariant: null, region: initialState.region,
        selecting: false,
        view: { ...state.view, token: null, head: "mean" },
    }),
    mapsLoading: (state, { id, head }) => withRun(state, id, (run) => ({ ...run, loadingHead: head, headError: null })),
    mapsLoaded: (state, { id, head, maps }) => withRun(state, id, (run) => ({
        ...run, loadingHead: run.loadingHead === head ? null : run.loadingHead, maps: { ...run.maps, [head]: maps },
    })),
    mapsFailed: (state, { id, error }) =>
        withRun(state, id, (run) => ({ ...run, loadingHead: null, headError: error })),

    variantHovered: (state, { token }) =>
        (state.hoveredVariant === token ? state : { ...state, hoveredVariant: token }),
    tokenHovered: (state, { token }) => (state.hoveredToken === token ? state : { ...state, hoveredToken: token }),
    tokenChosen: (state, { token }) => ({
        ...state, hoveredToken: null, view: { ...state.view, token: token === state.view.token ? null : token },
    }),
    tokenStepped: (state, { step }) => {
        const count = activeRun(state)?.maps?.mean?.shape[0] ?? 0;
        if (count === 0) return state;
        const from = state.view.token ?? -1;
        const token = clamp(from + step, -1, count - 1);
        return { ...state, hoveredToken: null, view: { ...state.view, token: token < 0 ? null : token } };
    },
    layerStepped: (state, { step }) => {
        const count = layerCount(state);
        if (count === 0) return state;
        const [first, last] = selectedLayers(state.view, count);
        const moved = clamp(step, -first, count - 1 - last);
        if (state.view.layerMode === "one") return { ...state, view: { ...state.view, layer: first + moved } };
        return { ...state, view: { ...state.view, range: [first + moved, last + moved] } };
    },
    layersChosen: (state, { first, last }) => ({
        ...state,
        view: first === last && state.view.layerMode === "one"
            ? { ...state.view, layer: first }
            : { ...state.view, layerMode: "range", range: [Math.min(first, last), Math.max(first, last)] },
    }),
    layerModeChosen: (state, { mode }) => {
        const [first, last] = selectedLayers(state.view, Math.max(1, layerCount(state)));
        if (mode === "one") return { ...state,
            view: { ...state.view, layerMode: mode, layer: Math.floor((first + last) / 2) } };
        return { ...state, view: { ...state.view, layerMode: mode } };
    },
    viewChanged: (state, { view }) => ({ ...state, view: { ...state.view, ...view } }),
    overlayToggled: (state) => ({ ...state, view: { ...state.view, overlay: !state.view.overlay } }),

    selectingToggled: (state) => ({ ...state, selecting: !state.selecting }),
    regionChosen: (state, { image, columns }) => ({
        ...state, region: { image, columns: [...columns].sort((a, b) => a - b) },
        knockout: { ...state.knockout, source: "region" },
    }),
    regionCleared: (state) => ({ ...state, region: initialState.region }),

    knockoutEdited: (state, { knockout }) => ({
        ...state,
        knockout: { ...state.knockout, ...knockout },
        selecting: knockout.source ? knockout.source === "region" && state.region.columns.length === 0
            : state.selecting,
    }),
    knockoutStarted: (state, { id, knockout }) => withRun(
        { ...state, selecting: false, hoveredVariant: null }, id,
        (run) => ({ ...run, knockout: { ...knockout, status: "running", probe: null, probeError: null } })),
    knockoutFinished: (state, { id, result }) => withKnockout(state, id, { ...result, status: "ready" }),
    knockoutProbed: (state, { id, interventions, head, probe }) => withRun(state, id, (run) => {
        if (run.knockout?.interventions !== interventions) return run;
        const maps = { ...run.knockout.probe?.maps, [head]: probe.maps };
        return { ...run, knockout: { ...run.knockout, probe: { fractions: probe.fractions, maps } } };
    }),
    knockoutProbeFailed: (state, { id, error }) => withKnockout(state, id, { probeError: error }),
    knockoutFailed: (state, { id, error }) => withKnockout(state, id, { error, status: "failed" }),
    knockoutDismissed: (state, { id }) => withRun(state, id, (run) => ({ ...run, knockout: null })),

    problemRaised: (state, { problem }) => ({ ...state, problem }),
    problemDismissed: (state) => ({ ...state, problem: null }),
};

/** Attention maps are large, so only the latest answers are kept. */
const maximumRuns = 6;

function newRun(id, question, images, maxTokens) {
    return {
        id, question, images, maxTokens, status: "answering", text: "", tokens: [], layout: null, layers: null,
        fractions: null, maps: {}, loadingHead: null, headError: null, progress: null, error: null, knockout: null,
        warnings: [],
    };
}

function withRun(state, id, change) {
    return { ...state, runs: state.runs.map((run) => (run.id === id ? change(run) : run)) };
}

/** Changes a run's knockout; one that was stopped or forgotten meanwhile stays so. */
function withKnockout(state, id, change) {
    return withRun(state, id, (run) => (run.knockout ? { ...run, knockout: { ...run.knockout, ...change } } : run));
}

function withImage(state, key, change) {
    return { ...state, images: state.images.map((image) => (image.key === key ? { ...image, ...change } : image)) };
}

/** Middle layers tell most about objects, so view and knockout start there, once the number of layers is known. */
function withStartingLayers(state, count) {
    if (state.view.layer !== null || count === 0) return state;
    const [first, last] = presetWindow(layerPresets[2], count);
    return {
        ...state,
        view: { ...state.view, layer: Math.floor((first + last) / 2), range: [first, last] },
        knockout: { ...state.knockout, from: Math.floor(count / 2), window: [first, last] },
    };
}

const clamp = (value, low, high) => Math.max(low, Math.min(high, value));
