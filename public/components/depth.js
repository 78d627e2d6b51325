import { el, setText, svg } from "../lib/dom.js";
import { layerCount, shownProbe } from "../state.js";
import { massByLayer } from "../lib/maps.js";
import { describeLayers, layerPresets, presetWindow, selectedLayers } from "../lib/layers.js";
import { segmented } from "../lib/segmented.js";

/** Kinds of tokens, in the order they are stacked. */
const kinds = [
    ["image", "picture"], ["bos", "start"], ["system", "system"], ["template", "template"],
    ["history", "history"], ["question", "question"], ["generated", "answer"],
];

const hints = { bos: "The start token (BOS): a usual attention sink", generated: "Earlier words of the answer itself" };

/**
 * The layers as one chart that is also the slider: each bar says where a layer's attention goes, and dragging over
 * the bars chooses a layer or a range of layers. Returns `update(state)`.
 */
export function mountDepth(root, dispatch) {
    const shown = el("h2", { class: "shown-layers" });
    const mode = segmented("layer-mode", "Layers shown", [
        ["one", "One layer", "Show a single layer"], ["range", "Range mean", "Show the mean over a range of layers"],
    ], (value) => dispatch({ type: "layerModeChosen", mode: value }));
    const presets = el("div", { class: "presets", role: "group", "aria-label": "Layer ranges" });
    const bars = svg("svg", { class: "bars", preserveAspectRatio: "none", role: "img" });
    const low = handle("First layer", "first");
    const high = handle("Last layer", "last");
    const span = el("div", { class: "span" });
    const track = el("div", { class: "track" }, bars, span, low, high);
    const legend = el("ul", { class: "kinds", "aria-label": "Share of attention by kind of token" });
    root.append(el("div", { class: "depth-head" }, shown, mode.node, presets), track, legend);

    const view = { count: 0, selected: [0, 0], mode: "one", hovered: null, fractions: null, token: null };
    listenForDrags(track, view, dispatch, () => updateLegend(legend, view));
    for (const [node, end] of [[low, 0], [high, 1]]) {
        node.addEventListener("keydown", (event) => moveHandle(event, end, view, dispatch));
    }

    return (state) => {
        view.count = layerCount(state);
        root.hidden = view.count === 0 || state.images.length === 0;
        if (root.hidden) return;
        view.mode = state.view.layerMode;
        view.selected = selectedLayers(state.view, view.count);
        mode.update(view.mode);
        updatePresets(presets, view.count, view.selected, dispatch);
        setText(shown, capitalised(describeLayers(view.selected)));
        placeHandles(low, high, span, view);
        const { fractions = null, token = null } = shownProbe(state) ?? {};
        if (view.fractions !== fractions || view.token !== token || view.drawn !== view.count) {
            Object.assign(view, { fractions, token, drawn: view.count });
            drawBars(bars, view);
        }
        updateLegend(legend, view);
    };
}

const capitalised = (text) => text[0].toUpperCase() + text.slice(1);

function handle(label, name) {
    return el("div", { class: `handle handle-${name}`, role: "slider", tabindex: 0, "aria-label": label });
}

function placeHandles(low, high, span, { count, selected: [first, last], mode }) {
    const centre = (layer) => `${(100 * (layer + 0.5)) / count}%`;
    low.style.left = centre(first);
    high.style.left = centre(last);
    high.hidden = mode === "one";
    low.setAttribute("aria-label", mode === "one" ? "Layer" : "First layer");
    span.style.left = `${(100 * first) / count}%`;
    span.style.width = `${(100 * (last - first + 1)) / count}%`;
    for (const [node, layer] of [[low, first], [high, last]]) {
        node.setAttribute("aria-valuemin", 0);
        node.setAttribute("aria-valuemax", count - 1);
        node.setAttribute("aria-valuenow", layer);
    }
}

function moveHandle(event, end, { count, selected, mode }, dispatch) {
    const step = { ArrowRight: 1, ArrowUp: 1, ArrowLeft: -1, ArrowDown: -1, PageUp: 4, PageDown: -4,
        Home: -count, End: count }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const moved = [...selected];
    moved[end] = Math.max(0, Math.min(count - 1, moved[end] + step));
    if (mode === "one") moved[1] = moved[0];
    dispatch({ type: "layersChosen", first: Math.min(...moved), last: Math.max(...moved) });
}

function listenForDrags(track, view, dispatch, hoverChanged) {
    let anchor = null;
    const layerAt = (event) => {
        const box = track.getBoundingClientRect();
        const layer = Math.floor(((event.clientX - box.left) / box.width) * view.count);
        return Math.max(0, Math.min(view.count - 1, layer));
    };
    const choose = (layer) => dispatch({
        type: "layersChosen", first: view.mode === "one" ? layer : anchor, last: layer,
    });
    track.addEventListener("pointerdown", (event) => {
        const layer = layerAt(event);
        const [first, last] = view.selected;
        // Near an end of the range that end is moved; elsewhere a new range begins.
        anchor = layer === first ? last : layer === last ? first : layer;
        track.setPointerCapture(event.pointerId);
        choose(layer);
    });
    track.addEventListener("pointermove", (event) => {
        const layer = layerAt(event);
        if (anchor !== null) choose(layer);
        if (view.hovered === layer) return;
        view.hovered = layer;
        hoverChanged();
    });
    for (const type of ["pointerup", "pointercancel"]) track.addEventListener(type, () => { anchor = null; });
    track.addEventListener("pointerleave", () => { view.hovered = null; hoverChanged(); });
}

function drawBars(root, { count, fractions, token }) {
    root.setAttribute("viewBox", `0 0 ${count} 1`);
    const floor = new Float64Array(count).fill(1);
    const parts = kinds.filter(([kind]) => fractions?.[kind]?.shape[0] > 0).flatMap(([kind]) => {
        const mass = massByLayer(fractions[kind], token);
        return Array.from(mass, (share, layer) => {
            floor[layer] -= share;
            return svg("rect", { class: `mass-${kind}`, x: layer + 0.06, y: Math.max(0, floor[layer]), width: 0.88,
                height: share });
        });
    });
    const idle = Array.from({ length: count }, (_, layer) =>
        svg("rect", { class: "mass-none", x: layer + 0.06, y: 0, width: 0.88, height: 1 }));
    root.replaceChildren(...(parts.length > 0 ? parts : idle));
    root.setAttribute("aria-label", parts.length > 0 ? "Attention by kind of token, layer by layer" : "Layers");
}

/** The legend doubles as the chart's reading at the hovered layer, else at the shown ones. */
function updateLegend(root, { fractions, token, selected, hovered, count }) {
    if (!fractions) {
        root.replaceChildren(el("li", {},
            "Once there is an answer, each bar shows where that layer’s attention goes."));
        return;
    }
    const [first, last] = hovered === null ? selected : [hovered, hovered];
    const present = kinds.filter(([kind]) => fractions[kind]?.data.some((share) => share > 0));
    const items = present.map(([kind, label]) => {
        const mass = massByLayer(fractions[kind], token).subarray(first, Math.min(last + 1, count));
        const mean = mass.reduce((a, b) => a + b, 0) / Math.max(1, mass.length);
        return el("li", { title: hints[kind] }, el("i", { class: `swatch mass-${kind}` }), `${label} `,
            el("b", {}, `${Math.round(100 * mean)} %`));
    });
    const where = el("li", { class: "where" }, hovered === null ? "" : `layer ${hovered}`);
    root.replaceChildren(el("li", {}, "Attention to"), ...items, where);
}

function updatePresets(root, count, selected, dispatch) {
    if (root.dataset.count !== String(count)) {
        root.dataset.count = count;
        const all = { name: "all", window: [0, count - 1] };
        const entries = [...layerPresets.map((p) => ({ name: p.name, window: presetWindow(p, count) })), all];
        root.replaceChildren(...entries.map(({ name, window: [first, last] }) => el("button", {
            type: "button", class: "chip", data: { first, last }, title: describeLayers([first, last]),
            on: {
                click: () => {
                    dispatch({ type: "layerModeChosen", mode: "range" });
                    dispatch({ type: "layersChosen", first, last });
                },
            },
        }, name)));
    }
    for (const button of root.children) {
        const on = Number(button.dataset.first) === selected[0] && Number(button.dataset.last) === selected[1];
        button.setAttribute("aria-pressed", String(on));
    }
}
