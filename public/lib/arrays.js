/**
 * Number arrays as the API sends them: nested JSON arrays, or `{dtype, shape, data}` with base64 little-endian bytes.
 * Both become `{shape: number[], data: Float32Array}`, row-major.
 */
export function decodeArray(value) {
    if (Array.isArray(value)) return decodeNested(value);
    if (value && Array.isArray(value.shape) && typeof value.data === "string") return decodeBase64(value);
    throw new TypeError("The answer holds an array in an unknown form: neither nested lists nor base64 with a shape.");
}

function decodeNested(value) {
    const shape = [];
    for (let level = value; Array.isArray(level); level = level[0]) shape.push(level.length);
    const data = Float32Array.from(value.flat(Infinity));
    return checked({ shape, data });
}

function decodeBase64({ dtype, shape, data }) {
    const text = atob(data);
    const bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i += 1) bytes[i] = text.charCodeAt(i);
    const view = new DataView(bytes.buffer);
    if (dtype === "f32") {
        const values = new Float32Array(Math.floor(bytes.length / 4));
        for (let i = 0; i < values.length; i += 1) values[i] = view.getFloat32(4 * i, true);
        return checked({ shape, data: values });
    }
    if (dtype === "f16") {
        const values = new Float32Array(Math.floor(bytes.length / 2));
        for (let i = 0; i < values.length; i += 1) values[i] = halfToFloat(view.getUint16(2 * i, true));
        return checked({ shape, data: values });
    }
    throw new TypeError(`The answer holds numbers of type ${dtype}; this page reads f32 and f16.`);
}

/** IEEE 754 binary16 to a number. */
export function halfToFloat(bits) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >> 10) & 0x1f;
    const fraction = bits & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 31) return fraction ? NaN : sign * Infinity;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

function checked(array) {
    const count = array.shape.reduce((product, n) => product * n, 1);
    if (count !== array.data.length) {
        const found = array.data.length;
        throw new RangeError(`The answer's array has ${found} numbers; its shape ${array.shape} needs ${count}.`);
    }
    return array;
}
