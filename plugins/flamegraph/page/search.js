// SPDX-License-Identifier: Apache-2.0
// Search works on labels, then asks the whole tree, also what is too narrow to be drawn.

const search = { text: "", labels: null, total: 0, places: null, place: -1 };

function matcher(text) {
	const regex = /^\/(.+)\/(i?)$/.exec(text);
	if (!regex) {
		const lower = text.toLowerCase();
		return name => name.toLowerCase().includes(lower);
	}
	try {
		const compiled = new RegExp(regex[1], regex[2]);
		return name => compiled.test(name);
	} catch {
		return null;
	}
}

// Matches among the nodes before each.
function countMatches(tree) {
	const before = new Int32Array(tree.n + 1);
	for (let i = 0; i < tree.n; i++)
		before[i + 1] = before[i] + (search.labels[tree.label[i]] || 0);
	return before;
}

// Nodes with a match that have none above them: together they weigh what matches, each sample once.
function outermostMatches(tree) {
	const nodes = [];
	for (let i = 0; i < tree.n;) {
		if (search.labels[tree.label[i]]) {
			nodes.push(i);
			i = tree.end[i];
		} else {
			i++;
		}
	}
	return nodes;
}

// Answers false if the text is a regular expression that does not parse. The share is that of whole
// stacks, whatever view is open.
function searchFor(text, base) {
	Object.assign(search, { text, labels: null, total: 0, places: null, place: -1 });
	if (!text)
		return true;
	const isMatch = matcher(text);
	if (!isMatch)
		return false;
	search.labels = Uint8Array.from(data.names, name => name !== "" && isMatch(name) ? 1 : 0);
	for (const i of outermostMatches(base))
		search.total += base.total[i];
	return true;
}

// The next place with a match in a tree, the heaviest first; -1: there is none.
function nextMatch(tree) {
	if (!search.labels)
		return -1;
	search.places = search.places || outermostMatches(tree).sort((a, b) => tree.total[b] - tree.total[a]);
	search.place = (search.place + 1) % (search.places.length || 1);
	return search.places.length ? search.places[search.place] : -1;
}
