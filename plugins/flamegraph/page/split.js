// SPDX-License-Identifier: Apache-2.0
// Whose the samples are: the recorded tree is by program; it can be by process, thread or container.

// Owner k is a thread: data.owners has its columns, texts are numbers into data.owners.text.
function ownerText(column, k) {
	return data.owners.text[data.owners[column][k]];
}

// Owner 0 stands for those that the memory limit left no room for.
const NOT_KNOWN = "[not known]";

function processText(k) {
	return k === 0 ? NOT_KNOWN : `${ownerText("comm", k) || "[unknown]"} (${data.owners.pid[k]})`;
}

function threadText(k) {
	const { pid, tid } = data.owners, name = ownerText("thread", k) || ownerText("comm", k) || "[unknown]";
	if (k === 0)
		return NOT_KNOWN;
	return pid[k] === tid[k] ? `${name} (${tid[k]})` : `${name} (${tid[k]}) · ${processText(k)}`;
}

function containerText(k) {
	const id = ownerText("container", k);
	if (k === 0)
		return NOT_KNOWN;
	return id ? `container ${/^[0-9a-f]{64}$/.test(id) ? id.slice(0, 12) : id}` : "no container";
}

// is: what makes two owners one. replaces: the name stands in the place of the program's.
const SPLITS = {
	process: { text: processText, is: k => `${data.owners.pid[k]} ${data.owners.start[k]} ${data.owners.comm[k]}`, replaces: true },
	thread: { text: threadText, is: k => `${data.owners.tid[k]} ${data.owners.start[k]} ${data.owners.comm[k]} ${data.owners.thread[k]}`, replaces: true },
	container: { text: containerText, is: k => k && ownerText("container", k), replaces: false },
};

// Which splits tell something that the others do not.
function usefulSplits() {
	const { pid, tid, container } = data.owners, useful = [];
	if (pid.some(p => p))
		useful.push("process");
	if (tid.some((t, k) => t && t !== pid[k]))
		useful.push("thread");
	if (container.some(c => c))
		useful.push("container");
	return useful;
}

// See page.h: what each node's own weight is made of, node by node.
function decodeParts() {
	const next = vlqReader(data.parts), node = [], owner = [], value = [];
	for (let i = 0; i < recorded.n; i++) {
		if (!recorded.self[i])
			continue;
		let rest = recorded.self[i];
		for (let left = next(); left > 0; left--) {
			node.push(i);
			owner.push(next());
			value.push(left > 1 ? next() : rest);
			rest -= value[value.length - 1];
		}
	}
	return { node, owner, value };
}

let parts = null;

// The parts of each group, in the order of their nodes; groups: [{label, parts}].
function groupParts(split) {
	const groupOf = new Map(), groups = [], ofOwner = new Int32Array(data.owners.pid.length).fill(-1);
	parts = parts || decodeParts();
	for (let k = 0; k < parts.node.length; k++) {
		const owner = parts.owner[k];
		if (ofOwner[owner] < 0) {
			const key = split.is(owner);
			if (!groupOf.has(key)) {
				groupOf.set(key, groups.length);
				groups.push({ label: addLabel(split.text(owner)), parts: [] });
			}
			ofOwner[owner] = groupOf.get(key);
		}
		groups[ofOwner[owner]].parts.push(k);
	}
	return groups;
}

// Each group has the nodes that its parts need; those come in preorder, so that a part only adds
// what lies below the path of the one before.
function plant(split) {
	const { parent, depth, label } = recorded, out = new TreeBuilder(recorded.n);
	const owned = new Int32Array(recorded.n).fill(-1), least = split.replaces ? 1 : 0, path = [];

	out.add(label[0], 0, 0);
	groupParts(split).forEach((group, g) => {
		out.add(group.label, 1, 0);
		const top = out.n - 1;
		for (const k of group.parts) {
			const node = parts.node[k];
			path.length = 0;
			for (let i = node; depth[i] > least && owned[i] !== g; i = parent[i])
				path.push(i);
			while (path.length) {
				const i = path.pop();
				owned[i] = g;
				out.add(label[i], depth[i] + 1 - least, 0);
			}
			out.self[depth[node] > least ? out.n - 1 : top] += parts.value[k];
		}
	});
	return heaviestFirst(out.done());
}

const splits = { program: recorded };

// The tree split by "program", "process", "thread", "container" or "none".
function splitBy(name) {
	if (!splits[name])
		splits[name] = name === "none" ? mergeDown(recorded, recorded.label[0], childrenOf(recorded, 0)) : plant(SPLITS[name]);
	return splits[name];
}
