// SPDX-License-Identifier: Apache-2.0
// A tree on a canvas: only what is on screen is drawn, so the cost follows pixels, not stacks.

const ROW = data.frameHeight, BOX = ROW - 1, TEXT_PAD = 4, MIN_WIDTH = data.minWidth;
const FONT_SIZE = Math.min(12, ROW - 4), FONT = `${FONT_SIZE}px ui-monospace, "DejaVu Sans Mono", monospace`;
const colours = [];

function hash(s) {
	let h = 2166136261;
	for (const byte of new TextEncoder().encode(s))
		h = Math.imul(h ^ byte, 16777619);
	h = Math.imul(h ^ h >>> 15, 2246822519);
	return (h ^ h >>> 13) >>> 0;
}

// The same for a function wherever it is: lightness and hue vary a little by its name.
function colourOf(l) {
	if (colours[l])
		return colours[l];
	const [hue, chroma] = data.palette[data.kind[l]], h = hash(labelName(l));
	const light = 0.76 + (h & 255) / 255 * 0.08, turn = ((h >>> 8 & 255) / 255 - 0.5) * 2 * data.turn;
	return colours[l] = `oklch(${light.toFixed(3)} ${chroma} ${((hue + turn + 360) % 360).toFixed(1)})`;
}

function legendColour(kind) {
	const [hue, chroma] = data.palette[data.kindNames.indexOf(kind)];
	return `oklch(.78 ${chroma} ${hue})`;
}

function cutText(text, width, charWidth) {
	const fits = Math.floor((width - 2 * TEXT_PAD) / charWidth);
	if (text.length <= fits)
		return text;
	return fits < 3 ? "" : text.slice(0, fits - 1) + "…";
}

class Picture {
	// growsUp: the root is at the bottom and not drawn, because something else shows it.
	constructor(canvas, growsUp = false) {
		Object.assign(this, { canvas, room: canvas.parentElement, pen: canvas.getContext("2d"), growsUp });
		Object.assign(this, { tree: null, zoom: 0, selected: -1, hovered: -1, width: 0, height: 0, rows: 0, before: null, isDue: false });
	}

	show(tree) {
		if (this.tree !== tree)
			Object.assign(this, { tree, zoom: 0, selected: -1, hovered: -1, before: null });
		this.fit();
		this.draw();
	}

	// Rows down to the last box that is wide enough to be seen.
	rowsBelow() {
		const { tree, zoom } = this, least = MIN_WIDTH / this.width * tree.total[zoom];
		let deepest = tree.depth[zoom];
		for (let i = zoom; i < tree.end[zoom];) {
			const isSeen = tree.total[i] >= least;
			if (isSeen)
				deepest = Math.max(deepest, tree.depth[i]);
			i = isSeen ? i + 1 : tree.end[i];
		}
		return deepest + 1;
	}

	fit() {
		const dpr = window.devicePixelRatio || 1, { canvas, room, pen } = this;
		this.width = room.clientWidth;
		this.rows = this.rowsBelow() - (this.growsUp ? 1 : 0);
		room.style.height = `${this.rows * ROW}px`;
		this.height = Math.min(this.rows * ROW, window.innerHeight);
		canvas.style.height = `${this.height}px`;
		canvas.width = Math.round(this.width * dpr);
		canvas.height = Math.round(this.height * dpr);
		pen.font = FONT;
		this.charWidth = pen.measureText("m").width;
		this.dpr = dpr;
	}

	// How far the sticky canvas has moved down within its room: the first pixel row that shows.
	scrolled() {
		return Math.max(0, this.canvas.getBoundingClientRect().top - this.room.getBoundingClientRect().top);
	}

	// The upper edge of a row within the room.
	rowTop(depth) {
		return (this.growsUp ? this.rows - depth : depth) * ROW;
	}

	rowAt(y) {
		const row = Math.floor(y / ROW);
		return this.growsUp ? this.rows - row : row;
	}

	boxOf(i) {
		const { tree, zoom: z } = this, scale = this.width / (tree.total[z] || 1);
		if (i < z && tree.end[i] > z)
			return [0, this.width]; // an ancestor of what is zoomed to
		return [(tree.left[i] - tree.left[z]) * scale, tree.total[i] * scale];
	}

	// A subtree has a match if the numbers of matches before its two ends differ.
	hasMatch(i) {
		if (!search.labels)
			return false;
		this.before = this.before || countMatches(this.tree);
		return this.before[this.tree.end[i]] > this.before[i];
	}

	drawBox(i, x, width, y, style) {
		const { pen } = this, label = this.tree.label[i], isMatch = style.matches && style.matches[label];
		const isFaded = i < this.zoom || style.matches && !isMatch;
		pen.globalAlpha = i < this.zoom ? 0.35 : isFaded ? 0.28 : 1;
		pen.fillStyle = colourOf(label);
		if (width > 6) {
			pen.beginPath();
			pen.roundRect(x, y, width - 1, BOX, 2);
			pen.fill();
		} else {
			pen.fillRect(x, y, Math.max(width - (width > 2 ? 1 : 0), 0.5), BOX);
		}
		if (width < 3 * this.charWidth + 2 * TEXT_PAD)
			return;
		pen.globalAlpha = isFaded ? 0.7 : 1;
		pen.fillStyle = isFaded ? style.ink : "oklch(.22 .01 60)";
		pen.fillText(cutText(labelName(label), width - 1, this.charWidth), x + TEXT_PAD, y + BOX / 2 + 1);
	}

	// Neighbours too narrow to see, as one sliver, so that their width is not lost.
	drawSliver(s, style) {
		if (s.width < 0.5)
			return;
		const { pen } = this, text = `${count(s.n)} narrower`;
		pen.globalAlpha = style.matches && !s.isMatch ? 0.5 : 1;
		pen.fillStyle = s.isMatch ? style.ember : s.width > 3 ? style.line : s.colour;
		pen.fillRect(s.x, s.y, Math.max(s.width - (s.width > 3 ? 1 : 0), 1), BOX);
		if (s.width < text.length * this.charWidth + 2 * TEXT_PAD)
			return;
		pen.globalAlpha = 1;
		pen.fillStyle = s.isMatch ? style.onEmber : style.ink;
		pen.fillText(text, s.x + TEXT_PAD, s.y + BOX / 2 + 1);
	}

	outline(i, top, colour) {
		if (i < 0)
			return;
		const [x, width] = this.boxOf(i), y = this.rowTop(this.tree.depth[i]) - top;
		if (x + width < 0 || x > this.width)
			return;
		this.pen.globalAlpha = 1;
		this.pen.strokeStyle = colour;
		this.pen.lineWidth = 2;
		this.pen.strokeRect(x + 1, y + 1, Math.max(width - 3, 1), BOX - 2);
	}

	drawBelow(top, style) {
		const { tree, zoom: z } = this, ends = [this.rowAt(top), this.rowAt(top + this.height)];
		const first = Math.min(...ends), last = Math.max(...ends);
		let sliver = { y: -1, x: 0, width: 0 };
		for (let i = z; i < tree.end[z];) {
			const depth = tree.depth[i], [x, width] = this.boxOf(i), y = this.rowTop(depth) - top;
			if (depth > last) {
				i = tree.end[i];
				continue;
			}
			if (width >= MIN_WIDTH) {
				if (depth >= first)
					this.drawBox(i, x, width, y, style);
				i++;
				continue;
			}
			if (sliver.y !== y || Math.abs(sliver.x + sliver.width - x) > 0.01) {
				this.drawSliver(sliver, style);
				sliver = { x, y, width: 0, n: 0, isMatch: false, colour: colourOf(tree.label[i]) };
			}
			sliver.width += width;
			sliver.n++;
			sliver.isMatch = sliver.isMatch || this.hasMatch(i);
			i = tree.end[i];
		}
		this.drawSliver(sliver, style);
	}

	draw() {
		const css = getComputedStyle(document.documentElement), top = this.scrolled(), { pen, tree } = this;
		const style = { matches: search.labels };
		for (const [key, name] of [["ember", "--ember"], ["onEmber", "--on-ember"], ["ink", "--ink"], ["line", "--line"]])
			style[key] = css.getPropertyValue(name);
		pen.setTransform(this.dpr, 0, 0, this.dpr, 0, 0);
		pen.clearRect(0, 0, this.width, this.height);
		pen.font = FONT;
		pen.textBaseline = "middle";
		for (let i = tree.parent[this.zoom]; i >= 0; i = tree.parent[i])
			this.drawBox(i, 0, this.width, this.rowTop(tree.depth[i]) - top, style);
		this.drawBelow(top, style);
		this.outline(this.hovered, top, style.ink);
		this.outline(this.selected, top, style.ember);
	}

	redraw() {
		if (this.isDue || !this.tree)
			return;
		this.isDue = true;
		requestAnimationFrame(() => {
			this.isDue = false;
			this.draw();
		});
	}

	// The node at a place of the canvas, or -1.
	nodeAt(x, y) {
		const { tree, zoom: z } = this, depth = this.rowAt(y + this.scrolled());
		let i = z;
		if (depth < tree.depth[z]) {
			while (i >= 0 && tree.depth[i] > depth)
				i = tree.parent[i];
			return i;
		}
		while (i < tree.end[z]) {
			const [left, width] = this.boxOf(i);
			if (x < left || x >= left + width)
				i = tree.end[i];
			else if (tree.depth[i] === depth)
				return i;
			else
				i++;
		}
		return -1;
	}

	lastChildBefore(i) {
		let previous = -1;
		for (let k = this.tree.parent[i] + 1; k < i; k = this.tree.end[k])
			previous = k;
		return previous;
	}

	// Where an arrow key leads from a node; -1: nowhere.
	neighbour(i, key) {
		const { tree, growsUp } = this, parent = tree.parent[i];
		if (key === (growsUp ? "ArrowDown" : "ArrowUp"))
			return parent;
		if (key === (growsUp ? "ArrowUp" : "ArrowDown"))
			return tree.end[i] > i + 1 ? i + 1 : -1;
		if (parent < 0)
			return -1;
		if (key === "ArrowRight")
			return tree.end[i] < tree.end[parent] ? tree.end[i] : -1;
		return this.lastChildBefore(i);
	}

	keepInSight(i) {
		const y = this.room.getBoundingClientRect().top + this.rowTop(this.tree.depth[i]);
		if (y < 0 || y + ROW > window.innerHeight - 40)
			window.scrollBy(0, y - window.innerHeight / 2);
	}
}
