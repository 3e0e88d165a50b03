// SPDX-License-Identifier: Apache-2.0
// The figures above the picture, and whether it is to be trusted. Names only ever become text.

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
