// SPDX-License-Identifier: Apache-2.0
// The figures above, the controls, and what keys and pointer do. Names only ever become text.

const by = id => document.getElementById(id);

function sum(counts) {
	return Object.values(counts).reduce((a, b) => a + b, 0);
}

function causes(counts) {
	return Object.entries(counts).map(([cause, n]) => `${cause} ${count(n)}`).join(", ");
}

function fact(value, name) {
	const div = document.createElement("div"), b = document.createElement("b"), span = document.createElement("span");
	b.textContent = value;
	span.textContent = name;
	div.append(b, span);
	return div;
}

function seconds() {
	const s = data.durationMs / 1000;
	return s >= 600 ? `${(s / 60).toFixed(0)} min` : s >= 100 ? `${s.toFixed(0)} s` : `${s.toFixed(1)} s`;
}

function frequency() {
	return data.period && data.periodUnit === "nanoseconds" ? 1e9 / data.period : 0;
}

// Why stacks are cut, the most frequent cause first.
function mainCause(counts) {
	return Object.entries(counts).sort((a, b) => b[1] - a[1])[0][0];
}

// 95 % interval of a share of one percent: 1.96 × sqrt(p (1 - p) / n).
function verdict() {
	const n = data.samples, spread = 1.96 * Math.sqrt(0.01 * 0.99 / n) * 100, hz = frequency();
	const faster = hz && hz < 4000 ? " or with -F 4999" : "";
	const known = `a function of 1 % is known to ±${spread < 0.1 ? spread.toFixed(2) : spread.toFixed(1)} %`;
	const cut = n - data.whole;
	if (n < 1000)
		return ["high", `Too few samples: ${count(n)} in ${seconds()}. Record longer${faster}.`];
	if (cut > n / 10)
		return ["med", `${percent(cut, n)} of the stacks are cut: ${mainCause(data.truncated)}. Callers are missing there; self weights are right.`];
	if (n < 10000)
		return ["med", `Enough for the large functions: ${known}. Record longer${faster} to see small ones.`];
	return ["ok", `Enough samples: ${known}.`];
}

// Options are not to be broken over lines.
function noteText(text) {
	return text.split(/(-F \d+)/).map((part, i) => {
		const span = document.createElement("span");
		span.className = i % 2 ? "whole" : "";
		span.textContent = part;
		return span;
	});
}

function showFacts() {
	const lost = sum(data.lost), whole = data.samples ? data.whole / data.samples * 100 : 0;
	const cpus = data.cpus ? `on ${data.cpus} CPU${data.cpus > 1 ? "s" : ""}` : "recorded";
	by("facts").append(fact(count(data.samples), "samples"), fact(seconds(), cpus),
		fact(data.samples ? `${whole === 100 || whole < 99.95 ? whole.toFixed(1).replace(".0", "") : "99.9"} %` : "–", "whole stacks"),
		fact(count(lost), "lost"));
	const notes = [];
	if (lost)
		notes.push(`Lost samples: ${causes(data.lost)}.`);
	if (sum(data.truncated))
		notes.push(`Cut stacks: ${causes(data.truncated)}.`);
	if (sum(data.unnamed))
		notes.push(`Frames without a name: ${causes(data.unnamed)}.`);
	by("help-facts").textContent = notes.join(" ");
	if (data.samples) {
		const [level, text] = verdict(), note = document.createElement("p");
		note.className = `note ${level}`;
		note.append(...noteText(text));
		by("facts").append(note);
	}
}

function showWhere() {
	const hz = frequency(), parts = [data.title, data.labels["service.name"], data.labels["host.name"]];
	if (data.event)
		parts.push(hz ? `${data.event} ${Math.round(hz)} Hz` : data.event);
	by("where").textContent = [...new Set(parts.filter(Boolean))].join(" · ");
	document.title = [data.title || data.labels["service.name"] || data.labels["host.name"], "flame graph"].filter(Boolean).join(" · ");
	if (data.startMs)
		by("where").title = `recorded ${new Date(data.startMs).toISOString().replace("T", " ").slice(0, 19)} UTC`;
}

function showLegend() {
	const used = new Set(data.kind.map(k => data.kindNames[k]));
	for (const kind of ["kernel", "native", "inlined", "jit", "interpreted", "unknown"]) {
		if (!used.has(kind))
			continue;
		const span = document.createElement("span"), box = document.createElement("i");
		span.className = "key";
		box.style.background = legendColour(kind);
		span.append(box, kind);
		by("legend").append(span);
	}
}

function numbersOf(i) {
	return `${count(tree.total[i])} ${unit} · ${percent(tree.total[i])} total · ${percent(tree.self[i])} self`;
}

function showDetails() {
	const i = view.hovered >= 0 ? view.hovered : view.selected >= 0 ? view.selected : view.zoom;
	const module = data.modules[data.module[tree.label[i]]];
	by("details").textContent = all ? [labelName(tree.label[i]), numbersOf(i), module].filter(Boolean).join(" · ") : "";
}

function showTip(event) {
	const tip = by("tip"), i = view.hovered;
	tip.hidden = i < 0 || event.pointerType === "touch";
	if (tip.hidden)
		return;
	const numbers = document.createElement("span");
	numbers.textContent = numbersOf(i);
	tip.replaceChildren(labelName(tree.label[i]), numbers);
	const box = tip.getBoundingClientRect();
	const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
	const below = event.clientY + 20 + box.height < window.innerHeight - 30;
	tip.style.left = `${Math.max(8, x)}px`;
	tip.style.top = `${below ? event.clientY + 18 : event.clientY - box.height - 10}px`;
}

function showPath() {
	const path = by("path");
	path.replaceChildren();
	if (view.zoom === 0)
		return;
	const name = document.createElement("span"), reset = document.createElement("button");
	name.textContent = `${labelName(tree.label[view.zoom])} · ${percent(tree.total[view.zoom])}`;
	reset.textContent = "Show all";
	reset.addEventListener("click", () => zoomTo(0));
	path.append(name, reset);
}

function measured(name, work) {
	const start = performance.now();
	work();
	draw();
	performance.measure(`hearth:${name}`, { start, end: performance.now() });
}

function zoomTo(i) {
	measured("zoom", () => {
		view.zoom = i;
		view.hovered = -1;
		view.selected = i ? i : -1;
		showPath();
		fit();
	});
	by("tip").hidden = true;
	showDetails();
}

function runSearch(text) {
	measured("search", () => {
		const isValid = searchFor(text), matched = by("matched"), b = document.createElement("b");
		b.textContent = percent(search.share);
		if (!text)
			matched.replaceChildren();
		else if (!isValid)
			matched.replaceChildren("not a regular expression");
		else
			matched.replaceChildren(b, " matched");
	});
	functions.n = PAGE_ROWS;
	if (!by("table").hidden)
		fillTable(pickRow);
}

function pickRow(row) {
	by("search").value = row.name;
	show("flame");
	runSearch(row.name);
}

function show(name) {
	for (const id of ["flame", "table"]) {
		by(id).hidden = id !== name || !all;
		by(`tab-${id}`).setAttribute("aria-selected", id === name);
	}
	if (name === "table" && all)
		fillTable(pickRow);
	else if (all) {
		fit();
		draw();
	}
	by("tip").hidden = true;
}

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	by("theme").textContent = theme === "dark" ? "Light" : "Dark";
	redraw();
}

function lastChildBefore(parent, i) {
	let previous = -1;
	for (let k = parent + 1; k < i; k = tree.end[k])
		previous = k;
	return previous;
}

// Where an arrow key leads from a node; -1: nowhere.
function neighbour(i, key) {
	const parent = tree.parent[i];
	switch (key) {
	case "ArrowUp":
		return parent;
	case "ArrowDown":
		return tree.end[i] > i + 1 ? i + 1 : -1;
	case "ArrowRight":
		return parent >= 0 && tree.end[i] < tree.end[parent] ? tree.end[i] : -1;
	default:
		return parent >= 0 ? lastChildBefore(parent, i) : -1;
	}
}

function keepInSight(i) {
	const y = room.getBoundingClientRect().top + tree.depth[i] * ROW;
	if (y < 0 || y + ROW > window.innerHeight - 40)
		window.scrollBy(0, y - window.innerHeight / 2);
}

function moveSelection(key) {
	const from = view.selected >= 0 ? view.selected : view.zoom;
	const to = view.selected >= 0 ? neighbour(from, key) : from;
	if (to < 0)
		return;
	view.selected = to;
	view.hovered = -1;
	if (to < view.zoom || to >= tree.end[view.zoom]) {
		zoomTo(tree.parent[view.zoom]);
		view.selected = to;
	}
	keepInSight(to);
	showDetails();
	redraw();
}

function onKey(event) {
	const isTyping = event.target === by("search");
	if (by("help").open)
		return;
	if ((event.key === "f" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !isTyping)) {
		by("search").focus();
		by("search").select();
	} else if (event.key === "Escape") {
		by("search").value = "";
		by("search").blur();
		view.selected = -1;
		runSearch("");
		zoomTo(0);
	} else if (isTyping || event.ctrlKey || event.metaKey || event.altKey) {
		return;
	} else if (event.key === "?") {
		by("help").showModal();
	} else if (event.key === "t") {
		show(by("table").hidden ? "table" : "flame");
	} else if (event.target === canvas || event.target === document.body) {
		if (by("flame").hidden || !/^Arrow|^Enter$/.test(event.key))
			return;
		if (event.key === "Enter")
			zoomTo(Math.max(view.selected, 0));
		else
			moveSelection(event.key);
	} else {
		return;
	}
	event.preventDefault();
}

function onPointer(event) {
	const box = canvas.getBoundingClientRect();
	view.hovered = nodeAt(event.clientX - box.left, event.clientY - box.top);
	showDetails();
	showTip(event);
	redraw();
}

function onLeave() {
	view.hovered = -1;
	by("tip").hidden = true;
	showDetails();
	redraw();
}

function onClick(event) {
	const box = canvas.getBoundingClientRect();
	const i = nodeAt(event.clientX - box.left, event.clientY - box.top);
	if (i >= 0)
		zoomTo(i);
}

function listen() {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
	by("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
	by("tab-flame").addEventListener("click", () => show("flame"));
	by("tab-table").addEventListener("click", () => show("table"));
	by("help-open").addEventListener("click", () => by("help").showModal());
	by("help-close").addEventListener("click", () => by("help").close());
	by("search").addEventListener("input", event => runSearch(event.target.value));
	by("more").addEventListener("click", () => {
		functions.n *= 4;
		fillTable(pickRow);
	});
	for (const button of document.querySelectorAll("th button"))
		button.addEventListener("click", () => {
			sortTable(button.dataset.sort);
			fillTable(pickRow);
		});
	canvas.addEventListener("pointermove", onPointer);
	canvas.addEventListener("pointerleave", onLeave);
	canvas.addEventListener("click", onClick);
	document.addEventListener("keydown", onKey);
	window.addEventListener("scroll", redraw, { passive: true });
	window.addEventListener("resize", () => {
		fit();
		redraw();
	});
	setTheme(dark.matches ? "dark" : "light");
}

function begin() {
	showWhere();
	showFacts();
	showLegend();
	listen();
	if (!all) {
		by("empty").hidden = false;
		by("empty").textContent = sum(data.lost) ?
			`No samples: all ${count(sum(data.lost))} were lost (${causes(data.lost)}).` :
			"No samples: nothing that was asked for ran on a CPU. Record longer, give it work, or record the whole machine.";
	} else {
		canvas.setAttribute("aria-label", `Flame graph of ${count(all)} ${unit}. The Table view has the same as text.`);
	}
	show("flame");
	showDetails();
	requestAnimationFrame(() => performance.mark("hearth:painted"));
}

begin();
