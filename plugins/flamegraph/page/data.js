// SPDX-License-Identifier: Apache-2.0
// The recording as it stands in the page, and how numbers are written.

performance.mark("hearth:start");
const data = JSON.parse(document.getElementById("data").textContent);

// Numbers from a text of base64 digits, six bits each: five of the number, least significant first,
// and bit 32 where another digit follows.
function vlqReader(text) {
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const digits = new Int8Array(128);
	let at = 0;

	for (let i = 0; i < 64; i++)
		digits[alphabet.charCodeAt(i)] = i;
	return () => {
		let value = 0, scale = 1, digit;
		do {
			digit = digits[text.charCodeAt(at++)];
			value += (digit & 31) * scale;
			scale *= 32;
		} while (digit & 32);
		return value;
	};
}

// See page.h: per node (levels up << 1 | has self), label, [self].
function decodeTree(text, n) {
	const label = new Int32Array(n), depth = new Int32Array(n), self = new Float64Array(n);
	const next = vlqReader(text);
	let level = -1;

	for (let i = 0; i < n; i++) {
		const head = next();
		level += 1 - Math.floor(head / 2);
		label[i] = next();
		self[i] = head % 2 ? next() : 0;
		depth[i] = level;
	}
	return makeTree(n, label, depth, self);
}

const recorded = decodeTree(data.nodes, data.nNodes);
const all = recorded.total[0];
data.nodes = "";
performance.mark("hearth:decoded");

// What values count: samples, unless the event measures something else or the user says so.
const unit = data.countUnit || (data.sampleUnit && data.sampleUnit !== "count" ? data.sampleUnit : "samples");
const counts = new Intl.NumberFormat("en-US");

function count(n) {
	return counts.format(n);
}

function amount(n) {
	return `${count(n)} ${n === 1 && unit === "samples" ? "sample" : unit}`;
}

function percent(part, whole = all) {
	const p = whole ? part / whole * 100 : 0;
	return (p >= 99.95 || p === 0 ? p.toFixed(0) : p >= 0.1 ? p.toFixed(1) : p >= 0.01 ? p.toFixed(2) : "<0.01") + " %";
}

function labelName(l) {
	return data.names[l] || "all";
}

function kindName(l) {
	return data.kindNames[data.kind[l]];
}

function moduleOf(l) {
	return data.modules[data.module[l]];
}

// Processes and cuts have weight, but are no functions.
function isFunction(l) {
	return l >= 0 && data.names[l] !== "" && kindName(l) !== "process" && kindName(l) !== "truncated";
}

// A label that only the page knows: a process, a thread, a container.
function addLabel(name) {
	data.names.push(name);
	data.kind.push(data.kindNames.indexOf("process"));
	data.module.push(0);
	return data.names.length - 1;
}
