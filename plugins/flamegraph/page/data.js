// SPDX-License-Identifier: Apache-2.0
// The recording as typed arrays. Nodes are in preorder: a node's descendants follow it, up to end[i].

performance.mark("hearth:start");
const data = JSON.parse(document.getElementById("data").textContent);

// See page.h: per node (levels up << 1 | has self), label, [self], as base64 VLQ.
function decodeTree(text, n) {
	const label = new Int32Array(n), parent = new Int32Array(n), depth = new Int32Array(n);
	const self = new Float64Array(n), total = new Float64Array(n), left = new Float64Array(n);
	const end = new Int32Array(n), digits = new Int8Array(128), path = [];
	const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	let at = 0;

	for (let i = 0; i < 64; i++)
		digits[alphabet.charCodeAt(i)] = i;
	function next() {
		let value = 0, scale = 1, digit;
		do {
			digit = digits[text.charCodeAt(at++)];
			value += (digit & 31) * scale;
			scale *= 32;
		} while (digit & 32);
		return value;
	}
	for (let i = 0; i < n; i++) {
		const head = next();
		path.length -= Math.floor(head / 2);
		label[i] = next();
		self[i] = head % 2 ? next() : 0;
		parent[i] = path.length ? path[path.length - 1] : -1;
		depth[i] = path.length;
		path.push(i);
	}
	for (let i = n - 1; i >= 0; i--) {
		total[i] += self[i];
		end[i] = Math.max(end[i], i + 1);
		if (i) {
			total[parent[i]] += total[i];
			end[parent[i]] = Math.max(end[parent[i]], end[i]);
		}
	}
	const filled = new Float64Array(n);
	for (let i = 1; i < n; i++) {
		left[i] = left[parent[i]] + filled[parent[i]];
		filled[parent[i]] += total[i];
	}
	return { n, label, parent, depth, self, total, left, end };
}

const tree = decodeTree(data.nodes, data.nNodes);
const all = tree.total[0];
data.nodes = "";
performance.mark("hearth:decoded");

function labelName(l) {
	return data.names[l] || "all";
}

function kindName(l) {
	return data.kindNames[data.kind[l]];
}

function isFunction(l) {
	return l > -1 && kindName(l) !== "process" && kindName(l) !== "truncated";
}

// Self and total of every label; recursion counts once.
function weighLabels() {
	const n = data.names.length, self = new Float64Array(n), total = new Float64Array(n);
	const onPath = new Int32Array(n), path = [];
	for (let i = 0; i < tree.n; i++) {
		while (path.length > tree.depth[i])
			onPath[path.pop()]--;
		const l = tree.label[i];
		self[l] += tree.self[i];
		if (onPath[l]++ === 0)
			total[l] += tree.total[i];
		path.push(l);
	}
	return { self, total };
}

const counts = new Intl.NumberFormat("en-US");

function count(n) {
	return counts.format(n);
}

function percent(part, whole = all) {
	const p = whole ? part / whole * 100 : 0;
	return (p >= 99.95 || p === 0 ? p.toFixed(0) : p >= 0.1 ? p.toFixed(1) : p >= 0.01 ? p.toFixed(2) : "<0.01") + " %";
}

// What values count: samples, unless the event measures something else.
const unit = data.sampleUnit && data.sampleUnit !== "count" ? data.sampleUnit : "samples";
