import { el, icon, setText } from "../lib/dom.js";
import { activeRun, canAsk, isBusy } from "../state.js";

const suggestions = ["Describe this image.", "What is at the right?", "How many objects are there?"];

/** The question field. Returns `update(state)`. */
export function mountComposer(root, dispatch, actions) {
    let asked = null;
    const field = el("textarea", {
        id: "question", rows: 1, placeholder: "Ask about the picture…", "aria-label": "Question",
        on: {
            // A question that was answered is usually replaced, not extended.
            focus: () => { if (field.value === asked) field.select(); },
            input: () => dispatch({ type: "questionChanged", question: field.value }),
            keydown: (event) => {
                if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
                event.preventDefault();
                actions.ask();
                field.blur();
            },
        } });
    const send = el("button", { type: "submit", class: "send primary", "aria-label": "Ask" }, icon("send"));
    const stop = el("button",
        { type: "button", class: "send", "aria-label": "Stop", on: { click: () => actions.stop() } }, icon("stop"));
    const limit = el("input", { type: "number", id: "max-tokens", min: 1, max: 1024, step: 1,
        on: { change: () => dispatch({ type: "maxTokensChanged", maxTokens: limit.valueAsNumber }) } });
    const hints = el("div", { class: "suggestions" }, suggestions.map((text) => el("button", {
        type: "button", class: "chip",
        on: { click: () => { dispatch({ type: "questionChanged", question: text }); field.focus(); } },
    }, text)));
    const why = el("span", { class: "why" });
    const submit = (event) => { event.preventDefault(); actions.ask(); };
    root.append(hints, el("form", { class: "ask", on: { submit } }, field, stop, send),
        el("div", { class: "composer-foot" }, why,
            el("label", { for: "max-tokens" }, "at most"), limit, el("span", {}, "tokens")));

    return (state) => {
        const busy = isBusy(activeRun(state));
        asked = activeRun(state)?.question ?? null;
        if (field.value !== state.question) field.value = state.question;
        field.style.height = "auto";
        field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
        send.hidden = busy;
        stop.hidden = !busy;
        send.disabled = !canAsk(state);
        hints.hidden = state.question !== "" || state.images.length === 0;
        if (document.activeElement !== limit) limit.value = state.maxTokens;
        setText(why, reason(state));
    };
}

/** Why nothing can be asked yet, as the next thing to do. */
function reason(state) {
    if (state.model.status !== "ready") return "The model is not ready yet.";
    if (state.images.length === 0) return "Start with a picture.";
    if (state.images.some((image) => image.status === "failed")) return "Remove the picture that could not be read.";
    return "";
}
