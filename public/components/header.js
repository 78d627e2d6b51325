import { el, icon, setText } from "../lib/dom.js";

/** Name, model badge, keyboard help, and notices that concern the whole page. Returns `update(state)`. */
export function mountHeader(root, dispatch, actions) {
    const badge = el("span", { class: "badge", role: "status" });
    const help = helpDialog();
    const notice = el("p", { class: "notice", role: "status" });
    const problem = el("p", { class: "notice notice-error", role: "alert" });
    const key = keyForm(actions);
    root.append(
        el("div", { class: "bar" },
            el("a", { class: "brand", href: "." }, el("img", { src: "favicon.svg", alt: "", width: 26, height: 26 }),
                "Fovea"),
            el("span", { class: "tagline" }, "where a model looks, word by word"),
            badge,
            el("button", { class: "quiet", type: "button", "aria-label": "Keyboard shortcuts",
                title: "Keyboard shortcuts",
                on: { click: () => help.showModal() } }, icon("keyboard"))),
        notice, problem, key, help);

    return (state) => {
        setText(badge, badgeText(state.model));
        badge.dataset.status = state.model.status;
        const warning = noticeText(state.model);
        notice.hidden = warning === "" || state.model.status !== "ready";
        setText(notice, warning);
        problem.hidden = state.problem === null;
        setText(problem, state.problem ?? "");
        key.hidden = !state.needsKey;
    };
}

function badgeText(model) {
    if (model.status !== "ready") return model.message ? `Waiting for the model: ${model.message}` : "Connecting…";
    const size = model.layers > 0 ? ` · ${model.layers} layers × ${model.heads} heads` : "";
    return `${model.name}${size}`;
}

function noticeText(model) {
    if (model.notice || !model.random) return model.notice ?? "";
    return "The weights of this model are random: answers and heat maps are noise. Start Fovea with --model DIR.";
}

function keyForm(actions) {
    const field = el("input", { type: "password", id: "api-key", autocomplete: "off", required: true });
    const submit = (event) => {
        event.preventDefault();
        actions.useKey(field.value);
    };
    return el("form", { class: "notice key", hidden: true, on: { submit } },
        el("label", { for: "api-key" }, "This server asks for its API key. It is kept until the page is closed."),
        field, el("button", { class: "primary", type: "submit" }, "Use key"));
}

function helpDialog() {
    const rows = [
        [["←", "→"], "step through the answer’s tokens"],
        [["↑", "↓"], "move through the layers"],
        [["Home"], "the whole answer’s mean map"],
        [["Space"], "show or hide the heat map"],
        [["←", "→", "↑", "↓"], "while choosing a region: move; Space hides a patch, Esc ends"],
        [["Enter"], "ask (Shift + Enter for a new line)"],
    ];
    return el("dialog", { class: "help", "aria-label": "Keyboard shortcuts" },
        el("h2", {}, "Keyboard"),
        el("dl", {}, rows.flatMap(([keys, text]) => [
            el("dt", {}, keys.map((name) => el("kbd", {}, name))), el("dd", {}, text)])),
        el("form", { method: "dialog" }, el("button", { class: "primary", type: "submit" }, "Close")));
}
