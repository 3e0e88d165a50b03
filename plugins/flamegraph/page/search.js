// SPDX-License-Identifier: Apache-2.0
// Search works on labels, then asks the whole tree, also what is too narrow to be drawn.

const search = { text: "", labels: null, before: null, share: 0 };

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

// Matches among the nodes before each: a subtree has one if its ends differ.
function countMatches(labels) {
	const before = new Int32Array(tree.n + 1);
	for (let i = 0; i < tree.n; i++)
		before[i + 1] = before[i] + labels[tree.label[i]];
	return before;
}

function hasMatch(i) {
	return search.before !== null && search.before[tree.end[i]] > search.before[i];
}

// Samples with a match anywhere in their stack, each once.
function matchedTotal(labels) {
	let sum = 0;
	for (let i = 0; i < tree.n;) {
		if (labels[tree.label[i]]) {
			sum += tree.total[i];
			i = tree.end[i];
		} else {
			i++;
		}
	}
	return sum;
}

// Answers false if the text is a regular expression that does not parse.
function searchFor(text) {
	search.text = text;
	search.labels = search.before = null;
	search.share = 0;
	if (!text)
		return true;
	const isMatch = matcher(text);
	if (!isMatch)
		return false;
	search.labels = Uint8Array.from(data.names, (name, l) => name !== "" && isMatch(name) ? 1 : 0);
	search.before = countMatches(search.labels);
	search.share = matchedTotal(search.labels);
	return true;
}
