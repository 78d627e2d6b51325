import { el, setText } from "../lib/dom.js";
import { activeRun, isBusy, shownProbe, shownToken } from "../state.js";
import { describeLayers, selectedLayers } from "../lib/layers.js";
import { imageMassByToken } from "../lib/maps.js";

/** The question and its answer, whose tokens show their maps when hovered or chosen. Returns `update(state)`. */
export function mountAnswer(root, dispatch, actions) {
    const guide = el("div", { class: "guide" },
        el("h1", {}, "See where a model looks"),
        el("ol", {},
            el("li", {}, el("b", {}, "Give it a picture."), " Drop one in, or pick an example."),
            el("li", {}, el("b", {}, "Ask a question."), " The answer streams in here."),
            el("li", {}, el("b", {}, "Point at a word."),
                " Its heat map shows where the model looked to write it, layer by layer."),
            el("li", {}, el("b", {}, "Take sight away."),
                " A knockout hides the picture, or a part of it, and shows how the answer changes.")));
    const earlier = el("ol", { class: "earlier", "aria-label": "Earlier questions" });
    const question = el("p", { class: "question" });
    const tokens = el("div", { class: "tokens", role: "listbox", "aria-label": "Answer tokens", tabindex: 0 });
    const whole = el("button", { type: "button", class: "chip", title: "Mean map over all tokens (Home)",
        on: { click: () => dispatch({ type: "tokenChosen", token: null }) } }, "Whole answer");
    const reading = el("p", { class: "reading-line" });
    const status = el("p", { class: "status", role: "status" });
    const error = el("p", { class: "error", role: "alert" });
    const key = el("p", { class: "sight-key" }, el("i", {}), "underline: attention on the picture, faint to strong");
    const card = el("article", { class: "card" },
        question, tokens, key, el("div", { class: "answer-foot" }, whole, reading), status, error);
    root.append(guide, earlier, card);
    listenToTokens(tokens, dispatch);

    const drawn = {};
    return (state) => {
        const run = activeRun(state);
        guide.hidden = run !== null;
        card.hidden = run === null;
        updateEarlier(earlier, state, dispatch, drawn);
        if (!run) return;
        setText(question, run.question);
        updateTokens(tokens, run, drawn);
        markTokens(tokens, run, state);
        key.hidden = run.status !== "ready" || run.tokens.length < 2;
        whole.parentElement.hidden = run.status !== "ready" || run.tokens.length === 0;
        whole.setAttribute("aria-pressed", String(shownToken(state) === null));
        setText(reading, readingLine(run, state));
        setText(status, statusLine(run));
        status.dataset.busy = String(isBusy(run));
        setText(error, run.error ?? "");
        error.hidden = run.error === null;
    };
}

/** Appends new tokens and leaves the others alone while the same run streams; redraws for another run. */
function updateTokens(root, run, drawn) {
    const same = drawn.id === run.id
        && run.tokens.slice(0, drawn.tokens.length).every((text, i) => text === drawn.tokens[i]);
    if (!same || run.tokens.length < drawn.tokens.length) {
        root.replaceChildren();
        drawn.tokens = [];
    }
    for (let i = drawn.tokens.length; i < run.tokens.length; i += 1) root.append(...tokenNodes(run.tokens[i], i));
    Object.assign(drawn, { id: run.id, tokens: run.tokens });
}

/** A token's leading space stays outside of its mark; a token without ink is drawn as a sign. */
function tokenNodes(text, index) {
    const space = /^\s*/.exec(text)[0];
    const body = text.slice(space.length);
    const shown = body || blankSign(text);
    const node = el("span", { class: body ? "token" : "token blank", role: "option", data: { index },
        id: `token-${index}` }, shown);
    return [index === 0 ? "" : space.replace(/\n/g, "") || (space && " "), node,
        ...(text.includes("\n") ? [el("br")] : [])];
}

/** A token may be white space, or nothing where several tokens make one character. */
function blankSign(text) {
    if (text.includes("\n")) return "↵";
    return text === "" ? "·" : "␣";
}

function markTokens(root, run, state) {
    const chosen = state.view.token;
    const shown = shownToken(state);
    const fraction = run.status === "ready" ? run.fractions?.image : null;
    const mass = fraction ? imageMassByToken(fraction, state.view) : null;
    const [least, greatest] = mass ? [Math.min(...mass), Math.max(...mass)] : [0, 0];
    for (const node of root.querySelectorAll(".token")) {
        const index = Number(node.dataset.index);
        node.setAttribute("aria-selected", String(index === chosen));
        node.classList.toggle("shown", index === shown);
        const sight = greatest > least ? (mass[index] - least) / (greatest - least) : 0;
        node.style.setProperty("--sight", sight.toFixed(3));
        node.title = mass ? `${Math.round(100 * mass[index])} % of its attention is on the picture` : "";
    }
    root.classList.toggle("live", run.status === "ready");
    if (chosen === null) root.removeAttribute("aria-activedescendant");
    else root.setAttribute("aria-activedescendant", `token-${chosen}`);
}

function listenToTokens(root, dispatch) {
    const index = (event) => {
        const token = event.target.closest?.(".token");
        return token ? Number(token.dataset.index) : null;
    };
    const live = () => root.classList.contains("live");
    root.addEventListener("pointerover", (event) => {
        if (live() && event.pointerType !== "touch") dispatch({ type: "tokenHovered", token: index(event) });
    });
    root.addEventListener("pointerleave", () => dispatch({ type: "tokenHovered", token: null }));
    root.addEventListener("click", (event) => {
        if (live() && index(event) !== null) dispatch({ type: "tokenChosen", token: index(event) });
    });
}

function readingLine(run, state) {
    if (run.status !== "ready" || !run.fractions?.image) return "";
    const { fractions, token: shown } = shownProbe(state);
    const mass = imageMassByToken(fractions.image, state.view);
    const value = shown === null ? mass.reduce((a, b) => a + b, 0) / Math.max(1, mass.length) : mass[shown];
    const share = `${Math.round(100 * value)} %`;
    const where = describeLayers(selectedLayers(state.view, run.fractions.image.shape[1])).replaceAll(" ", "\u00a0");
    if (shown === null) return `On average, ${share} of attention was on the picture in ${where}. Point at a word.`;
    const knocked = state.hoveredVariant !== null && fractions !== run.fractions;
    const word = (knocked ? run.knockout.variant.tokens[shown]?.text : run.tokens[shown]) ?? "";
    const start = knocked ? "Knocked out, to write" : "To write";
    const name = word.trim() || blankSign(word);
    return `${start} “${name}”, it paid ${share} of its attention to the picture in ${where}.`;
}

function statusLine(run) {
    if (run.status === "answering") {
        if (run.tokens.length === 0) return progressText(run.progress) ?? "Looking at the picture…";
        return "Answering…";
    }
    if (run.status === "probing") return "Reading attention…";
    if (run.status === "stopped") return "Stopped.";
    return run.warnings.join(" ");
}

function progressText(progress) {
    const { done, total } = progress ?? {};
    return Number.isFinite(done) && total > 0 ? `Looking at the picture… ${Math.round((100 * done) / total)} %` : null;
}

function updateEarlier(root, state, dispatch, drawn) {
    const others = state.runs.filter((run) => run.id !== state.activeRun);
    const signature = JSON.stringify(others.map((run) => [run.id, run.status]));
    root.hidden = others.length === 0;
    if (drawn.earlier === signature) return;
    drawn.earlier = signature;
    root.replaceChildren(...others.map((run) => el("li", {}, el("button", { type: "button",
        on: { click: () => dispatch({ type: "runChosen", id: run.id }) } },
    el("b", {}, run.question), el("span", {}, run.tokens.join("").trim() || run.error || "No answer")))));
}
