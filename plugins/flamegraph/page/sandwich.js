// SPDX-License-Identifier: Apache-2.0
// One function between its callers and its callees, merged over all its places.

const sandwich = { label: -1 };

function sideRow(label, weight, whole, onFocus) {
	const tr = document.createElement("tr"), name = cell("name", ""), text = document.createElement(isFunction(label) ? "button" : "span");
	text.textContent = label < 0 ? "self" : labelName(label);
	text.className = label < 0 ? "dim" : "mono";
	if (isFunction(label))
		text.addEventListener("click", () => onFocus(label));
	name.append(text);
	tr.append(name, cell("num", count(weight), unit), cell("num", percent(weight, whole)));
	return tr;
}

// The direct callers or callees as a table; what has none of them is a row of its own.
function fillSide(body, tree, onFocus) {
	const rows = childrenOf(tree, 0).map(i => sideRow(tree.label[i], tree.total[i], tree.total[0], onFocus));
	if (tree.self[0] && body.id === "callees")
		rows.unshift(sideRow(-1, tree.self[0], tree.total[0], onFocus));
	body.replaceChildren(...rows.slice(0, PAGE_ROWS));
}

function selfOf(base, label) {
	let sum = 0;
	for (let i = 0; i < base.n; i++)
		if (base.label[i] === label)
			sum += base.self[i];
	return sum;
}

// What the view shows when nobody has chosen a function: the one with the most self weight.
function hottestLabel() {
	const { self } = weighLabels(recorded);
	let best = -1;
	for (let l = 0; l < self.length; l++)
		if (isFunction(l) && (best < 0 || self[l] > self[best]))
			best = l;
	return best;
}

function fillSandwich(label, base, pictures, onFocus) {
	const up = callersOf(base, label), down = calleesOf(base, label);
	const self = selfOf(base, label);
	sandwich.label = label;
	by("focus").textContent = labelName(label);
	by("focus-numbers").textContent = [`${amount(down.total[0])} · ${percent(down.total[0])} total`,
		`${count(self)} · ${percent(self)} self`, moduleOf(label)].filter(Boolean).join(" · ");
	fillSide(by("callers"), up, onFocus);
	fillSide(by("callees"), down, onFocus);
	pictures.up.show(up);
	pictures.down.show(down);
}
