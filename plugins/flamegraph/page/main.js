// SPDX-License-Identifier: Apache-2.0
// The controls, and what keys and pointer do. Names only ever become text.

const flame = new Picture(by("canvas"));
const halves = { up: new Picture(by("canvas-up"), true), down: new Picture(by("canvas-down")) };
const VIEWS = ["flame", "inverted", "sandwich", "table"];
const state = { view: "flame", base: recorded, inverted: new Map(), picture: flame };

function numbersOf(tree, i) {
	return `${amount(tree.total[i])} · ${percent(tree.total[i])} total · ${percent(tree.self[i])} self`;
}

function showDetails() {
	const { tree, hovered, selected, zoom } = state.picture, rest = state.view === "sandwich" ? -1 : zoom;
	const i = hovered >= 0 ? hovered : selected >= 0 ? selected : rest;
	if (!tree || i < 0 || state.view === "table")
		by("details").textContent = "";
	else
		by("details").textContent = [labelName(tree.label[i]), numbersOf(tree, i), moduleOf(tree.label[i])].filter(Boolean).join(" · ");
}

function hideTip() {
	by("tip").hidden = true;
}

function showTip(event) {
	const tip = by("tip"), { tree, hovered: i } = state.picture;
	tip.hidden = i < 0 || event.pointerType === "touch";
	if (tip.hidden)
		return;
	const lines = [numbersOf(tree, i), [kindName(tree.label[i]), moduleOf(tree.label[i])].filter(Boolean).join(" · ")];
	tip.replaceChildren(labelName(tree.label[i]), ...lines.map(line => {
		const span = document.createElement("span");
		span.textContent = line;
		return span;
	}));
	const box = tip.getBoundingClientRect();
	const x = Math.min(event.clientX + 14, window.innerWidth - box.width - 8);
	const below = event.clientY + 20 + box.height < window.innerHeight - 30;
	tip.style.left = `${Math.max(8, x)}px`;
	tip.style.top = `${below ? event.clientY + 18 : event.clientY - box.height - 10}px`;
}

function smallButton(text, onClick) {
	const button = document.createElement("button");
	button.textContent = text;
	button.addEventListener("click", onClick);
	return button;
}

function showPath() {
	const { tree, zoom } = flame, path = by("path");
	path.replaceChildren();
	if (zoom === 0)
		return;
	const name = document.createElement("span"), label = tree.label[zoom];
	name.textContent = `${labelName(label)} · ${percent(tree.total[zoom])}`;
	path.append(name);
	if (isFunction(label))
		path.append(smallButton("Sandwich", () => focusOn(label)));
	path.append(smallButton("Show all", () => zoomTo(0)));
}

// The second frame from now begins when the first has been painted.
function afterPaint(then) {
	requestAnimationFrame(() => requestAnimationFrame(then));
}

// From the input to the painted answer.
function measured(name, work) {
	const start = performance.now();
	work();
	afterPaint(() => performance.measure(`hearth:${name}`, { start, end: performance.now() }));
}

function zoomTo(i) {
	measured("zoom", () => {
		Object.assign(flame, { zoom: i, hovered: -1, selected: i || -1 });
		showPath();
		flame.fit();
		flame.draw();
	});
	hideTip();
	showDetails();
}

function picturesInView() {
	return state.view === "table" ? [] : state.view === "sandwich" ? [halves.up, halves.down] : [flame];
}

function showMatched(isValid) {
	const b = document.createElement("b"), unseen = document.createElement("span");
	b.textContent = percent(search.total);
	unseen.textContent = " matched";
	unseen.className = "unseen";
	if (!search.text)
		by("matched").replaceChildren();
	else if (!isValid)
		by("matched").replaceChildren("not a regular expression");
	else
		by("matched").replaceChildren(b, ` · ${amount(search.total)}`, unseen);
}

function runSearch(text) {
	measured("search", () => {
		showMatched(searchFor(text, state.base));
		for (const picture of [flame, halves.up, halves.down])
			picture.before = null;
		for (const picture of picturesInView())
			picture.draw();
	});
	functions.n = PAGE_ROWS;
	if (state.view === "table")
		fillTable(focusOn);
}

// Zooms to the matches one after the other, so that also those too narrow to see can be looked at.
function goToMatch() {
	const i = picturesInView().includes(flame) ? nextMatch(flame.tree) : -1;
	if (i < 0)
		return;
	zoomTo(i);
	flame.keepInSight(i);
}

function treeInView() {
	if (state.view !== "inverted")
		return state.base;
	if (!state.inverted.has(state.base))
		state.inverted.set(state.base, invert(state.base));
	return state.inverted.get(state.base);
}

function fillView() {
	if (state.view === "table") {
		fillTable(focusOn);
	} else if (state.view === "sandwich") {
		fillSandwich(sandwich.label < 0 ? hottestLabel() : sandwich.label, state.base, halves, focusOn);
		state.picture = halves.down;
		halves.up.room.parentElement.scrollTop = halves.up.room.offsetHeight;
	} else {
		search.places = null;
		state.picture = flame;
		flame.show(treeInView());
		showPath();
	}
}

function show(view) {
	const panel = view === "inverted" ? "flame" : view;
	state.view = view;
	for (const id of ["flame", "sandwich", "table"])
		by(id).hidden = id !== panel || !all;
	for (const id of VIEWS)
		by(`tab-${id}`).setAttribute("aria-selected", id === view);
	by("flame").setAttribute("aria-labelledby", view === "inverted" ? "tab-inverted" : "tab-flame");
	if (all)
		measured("view", fillView);
	hideTip();
	showDetails();
}

function focusOn(label) {
	sandwich.label = label;
	show("sandwich");
}

function setSplit(name) {
	measured("split", () => {
		state.base = splitBy(name);
		showMatched(searchFor(search.text, state.base));
	});
	show(state.view);
}

function setTheme(theme) {
	document.documentElement.dataset.theme = theme;
	by("theme").textContent = theme === "dark" ? "Light" : "Dark";
	for (const picture of picturesInView())
		picture.redraw();
}

function moveSelection(key) {
	const { picture } = state, { tree, selected } = picture;
	const to = selected < 0 ? picture.zoom : picture.neighbour(selected, key);
	if (to < 0)
		return;
	if (to < picture.zoom || to >= tree.end[picture.zoom])
		zoomTo(tree.parent[picture.zoom]);
	Object.assign(picture, { selected: to, hovered: -1 });
	picture.keepInSight(to);
	showDetails();
	picture.redraw();
}

// What a click or Enter does with a box: zoom, and in the sandwich make it the one in the middle.
function choose(i) {
	if (state.view !== "sandwich")
		zoomTo(i);
	else if (isFunction(state.picture.tree.label[i]))
		focusOn(state.picture.tree.label[i]);
}

// Clears search and zoom; where there is neither, sandwich and table give way to the flame graph.
function reset() {
	if (!search.text && (state.view === "sandwich" || state.view === "table"))
		return show("flame");
	by("search").value = "";
	by("search").blur();
	state.picture.selected = -1;
	runSearch("");
	if (state.picture === flame && state.view !== "table")
		zoomTo(0);
}

const KEYS = {
	"?": () => by("help").showModal(),
	f: () => show("flame"),
	i: () => show("inverted"),
	s: () => {
		const { tree, selected, zoom } = state.picture, label = tree ? tree.label[selected >= 0 ? selected : zoom] : -1;
		if (state.view !== "table" && isFunction(label))
			focusOn(label);
		else
			show("sandwich");
	},
	t: () => show("table"),
};

function onPictureKey(key) {
	if (key === "Enter")
		choose(Math.max(state.picture.selected, 0));
	else
		moveSelection(key);
}

function onKey(event) {
	const isTyping = event.target === by("search"), isChoosing = event.target === by("split");
	const isOnPicture = event.target === document.body || event.target.tagName === "CANVAS";
	if (by("help").open)
		return;
	if ((event.key === "f" && (event.ctrlKey || event.metaKey)) || (event.key === "/" && !isTyping)) {
		by("search").focus();
		by("search").select();
	} else if (event.key === "Escape") {
		reset();
	} else if (isTyping && event.key === "Enter") {
		goToMatch();
	} else if (isTyping || isChoosing || event.ctrlKey || event.metaKey || event.altKey || !all) {
		return;
	} else if (Object.hasOwn(KEYS, event.key)) {
		KEYS[event.key]();
	} else if (isOnPicture && state.view !== "table" && /^Arrow|^Enter$/.test(event.key)) {
		onPictureKey(event.key);
	} else {
		return;
	}
	event.preventDefault();
}

function nodeUnder(picture, event) {
	const box = picture.canvas.getBoundingClientRect();
	return picture.nodeAt(event.clientX - box.left, event.clientY - box.top);
}

function listenToPicture(picture) {
	const { canvas } = picture;
	canvas.addEventListener("pointermove", event => {
		state.picture = picture;
		picture.hovered = nodeUnder(picture, event);
		showDetails();
		showTip(event);
		picture.redraw();
	});
	canvas.addEventListener("pointerleave", () => {
		picture.hovered = -1;
		hideTip();
		showDetails();
		picture.redraw();
	});
	canvas.addEventListener("focus", () => {
		state.picture = picture;
		showDetails();
	});
	canvas.addEventListener("click", event => {
		const i = nodeUnder(picture, event);
		state.picture = picture;
		if (i >= 0)
			choose(i);
	});
	picture.room.parentElement.addEventListener("scroll", () => picture.redraw(), { passive: true });
}

function listenToControls() {
	for (const id of VIEWS)
		by(`tab-${id}`).addEventListener("click", () => show(id));
	by("theme").addEventListener("click", () => setTheme(document.documentElement.dataset.theme === "dark" ? "light" : "dark"));
	by("help-open").addEventListener("click", () => by("help").showModal());
	by("help-close").addEventListener("click", () => by("help").close());
	by("search").addEventListener("input", event => runSearch(event.target.value));
	by("split").addEventListener("change", event => setSplit(event.target.value));
	by("more").addEventListener("click", () => {
		functions.n *= 4;
		fillTable(focusOn);
	});
	for (const button of document.querySelectorAll("#table th button"))
		button.addEventListener("click", () => {
			sortTable(button.dataset.sort);
			fillTable(focusOn);
		});
}

function listen() {
	const dark = matchMedia("(prefers-color-scheme: dark)");
	dark.addEventListener("change", () => setTheme(dark.matches ? "dark" : "light"));
	for (const picture of [flame, halves.up, halves.down])
		listenToPicture(picture);
	listenToControls();
	document.addEventListener("keydown", onKey);
	window.addEventListener("scroll", () => picturesInView().forEach(picture => picture.redraw()), { passive: true });
	window.addEventListener("resize", () => picturesInView().forEach(picture => {
		picture.fit();
		picture.redraw();
	}));
	setTheme(dark.matches ? "dark" : "light");
}

// Only what the recording can be split by is offered.
function offerSplits() {
	const useful = usefulSplits();
	for (const option of [...by("split").options])
		if (option.value in SPLITS && !useful.includes(option.value))
			option.remove();
}

function begin() {
	if (data.width)
		by("room").style.maxWidth = `${data.width}px`;
	showWhere();
	showFacts();
	showLegend();
	offerSplits();
	listen();
	if (!all) {
		by("empty").hidden = false;
		by("empty").textContent = sum(data.lost) ?
			`No samples: all ${count(sum(data.lost))} were lost (${causes(data.lost)}).` :
			"No samples: nothing that was asked for ran on a CPU. Record longer, give it work, or record the whole machine.";
	}
	by("canvas").setAttribute("aria-label", `Flame graph of ${amount(all)}. The Table view has the same as text.`);
	show(data.inverted ? "inverted" : "flame");
	afterPaint(() => performance.mark("hearth:painted"));
}

begin();
