// SPDX-License-Identifier: Apache-2.0
// The canvas: only what is on screen is drawn, so the cost follows pixels, not stacks.

const ROW = 20, BOX = 19, TEXT_PAD = 4, MIN_WIDTH = 0.5, FONT = '12px ui-monospace, "DejaVu Sans Mono", monospace';
// kind: [hue, chroma]
const HUES = {
	process: [0, 0], kernel: [62, 0.105], native: [28, 0.10], inlined: [28, 0.032],
	jit: [152, 0.10], interpreted: [240, 0.10], unknown: [0, 0], truncated: [0, 0],
};
const canvas = document.getElementById("canvas"), room = document.getElementById("room");
const pen = canvas.getContext("2d");
const view = { zoom: 0, selected: -1, hovered: -1, width: 0, height: 0, dpr: 1, charWidth: 7.2 };
const colours = new Array(data.names.length);

function hash(s) {
	let h = 2166136261;
	for (let i = 0; i < s.length; i++)
		h = Math.imul(h ^ s.charCodeAt(i), 16777619);
	h = Math.imul(h ^ h >>> 15, 2246822519);
	return (h ^ h >>> 13) >>> 0;
}

// The same for a function wherever it is: lightness and hue vary a little by its name.
function colourOf(l) {
	if (colours[l])
		return colours[l];
	const [hue, chroma] = HUES[kindName(l)], h = hash(labelName(l));
	const light = 0.76 + (h & 255) / 255 * 0.08, turn = ((h >>> 8 & 255) / 255 - 0.5) * 24;
	return colours[l] = `oklch(${light.toFixed(3)} ${chroma} ${((hue + turn + 360) % 360).toFixed(1)})`;
}

function legendColour(kind) {
	const [hue, chroma] = HUES[kind];
	return `oklch(.78 ${chroma} ${hue})`;
}

// Rows down to the last box that is wide enough to be seen.
function rowsBelow(zoom, width) {
	const least = MIN_WIDTH / width * tree.total[zoom];
	let deepest = tree.depth[zoom];
	for (let i = zoom; i < tree.end[zoom];) {
		deepest = Math.max(deepest, tree.depth[i]);
		i = tree.total[i] < least ? tree.end[i] : i + 1;
	}
	return deepest + 1;
}

// How far the sticky canvas has moved down within its room: the first pixel row that shows.
function scrolled() {
	return Math.max(0, canvas.getBoundingClientRect().top - room.getBoundingClientRect().top);
}

function fit() {
	view.dpr = window.devicePixelRatio || 1;
	view.width = room.clientWidth;
	const height = rowsBelow(view.zoom, view.width) * ROW;
	room.style.height = height + "px";
	view.height = Math.min(height, window.innerHeight);
	canvas.style.height = view.height + "px";
	canvas.width = Math.round(view.width * view.dpr);
	canvas.height = Math.round(view.height * view.dpr);
	pen.font = FONT;
	view.charWidth = pen.measureText("m").width;
}

function boxOf(i) {
	const z = view.zoom, scale = view.width / (tree.total[z] || 1);
	if (i < z && tree.end[i] > z)
		return [0, view.width]; // an ancestor of what is zoomed to
	return [(tree.left[i] - tree.left[z]) * scale, tree.total[i] * scale];
}

function cutText(text, width) {
	const room = Math.floor((width - 2 * TEXT_PAD) / view.charWidth);
	if (text.length <= room)
		return text;
	return room < 3 ? "" : text.slice(0, room - 1) + "…";
}

function drawBox(i, x, width, y, style) {
	const isMatch = style.matches && style.matches[tree.label[i]];
	pen.globalAlpha = i < view.zoom ? 0.35 : style.matches && !isMatch ? 0.28 : 1;
	pen.fillStyle = colourOf(tree.label[i]);
	if (width > 6) {
		pen.beginPath();
		pen.roundRect(x, y, width - 1, BOX, 2);
		pen.fill();
	} else {
		pen.fillRect(x, y, Math.max(width - (width > 2 ? 1 : 0), 0.5), BOX);
	}
	if (width < 3 * view.charWidth + 2 * TEXT_PAD)
		return;
	const text = cutText(labelName(tree.label[i]), width - 1);
	const isFaded = i < view.zoom || style.matches && !isMatch;
	pen.globalAlpha = isFaded ? 0.7 : 1;
	pen.fillStyle = isFaded ? style.ink : "oklch(.22 .01 60)";
	pen.fillText(text, x + TEXT_PAD, y + 14);
}

// Neighbours too narrow to see, as one sliver, so that their width is not lost.
function drawSliver(s, style) {
	if (s.width < MIN_WIDTH)
		return;
	pen.globalAlpha = style.matches ? (s.isMatch ? 1 : 0.28) : 0.75;
	pen.fillStyle = s.isMatch ? style.ember : s.colour;
	pen.fillRect(s.x, s.y, Math.max(s.width, 1), BOX);
}

function outline(i, top, colour) {
	if (i < 0)
		return;
	const [x, width] = boxOf(i), y = tree.depth[i] * ROW - top;
	if (x + width < 0 || x > view.width)
		return;
	pen.globalAlpha = 1;
	pen.strokeStyle = colour;
	pen.lineWidth = 2;
	pen.strokeRect(x + 1, y + 1, Math.max(width - 3, 1), BOX - 2);
}

function draw() {
	const css = getComputedStyle(document.documentElement), top = scrolled(), z = view.zoom;
	const style = { ember: css.getPropertyValue("--ember"), ink: css.getPropertyValue("--ink"), matches: search.labels };
	const last = Math.floor((top + view.height) / ROW), first = Math.floor(top / ROW);
	let sliver = { y: -1, x: 0, width: 0 };

	pen.setTransform(view.dpr, 0, 0, view.dpr, 0, 0);
	pen.clearRect(0, 0, view.width, view.height);
	pen.font = FONT;
	for (let i = tree.parent[z]; i >= 0; i = tree.parent[i])
		drawBox(i, 0, view.width, tree.depth[i] * ROW - top, style);
	for (let i = z; i < tree.end[z];) {
		const depth = tree.depth[i], [x, width] = boxOf(i), y = depth * ROW - top;
		if (depth > last) {
			i = tree.end[i];
			continue;
		}
		if (width >= MIN_WIDTH) {
			if (depth >= first)
				drawBox(i, x, width, y, style);
			i++;
			continue;
		}
		if (sliver.y !== y || Math.abs(sliver.x + sliver.width - x) > 0.01) {
			drawSliver(sliver, style);
			sliver = { x, y, width: 0, isMatch: false, colour: colourOf(tree.label[i]) };
		}
		sliver.width += width;
		sliver.isMatch = sliver.isMatch || hasMatch(i);
		i = tree.end[i];
	}
	drawSliver(sliver, style);
	outline(view.hovered, top, style.ink);
	outline(view.selected, top, style.ember);
}

let isDue = false;

function redraw() {
	if (isDue)
		return;
	isDue = true;
	requestAnimationFrame(() => {
		isDue = false;
		draw();
	});
}

// The node at a place of the canvas, or -1.
function nodeAt(x, y) {
	const depth = Math.floor((y + scrolled()) / ROW), z = view.zoom;
	let i = z;
	if (depth < tree.depth[z]) {
		while (i >= 0 && tree.depth[i] > depth)
			i = tree.parent[i];
		return i;
	}
	while (i < tree.end[z] && i >= z) {
		const [left, width] = boxOf(i);
		if (x < left || x >= left + width) {
			i = tree.end[i];
			if (i < tree.n && tree.depth[i] <= tree.depth[z])
				return -1;
			continue;
		}
		if (tree.depth[i] === depth)
			return i;
		i++;
	}
	return -1;
}
