/** Keys for the whole page. They rest while a person types or works a control that uses the same keys. */
export function listenForKeys(dispatch) {
    document.addEventListener("keydown", (event) => {
        if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
        const change = keys[event.key];
        if (!change || isBusyWithKeys(event.target, event.key)) return;
        event.preventDefault();
        dispatch(change);
    });
}

const keys = {
    ArrowRight: { type: "tokenStepped", step: 1 },
    ArrowLeft: { type: "tokenStepped", step: -1 },
    ArrowUp: { type: "layerStepped", step: 1 },
    ArrowDown: { type: "layerStepped", step: -1 },
    Home: { type: "tokenChosen", token: null },
    " ": { type: "overlayToggled" },
};

function isBusyWithKeys(target, key) {
    if (!(target instanceof Element)) return false;
    if (target.closest("dialog[open], textarea, select")) return true;
    if (target.closest("input")) return target.type !== "checkbox" || key === " ";
    return key === " " && target.closest("button, summary, a") !== null;
}
