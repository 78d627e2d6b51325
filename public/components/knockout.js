import { el, icon, setText } from "../lib/dom.js";
import { activeRun, layerCount } from "../state.js";
import { describeLayers, layerPresets, presetWindow } from "../lib/layers.js";
import { receivers } from "../lib/requests.js";
import { commonPrefix, describeDifference, sharedChanges, signed } from "../lib/comparison.js";

/** Who may not look at the picture. */
const sources = {
    "img->gen": ["The answer", "Answer blind",
        "Words after the first one cannot see the picture; the prompt still can."],
    "img->txt": ["The prompt", "Prompt blind",
        "The prompt’s words cannot see the picture; the answer’s words still can."],
    "img->txt+gen": ["Both", "Both blind", "No word can see the picture: what remains is what the model says blind."],
    region: ["A region", "Region hidden", "Some patches are hidden; the rest of the picture stays."],
};

/** Knockout: cut attention to the picture and compare the answers. Returns `update(state)`. */
export function mountKnockout(root, dispatch, actions) {
    const edit = (knockout) => dispatch({ type: "knockoutEdited", knockout });
    const choices = Object.entries(sources).map(([source, [label, , hint]]) => el("button", {
        type: "button", class: "choice", data: { source }, title: hint, on: { click: () => edit({ source }) },
    }, label));
    const hint = el("p", { class: "hint" });
    const region = regionControls(dispatch, edit);
    const layers = layerControls(edit);
    const run = el("button", { type: "button", class: "primary", on: { click: () => actions.runKnockout() } },
        "Compare");
    const stop = el("button", { type: "button", class: "quiet", on: { click: () => actions.stopKnockout() } },
        icon("stop"), "Stop");
    const wait = el("p", { class: "status", role: "status" });
    const error = el("p", { class: "error", role: "alert" });
    const result = el("div", { class: "comparison" });
    listenToWords(result, dispatch);
    root.append(
        el("div", { class: "card" },
            el("h2", {}, "What if it could not see?"),
            el("div", { class: "choices", role: "group", "aria-label": "Who cannot see the picture" }, choices),
            hint, region.node,
            el("div", { class: "knockout-foot" }, layers.node, stop, run), wait, error, result));

    let drawn = null;
    return (state) => {
        const active = activeRun(state);
        root.hidden = active?.status !== "ready" || active.tokens.length === 0;
        if (root.hidden) return;
        const { source } = state.knockout;
        for (const choice of choices) choice.setAttribute("aria-pressed", String(choice.dataset.source === source));
        setText(hint, sources[source][2]);
        region.update(state);
        layers.update(state);
        const running = active.knockout?.status === "running";
        run.disabled = running || (source === "region" && state.region.columns.length === 0);
        stop.hidden = !running;
        setText(wait, running ? "Answering again without it…" : "");
        wait.dataset.busy = String(running);
        error.hidden = active.knockout?.status !== "failed";
        setText(error, active.knockout?.error ?? "");
        updateResult(result, active.knockout, state, drawn);
        drawn = active.knockout;
        markWords(result, active.knockout, state);
    };
}

/** Draws a finished comparison once; its words' heat maps may come later. */
function updateResult(root, knockout, state, drawn) {
    if (drawn?.variant === knockout?.variant && drawn?.status === knockout?.status
        && root.dataset.run === state.activeRun) return;
    root.dataset.run = state.activeRun;
    const finished = knockout?.status === "ready";
    root.replaceChildren(...(finished ? comparison(knockout, layerCount(state)) : []));
    if (finished) root.scrollIntoView({ block: "nearest" });
}

/** Shows whose map is on the picture, and fades a comparison that the choices above no longer describe. */
function markWords(root, knockout, state) {
    const { choice, region, probe, probeError } = knockout ?? {};
    const changed = choice && (Object.keys(choice).some((name) => choice[name] !== state.knockout[name]) ||
        (choice.source === "region" && region !== state.region));
    root.classList.toggle("outdated", Boolean(changed));
    for (const node of root.querySelectorAll(".word")) {
        const { side, index } = node.dataset;
        const shown = side === "variant" ? state.hoveredVariant : state.hoveredToken;
        node.classList.toggle("shown", Number(index) === shown);
    }
    const note = root.querySelector(".words-note");
    const guide = probe ? "Point at a word of either answer to see its heat map." : "Reading attention…";
    if (note) setText(note, probeError ?? guide);
}

/** Words of both answers show their heat maps when pointed at, or by the arrow keys within an answer. */
function listenToWords(root, dispatch) {
    const show = (side, token) =>
        dispatch(side === "variant" ? { type: "variantHovered", token } : { type: "tokenHovered", token });
    const hide = () => ["variant", "baseline"].forEach((side) => show(side, null));
    root.addEventListener("pointerover", (event) => {
        hide();
        const word = event.target.closest?.(".word");
        if (word) show(word.dataset.side, Number(word.dataset.index));
    });
    root.addEventListener("pointerleave", hide);
    root.addEventListener("focusout", hide);
    root.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        const words = [...(event.target.closest(".words")?.querySelectorAll(".word") ?? [])];
        if (!step || words.length === 0) return;
        event.preventDefault();
        const from = words.findIndex((word) => word.classList.contains("shown"));
        const to = Math.max(0, Math.min(words.length - 1, from + step));
        show(words[to].dataset.side, to);
    });
}

function regionControls(dispatch, edit) {
    const select = el("button",
        { type: "button", class: "quiet", on: { click: () => dispatch({ type: "selectingToggled" }) } },
        icon("select"), el("span", {}, "Choose patches"));
    const clear = el("button",
        { type: "button", class: "quiet", on: { click: () => dispatch({ type: "regionCleared" }) } }, "Clear");
    const to = el("select", { id: "receivers", on: { change: () => edit({ receivers: to.value }) } },
        Object.entries(receivers).map(([value, { label }]) => el("option", { value }, label)));
    const node = el("div", { class: "region" }, select, clear,
        el("label", { for: "receivers" }, "hidden from"), to);
    return {
        node,
        update(state) {
            node.hidden = state.knockout.source !== "region";
            const count = state.region.columns.length;
            select.setAttribute("aria-pressed", String(state.selecting));
            setText(select.lastChild, count === 0 ? "Choose patches" : `${count} ${count === 1 ? "patch" : "patches"}`);
            clear.hidden = count === 0;
            to.value = state.knockout.receivers;
        },
    };
}

const clamp = (value, greatest) => Math.max(0, Math.min(greatest, value));

function layerControls(edit) {
    const options = [["all", "all layers"], ["from", "from layer …"], ["window", "layers … to …"],
        ...layerPresets.map(({ name }) => [name, name])];
    const select = el("select", { id: "knockout-layers", on: { change: () => edit({ layers: select.value }) } },
        options.map(([value, label]) => el("option", { value }, label)));
    const number = (label, onChange) => {
        const input = el("input", { type: "number", min: 0, step: 1, "aria-label": label,
            on: { change: () => onChange(clamp(Math.round(input.valueAsNumber) || 0, Number(input.max))) } });
        return input;
    };
    const first = number("First layer", (value) => {
        edit(select.value === "from" ? { from: value } : { window: [value, Number(last.value)] });
    });
    const last = number("Last layer", (value) => edit({ window: [Number(first.value), value] }));
    const node = el("div", { class: "layer-choice" }, el("label", { for: "knockout-layers" }, "in"), select, first,
        last);
    return {
        node,
        update(state) {
            const { layers, from, window } = state.knockout;
            const count = layerCount(state);
            select.value = layers;
            first.hidden = layers !== "from" && layers !== "window";
            last.hidden = layers !== "window";
            for (const input of [first, last]) input.max = Math.max(0, count - 1);
            if (document.activeElement !== first) first.value = layers === "from" ? from : window[0];
            if (document.activeElement !== last) last.value = window[1];
            for (const [i, { name }] of layerPresets.entries()) {
                const numbers = count > 0 ? ` (${presetWindow(layerPresets[i], count).join("–")})` : "";
                select.options[i + 3].textContent = name + numbers;
            }
        },
    };
}

/** Both answers side by side, the first differing token marked. */
function comparison({ baseline, variant, choice, layers, compare }, layerCount) {
    const at = commonPrefix(baseline, variant);
    const changes = sharedChanges(baseline, variant);
    return [
        el("p", { class: "verdict" }, describeDifference(baseline, variant)),
        el("div", { class: "sides" },
            side("baseline", "Sees everything", baseline, at, []),
            side("variant", `${sources[choice.source][1]} · ${layerText(layers, layerCount)}`, variant, at, changes)),
        el("p", { class: "words-note" }),
        figures(compare, baseline, changes),
    ];
}

function side(name, title, run, at, changes) {
    const words = run.tokens.map((token, i) => {
        const kind = i === at ? "word differs" : i > at ? "word after" : "word";
        const delta = changes[i] === undefined ? "" : ` · change ${signed(changes[i])}`;
        const text = token.text.replace(/\n/g, "↵\n");
        const space = i === 0 ? "" : /^ */.exec(text)[0];
        const node = el("span", { class: kind, data: { side: name, index: i },
            title: `log-probability ${signed(token.logprob)}${delta}` }, text.trimStart() || text);
        const loss = Math.min(1, Math.max(0, -(changes[i] ?? 0) / 3));
        node.style.setProperty("--loss", loss.toFixed(2));
        return [space, node];
    });
    return el("div", { class: "side" }, el("h3", {}, title),
        el("p", { class: "words", tabindex: 0, "aria-label": `${title}: ${run.text}` },
            words.length > 0 ? words.flat() : el("i", {}, "no words")));
}

function figures(compare, baseline, changes) {
    const entries = [];
    // The first token's distribution tells nothing where it stays as it was, as under a knockout of the answer alone.
    if (compare?.kl_next >= 0.0005) {
        for (const [target, value] of Object.entries(compare.delta_logprob ?? {})) {
            entries.push([`First token “${target}”: change of log-probability`, signed(value)]);
        }
        entries.push(["First token: KL divergence", compare.kl_next.toFixed(3)]);
    }
    const worst = changes.reduce((least, value, i) => (value < (changes[least] ?? 0) ? i : least), -1);
    if (changes[worst] <= -0.005) {
        const word = baseline.tokens[worst].text.trim();
        entries.push([`Shared word that lost most, “${word}”: change of log-probability`, signed(changes[worst])]);
    }
    return el("dl", { class: "figures" },
        entries.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

function layerText(layers, count) {
    if (!Array.isArray(layers) || layers.length === 0) return "no layer";
    if (layers.length === count) return "all layers";
    const contiguous = layers.every((layer, i) => i === 0 || layer === layers[i - 1] + 1);
    return contiguous ? describeLayers([layers[0], layers.at(-1)]) : `${layers.length} layers`;
}
