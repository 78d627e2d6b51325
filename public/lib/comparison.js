/** How two answers of one knockout differ. */

/** Number of leading tokens that both runs share. */
export function commonPrefix(baseline, variant) {
    const limit = Math.min(baseline.tokens.length, variant.tokens.length);
    for (let i = 0; i < limit; i += 1) {
        if (!sameToken(baseline.tokens[i], variant.tokens[i])) return i;
    }
    return limit;
}

/**
 * Change of log-probability of each shared token: both runs produced it after the same words, so the numbers compare.
 */
export function sharedChanges(baseline, variant) {
    const count = commonPrefix(baseline, variant);
    return Array.from({ length: count }, (_, i) => variant.tokens[i].logprob - baseline.tokens[i].logprob);
}

/** A sentence on where the answers part. */
export function describeDifference(baseline, variant) {
    const at = commonPrefix(baseline, variant);
    const before = baseline.tokens[at];
    const after = variant.tokens[at];
    if (!before && !after) return "Both answers are the same.";
    const words = `“${word(before)}” ${probability(before)}became “${word(after)}” ${probability(after)}`.trim();
    return at === 0 ? `The first token differs: ${words}.`
        : `The answers part after ${at} ${at === 1 ? "token" : "tokens"}: ${words}.`;
}

/** A signed number with a true minus sign. */
export function signed(value, digits = 2) {
    if (!Number.isFinite(value)) return value > 0 ? "+∞" : value < 0 ? "−∞" : "—";
    const text = Math.abs(value).toFixed(digits);
    return Number(text) === 0 ? text : `${value < 0 ? "−" : "+"}${text}`;
}

function sameToken(a, b) {
    return a.id === undefined || b.id === undefined ? a.text === b.text : a.id === b.id;
}

const word = (token) => (token ? token.text.trim() || token.text.replace(/\n/g, "↵") : "end");
const probability = (token) =>
    (token && Number.isFinite(token.logprob) ? `(${percent(Math.exp(token.logprob))}) ` : "");
const percent = (p) => `${(100 * p).toFixed(p < 0.1 ? 1 : 0)} %`;
