// SPDX-License-Identifier: Apache-2.0
// The twin of the flame graph: every function with its self and total weight, as a real table.

const PAGE_ROWS = 100;
const functions = { rows: null, key: "self", isAscending: false, n: PAGE_ROWS };

function allRows() {
	const w = weighLabels(recorded), rows = [];
	for (let l = 0; l < w.self.length; l++)
		if (isFunction(l))
			rows.push({ label: l, name: labelName(l), module: moduleOf(l), kind: kindName(l), self: w.self[l], total: w.total[l] });
	return rows;
}

function compareRows(a, b) {
	const { key, isAscending } = functions, x = a[key], y = b[key];
	const order = typeof x === "number" ? x - y : x < y ? -1 : x > y ? 1 : 0;
	return (isAscending ? order : -order) || b.self - a.self || b.total - a.total || (a.name < b.name ? -1 : 1);
}

function cell(className, text, label) {
	const td = document.createElement("td");
	td.className = className;
	td.textContent = text;
	if (label)
		td.dataset.label = label;
	return td;
}

function tableRow(row, onPick) {
	const tr = document.createElement("tr"), name = cell("name", ""), button = document.createElement("button");
	button.textContent = row.name;
	button.className = "mono";
	button.addEventListener("click", () => onPick(row.label));
	name.append(button);
	tr.append(name, cell("module mono", row.module), cell("kind", row.kind),
		cell("num", count(row.self), "self"), cell("num", percent(row.self)),
		cell("num", count(row.total), "total"), cell("num", percent(row.total)));
	return tr;
}

function fillTable(onPick) {
	const body = document.getElementById("rows"), more = document.getElementById("more");
	functions.rows = functions.rows || allRows();
	const rows = functions.rows.filter(row => !search.labels || search.labels[row.label]).sort(compareRows);
	body.replaceChildren(...rows.slice(0, functions.n).map(row => tableRow(row, onPick)));
	more.hidden = rows.length <= functions.n;
	document.getElementById("shown").textContent = rows.length === 0 ? "No function matches." :
		`${count(Math.min(rows.length, functions.n))} of ${count(rows.length)} functions`;
	for (const button of document.querySelectorAll("th button")) {
		const th = button.parentElement;
		if (button.dataset.sort === functions.key)
			th.setAttribute("aria-sort", functions.isAscending ? "ascending" : "descending");
		else
			th.removeAttribute("aria-sort");
	}
}

function sortTable(key) {
	functions.isAscending = functions.key === key ? !functions.isAscending : !["self", "total"].includes(key);
	functions.key = key;
}
