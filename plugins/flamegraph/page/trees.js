// SPDX-License-Identifier: Apache-2.0
// Trees of stacks as typed arrays, in preorder: a node's descendants follow it, up to end[i]. The
// other views of a recording are trees, too, made from the recorded one when they are asked for.

// The rest follows from labels, depths and what ends at each node.
function makeTree(n, label, depth, self) {
	const parent = new Int32Array(n), end = new Int32Array(n), total = new Float64Array(n);
	const left = new Float64Array(n), path = [], filled = [0];

	for (let i = 0; i < n; i++) {
		parent[i] = depth[i] ? path[depth[i] - 1] : -1;
		path[depth[i]] = i;
	}
	for (let i = n - 1; i >= 0; i--) {
		const up = parent[i];
		total[i] += self[i];
		if (end[i] === 0)
			end[i] = i + 1;
		if (up < 0)
			continue;
		total[up] += total[i];
		if (end[up] === 0) // its last child, met first
			end[up] = end[i];
	}
	// filled: where the next box of a level begins.
	for (let i = 0; i < n; i++) {
		const level = depth[i];
		left[i] = filled[level];
		filled[level + 1] = left[i];
		filled[level] += total[i];
	}
	return { n, label, parent, depth, self, total, left, end };
}

class TreeBuilder {
	constructor(capacity = 4096) {
		this.n = 0;
		this.label = new Int32Array(capacity);
		this.depth = new Int32Array(capacity);
		this.self = new Float64Array(capacity);
	}

	grow() {
		for (const column of ["label", "depth", "self"]) {
			const old = this[column];
			this[column] = new old.constructor(old.length * 2);
			this[column].set(old);
		}
	}

	add(label, depth, self) {
		if (this.n === this.label.length)
			this.grow();
		this.label[this.n] = label;
		this.depth[this.n] = depth;
		this.self[this.n++] = self;
	}

	done() {
		return makeTree(this.n, this.label.subarray(0, this.n), this.depth.subarray(0, this.n), this.self.subarray(0, this.n));
	}
}

// Heavier first, equal ones by name.
function heavierFirst(a, aTotal, b, bTotal) {
	return bTotal - aTotal || (data.names[a] < data.names[b] ? -1 : 1);
}

// Groups what is merged into one node by the label of what comes next.
class Grouping {
	constructor() {
		this.slot = new Int32Array(data.names.length).fill(-1);
		this.groups = [];
	}

	add(label, weight) {
		let k = this.slot[label];
		if (k < 0) {
			k = this.slot[label] = this.groups.length;
			this.groups.push({ label, total: 0, n: 0, depth: 0, from: 0, to: 0 });
		}
		this.groups[k].total += weight;
		this.groups[k].n++;
		return k;
	}

	// Answers the groups, the lightest first, so that the heaviest is the next to be popped.
	take() {
		const groups = this.groups;
		for (const g of groups)
			this.slot[g.label] = -1;
		this.groups = [];
		return groups.sort((a, b) => heavierFirst(b.label, b.total, a.label, a.total));
	}
}

// The tree of callers. Entry k begins with `weight[k]` at the node at[k]; from there it goes up to the
// root of `base`. A node at[k] <= 0 has no caller. Both arrays are used up.
function mergeUp(base, label, at, weight) {
	const out = new TreeBuilder(), grouping = new Grouping(), { parent, label: labels } = base;
	const nextAt = new Int32Array(at.length), nextWeight = new Float64Array(at.length);
	const pending = [{ label, depth: 0, from: 0, to: at.length }];

	// One entry alone is a chain, and most are alone after a few levels.
	function addChain(i, depth, w) {
		for (let next; i > 0; i = next) {
			next = parent[i];
			out.add(labels[i], depth++, next > 0 ? 0 : w);
		}
	}

	// Sorts at[from] to at[to] by label, in place, and moves each entry one level up.
	function partition(from, to, depth) {
		for (let k = from; k < to; k++)
			grouping.add(labels[at[k]], weight[k]);
		let start = from;
		for (const g of grouping.groups) {
			g.from = g.to = start;
			g.depth = depth;
			start += g.n;
		}
		for (let k = from; k < to; k++) {
			const g = grouping.groups[grouping.slot[labels[at[k]]]];
			nextAt[g.to] = parent[at[k]];
			nextWeight[g.to++] = weight[k];
		}
		at.set(nextAt.subarray(from, to), from);
		weight.set(nextWeight.subarray(from, to), from);
		for (const g of grouping.take())
			pending.push(g);
	}

	while (pending.length) {
		const { label: l, depth, from, to } = pending.pop();
		let kept = from, self = 0;
		for (let k = from; k < to; k++) {
			if (at[k] <= 0) {
				self += weight[k];
				continue;
			}
			at[kept] = at[k];
			weight[kept++] = weight[k];
		}
		out.add(l, depth, self);
		if (kept - from === 1)
			addChain(at[from], depth + 1, weight[from]);
		else if (kept > from)
			partition(from, kept, depth + 1);
	}
	return out.done();
}

// The tree of callees: the subtrees of `nodes`, merged into one.
function mergeDown(base, label, nodes) {
	const out = new TreeBuilder(), grouping = new Grouping(), { end, total, self, depth } = base;
	const pending = [{ label, depth: 0, nodes }];

	function copy(from, level) {
		for (let i = from; i < end[from]; i++)
			out.add(base.label[i], depth[i] - depth[from] + level, self[i]);
	}

	function children(parents, level) {
		for (const i of parents)
			for (let k = i + 1; k < end[i]; k = end[k]) {
				const g = grouping.groups[grouping.add(base.label[k], total[k])];
				if (g.nodes)
					g.nodes.push(k);
				else
					g.nodes = [k];
			}
		for (const g of grouping.take()) {
			g.depth = level;
			pending.push(g);
		}
	}

	while (pending.length) {
		const g = pending.pop();
		if (g.nodes.length === 1 && base.label[g.nodes[0]] === g.label) {
			copy(g.nodes[0], g.depth);
			continue;
		}
		out.add(g.label, g.depth, g.nodes.reduce((sum, i) => sum + self[i], 0));
		children(g.nodes, g.depth + 1);
	}
	return out.done();
}

function childrenOf(tree, i) {
	const list = [];
	for (let k = i + 1; k < tree.end[i]; k = tree.end[k])
		list.push(k);
	return list;
}

// The same tree, heavier siblings first.
function heaviestFirst(tree) {
	const out = new TreeBuilder(tree.n), pending = [0];
	while (pending.length) {
		const i = pending.pop();
		out.add(tree.label[i], tree.depth[i], tree.self[i]);
		if (tree.end[i] === i + 1)
			continue;
		if (tree.end[i + 1] === tree.end[i]) { // an only child, as most are
			pending.push(i + 1);
			continue;
		}
		const list = childrenOf(tree, i);
		list.sort((a, b) => heavierFirst(tree.label[b], tree.total[b], tree.label[a], tree.total[a]));
		for (const k of list)
			pending.push(k);
	}
	return out.done();
}

// Where samples were taken first, then who called that.
function invert(base) {
	const at = [], weight = [];
	for (let i = 1; i < base.n; i++)
		if (base.self[i]) {
			at.push(i);
			weight.push(base.self[i]);
		}
	return mergeUp(base, base.label[0], Int32Array.from(at), Float64Array.from(weight));
}

// The nodes of a function that are not within a call of the same function: a sample counts once.
function outermost(base, label) {
	const nodes = [];
	for (let i = 0; i < base.n;) {
		if (base.label[i] === label) {
			nodes.push(i);
			i = base.end[i];
		} else {
			i++;
		}
	}
	return nodes;
}

function callersOf(base, label) {
	const nodes = outermost(base, label);
	return mergeUp(base, label, Int32Array.from(nodes, i => base.parent[i]), Float64Array.from(nodes, i => base.total[i]));
}

function calleesOf(base, label) {
	return mergeDown(base, label, outermost(base, label));
}

// Self and total of every label; recursion counts once.
function weighLabels(tree) {
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
