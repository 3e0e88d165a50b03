# SPDX-License-Identifier: Apache-2.0
"""Made-up recordings for fake-stacks, and what stacks weigh, counted here and nowhere else."""
import collections
import random

from fake_stacks import Stack

KINDS = ("",) * 6 + ("_[k]", "_[k]", "_[j]", "_[i]", "_[u]")
TOOLS = ("cc1", "as", "ld", "make", "sh", "python3")
RAREST, SCATTERED, N_SCATTERED = "the_rarest_function", "scattered_helper", 500


def function_names(rng, n):
    """Long ones, as C++ has them, and short ones, some inlined; a kind belongs to a name."""
    words = ("parse", "fold", "emit", "walk", "hash", "tree", "token", "reload", "expand", "copy", "scan", "merge")
    names = []
    for i in range(n):
        name = "%s_%s_%d" % (rng.choice(words), rng.choice(words), i)
        if i % 3 == 0:
            name = "gcc::%s::%s<std::vector<int, std::allocator<int>>>(basic_block_def const*, %d)" % (words[i % 12], name, i)
        kind = rng.choice(KINDS)
        names.append("%s|inlined_%d" % (name, i) if not kind and i % 7 == 0 else name + kind)
    return names


def compile_like(n_stacks=100000, seed=11):
    """Distinct stacks with a mean depth above 20, as a compile has them: many begin alike and part
    late, functions recur within a stack, processes are many and short."""
    rng = random.Random(seed)
    names = function_names(rng, 4000)
    callees = [[min(int(rng.paretovariate(0.6)) - 1, 3999) for _ in range(6)] for _ in names]
    seen, stacks = {(tool, "main") for tool in TOOLS}, []
    while len(stacks) < n_stacks:
        pid = 1000 + len(stacks) // 80
        comm = TOOLS[pid % 6]
        frames = ["main", "toplev"]
        if stacks and rng.random() < 0.95:  # goes on where another stack of the program was
            other = stacks[rng.randrange(max(0, len(stacks) - 5000), len(stacks))].frames
            frames = list(other[:rng.randint(2, max(2, len(other) - 2))])
        at, depth = rng.randrange(3), max(len(frames) + 1, rng.randint(12, 44))
        while len(frames) < depth:
            at = callees[at][min(int(rng.expovariate(0.8)), 5)] if rng.random() < 0.8 else rng.randrange(4000)
            frames.append(names[at])
        if len(stacks) % (n_stacks // N_SCATTERED) == 0:
            frames.append(SCATTERED)
        if (comm, *frames) in seen:
            continue
        seen.add((comm, *frames))
        is_worker = comm == "ld" and rng.random() < 0.5
        n = 1 if frames[-1] == SCATTERED else min(int(rng.paretovariate(1.2)), 400)
        stacks.append(Stack(pid, pid + is_worker, comm, "lto-worker" if is_worker else comm,
                            str(pid % 3) * 64 if pid % 3 else "", n, tuple(frames)))
    stacks.append(Stack(999, 999, "cc1", "cc1", "", 1, ("main", "toplev", *names[-20:], RAREST)))
    return stacks


def read_folded(path):
    """[(frames, count)] of stacks.folded, the program first, names as the page has them."""
    rows = []
    with open(path, encoding="utf-8") as f:
        for line in f:
            stack, _, count = line.rstrip("\n").rpartition(" ")
            rows.append((tuple(frame[:-4] if frame[-4:] in ("_[k]", "_[j]") else frame for frame in stack.split(";")), int(count)))
    return rows


def weigh(rows):
    """{function: (self, total)}; a stack counts once for a function, however often that recurs."""
    own, total = collections.Counter(), collections.Counter()
    for frames, n in rows:
        if len(frames) > 1:
            own[frames[-1]] += n
        for frame in set(frames[1:]):
            total[frame] += n
    return {frame: (own[frame], total[frame]) for frame in total}


def callers(rows, function, depth=1):
    """{the callers of a function's outermost call, nearest first: samples}."""
    found = collections.Counter()
    for frames, n in rows:
        if function in frames[1:]:
            i = frames.index(function, 1)
            found[tuple(reversed(frames[max(0, i - depth):i]))] += n
    return found


def callees(rows, function):
    """{what the outermost call of a function called, "self" for nothing: samples}."""
    found = collections.Counter()
    for frames, n in rows:
        if function in frames[1:]:
            i = frames.index(function, 1)
            found[frames[i + 1] if i + 1 < len(frames) else "self"] += n
    return found


def inverted(rows, path):
    """Samples whose stacks end in path, leaf first."""
    ends = tuple(reversed(path))
    return sum(n for frames, n in rows if frames[-len(ends):] == ends)


def parts(frame):
    """A frame of fake-stacks as the functions that the page has for it."""
    return (frame[:-4] if frame[-4:-2] == "_[" else frame).split("|")
